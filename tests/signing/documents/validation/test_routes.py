"""The route for programs and the pages for people."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.database import Database
from core.web.forms import COOKIE
from signing.documents.validation.bounds import Bounds
from signing.documents.validation.desk import ValidationDesk
from signing.documents.validation.errors import ValidatorBusy
from signing.documents.validation.messages import ReportView
from signing.documents.validation.trust import Trust
from signing.documents.validation.validator import DocumentValidator, Question
from tests.enrollment.world import World
from tests.signing.documents.validation.authorities import NOW
from tests.signing.documents.validation.conftest import StandingClock
from tests.signing.documents.validation.documents import Signed, build, objects
from tests.signing.documents.validation.test_attacks import ATTACKS, victim_page

API, PAGE = "/signing/v1/validate", "/validate"
TOKEN = "t" * 43


@pytest.fixture
def client(sqlite: Database, tmp_path: Path, clock: Any, trust: Trust) -> FlaskClient:
    clock.instant = NOW
    world = World(sqlite, tmp_path, clock, validation_trust=trust)
    client = create_app(world.parts(), Listener.PUBLIC).test_client()
    client.set_cookie(COOKIE, TOKEN)
    return client


def sent(client: FlaskClient, path: str, octets: bytes, **more: Any) -> Any:
    headers = more.pop("headers", {})
    files = {"document": (io.BytesIO(octets), more.pop("name", "letter.pdf"))}
    data = files | {"form_token": TOKEN} | more
    return client.post(path, data=data, headers=headers, content_type="multipart/form-data")


def test_a_program_gets_the_report(client: FlaskClient, b_lta: bytes) -> None:
    answer = sent(client, API, b_lta)
    assert answer.status_code == 200
    report = answer.get_json()
    assert ReportView.model_validate(report)
    assert (report["verdict"], report["document"]["name"]) == ("TOTAL_PASSED", "letter.pdf")
    assert report["signatures"][0]["integrity"] == "INTACT"
    assert report["words"]["en"].startswith("The signatures hold.")
    assert report["words"]["km"].startswith("ហត្ថលេខាមានសុពលភាព។")


def test_a_bad_document_is_a_report_and_no_refusal(client: FlaskClient, signed: Signed) -> None:
    attacked = ATTACKS["replaced_page"](signed.sign(victim_page()))
    answer = sent(client, API, attacked)
    assert answer.status_code == 200
    report = answer.get_json()
    assert report["verdict"] == "TOTAL_FAILED"
    assert report["signatures"][0]["integrity"] == "NOT_COVERED"
    assert report["words"]["en"].startswith("Do not rely on this document.")


def test_the_report_of_the_standard_is_to_be_had(client: FlaskClient, b_lta: bytes) -> None:
    answer = sent(client, API, b_lta, headers={"Accept": "application/xml"})
    assert answer.status_code == 200
    assert answer.mimetype == "application/xml"
    assert "urn:etsi:019102:mainindication:total-passed" in answer.text
    refused = sent(client, API, b_lta, headers={"Accept": "image/png"})
    assert refused.status_code == 406


def test_the_time_that_is_asked_about_counts(client: FlaskClient, b_lta: bytes) -> None:
    early = sent(client, API, b_lta, at="2020-01-01T00:00:00Z").get_json()
    assert early["sub_indication"] == "NOT_YET_VALID"
    wrong = sent(client, API, b_lta, at="tomorrow")
    assert (wrong.status_code, wrong.get_json()["type"].rpartition("/")[2]) == (
        400,
        "time-malformed",
    )


@pytest.mark.parametrize(
    ("octets", "status", "problem"),
    [
        (b"hello", 400, "document-unreadable"),
        (b"%PDF-1.7\n%%EOF", 400, "document-unreadable"),
        (b"", 400, "document-unreadable"),
    ],
)
def test_what_is_no_document_is_refused_with_its_reason(
    octets: bytes, status: int, problem: str, client: FlaskClient
) -> None:
    answer = sent(client, API, octets)
    said = answer.get_json()
    assert (answer.status_code, said["type"].rpartition("/")[2]) == (status, problem)
    assert said["kept"] == "Nothing was stored, and the file is unchanged."


def test_a_request_without_a_document_says_so(client: FlaskClient) -> None:
    answer = client.post(API, data={"a": "b"}, content_type="multipart/form-data")
    assert answer.get_json()["type"].endswith("/document-missing")


def test_a_document_over_the_measure_is_not_read(client: FlaskClient) -> None:
    answer = client.post(
        API,
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(200 << 20)},
    )
    assert answer.status_code == 413


def test_more_documents_than_places_are_told_to_wait(
    trust: Trust, b_b: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signing.documents.validation.desk._PATIENCE_SECONDS", 0.01)
    refused: list[str] = []

    def validator() -> DocumentValidator:
        # While the first is examined, the second asks.
        if not refused:
            with pytest.raises(ValidatorBusy) as busy:
                desk.examine(Question(io.BytesIO(b_b), "second.pdf"))
            refused.append(busy.value.problem)
        return DocumentValidator(trust=trust, clock=StandingClock(), bounds=Bounds())

    desk = ValidationDesk(validator=validator, at_once=1)
    assert desk.examine(Question(io.BytesIO(b_b), "first.pdf")).signatures
    assert refused == ["validator-busy"]


@pytest.mark.parametrize(
    ("language", "headline"),
    [("en", "The signatures hold"), ("km", "ហត្ថលេខាមានសុពលភាព")],
)
def test_people_read_it_in_their_language(
    language: str, headline: str, client: FlaskClient, b_lta: bytes
) -> None:
    form = client.get(PAGE, headers={"Accept-Language": language})
    assert form.status_code == 200
    assert f'<html lang="{language}"' in form.text
    page = sent(client, PAGE, b_lta, headers={"Accept-Language": language})
    assert page.status_code == 200
    assert re.findall(r"<h1[^>]*>([^<]+)</h1>", page.text) == [headline]
    assert "សុខ Dara" in page.text
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"


def test_people_learn_what_is_wrong(client: FlaskClient, signed: Signed) -> None:
    page = sent(client, PAGE, build(objects()), headers={"Accept-Language": "en"})
    assert "This document is not signed" in page.text
    attacked = ATTACKS["replaced_page"](signed.sign(victim_page()))
    page = sent(client, PAGE, attacked, headers={"Accept-Language": "en"})
    assert "Do not rely on this document" in page.text
    refused = sent(client, PAGE, b"hello", headers={"Accept-Language": "en"})
    assert refused.status_code == 400
    assert "The document cannot be read" in refused.text
    none = client.post(
        PAGE,
        data={"form_token": TOKEN},
        headers={"Accept-Language": "en"},
        content_type="multipart/form-data",
    )
    assert none.status_code == 422
    assert "Choose a document first" in none.text


def test_another_site_cannot_send_the_form(client: FlaskClient, b_b: bytes) -> None:
    answer = client.post(
        PAGE,
        data={"document": (io.BytesIO(b_b), "letter.pdf")},
        content_type="multipart/form-data",
        headers={"Accept-Language": "en"},
    )
    assert answer.status_code == 400
    assert "out of date" in answer.text


def test_what_a_document_says_of_itself_is_shown_as_text(
    client: FlaskClient, signed: Signed
) -> None:
    pdf = signed.sign(reason="<script>alert(1)</script>")
    page = sent(client, PAGE, pdf, name="<b>.pdf", headers={"Accept-Language": "en"})
    assert "&lt;script&gt;alert(1)" in page.text
    assert "<script>alert" not in page.text
    assert "&lt;b&gt;.pdf" in page.text
