"""``/passes/v1`` over HTTP: issue one, issue many, draw, and what is refused."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
import zxingcpp
from flask.testing import FlaskClient
from PIL import Image, ImageFilter

from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.web_parts import app_parts
from camtrust.wiring import Services
from core.access import Principal, Role
from signing.passes.issuing.examples import EXAMPLES
from signing.passes.issuing.pass_types import pass_types
from signing.passes.statuses import Status
from signing.passes.verification import PassVerifier
from tests.signing.documents.test_routes import Whoever
from tests.signing.passes.issuing.conftest import INTERIOR, MINISTRY
from tests.signing.passes.issuing.records import RECORDS

V1 = "/passes/v1"


@pytest.fixture(scope="module")
def caller() -> Whoever:
    found = Whoever()
    found.principal_now = MINISTRY
    return found


@pytest.fixture(scope="module")
def http(issuer: Services, caller: Whoever) -> Iterator[FlaskClient]:
    parts = replace(app_parts(issuer), session_sign_in=caller)
    yield create_app(parts, Listener.PUBLIC).test_client()


def slug(answer: Any) -> str:
    problem: str = answer.get_json(force=True)["type"]
    return problem.rpartition("/")[2]


def issue(http: FlaskClient, kind: str, **more: Any) -> Any:
    record = RECORDS[pass_types()[kind].record.value]
    return http.post(f"{V1}/passes", json={"type": kind, "record": record} | more)


def test_the_example_is_issued_and_shown_to_its_institution_alone(
    http: FlaskClient, caller: Whoever, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = {"Idempotency-Key": "one-card"}
    made = http.post(f"{V1}/passes", json=EXAMPLES["NewPassMessage"], headers=key)
    assert made.status_code == 201, made.get_json()
    again = http.post(f"{V1}/passes", json=EXAMPLES["NewPassMessage"], headers=key)
    assert again.get_json() == made.get_json()
    place = made.headers["Location"]
    assert http.get(place).get_json() == made.get_json()
    monkeypatch.setattr(caller, "principal_now", INTERIOR)
    assert slug(http.get(place)) == "pass-unknown"
    assert [one["name"] for one in http.get(f"{V1}/types").get_json()["types"]] == ["digital-id"]
    assert slug(issue(http, "vaccination")) == "pass-type-forbidden"
    monkeypatch.setattr(caller, "principal_now", Principal("client:none", Role.SERVICE))
    assert slug(issue(http, "vaccination")) == "pass-type-forbidden"


def strokes_of(svg: str) -> Image.Image:
    """Draw what the picture says, as a browser does: the square, and a stroke for each run."""
    [side] = map(int, re.findall(r'viewBox="0 0 (\d+) ', svg))
    drawn = Image.new("L", (side, side), 255)
    for x, y, length in re.findall(r"M(\d+) (\d+)\.5h(\d+)", svg):
        drawn.paste(0, (int(x), int(y), int(x) + int(length), int(y) + 1))
    return drawn.resize((side * 4, side * 4), Image.Resampling.NEAREST)


@pytest.mark.parametrize("kind", ["travel-vaccination", "travel-test", "health-id", "yellow-card"])
def test_every_picture_is_read_scaled_rotated_and_blurred(
    http: FlaskClient, verifier: PassVerifier, kind: str
) -> None:
    made = issue(http, kind).get_json()
    for code in made["codes"]:
        path = f"{V1}/passes/{made['id']}/{code['kind']}"
        drawn = http.get(f"{path}.png")
        assert (drawn.mimetype, drawn.headers["Cache-Control"]) == ("image/png", "no-store")
        picture = Image.open(io.BytesIO(drawn.data)).convert("L")
        # Printed at 35 mm and 300 dpi, then as a phone sees it.
        printed = picture.resize((413, 413), Image.Resampling.LANCZOS)
        turned = printed.rotate(17, expand=True, fillcolor=255)
        for seen in (picture, printed, turned, printed.filter(ImageFilter.GaussianBlur(0.6))):
            [read] = zxingcpp.read_barcodes(seen)
            assert verifier.verify(read.text).status is Status.VERIFIED
        vector = http.get(f"{path}.svg")
        assert vector.mimetype == "image/svg+xml"
        [read] = zxingcpp.read_barcodes(strokes_of(vector.get_data(as_text=True)))
        assert verifier.verify(read.text).status is Status.VERIFIED
    assert slug(http.get(f"{V1}/passes/{made['id']}/dcc.gif")) == "pass-picture-unknown"
    assert slug(http.get(f"{V1}/passes/{made['id']}/other.png")) == "pass-picture-unknown"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"type": "no-such"}, "pass-type-unknown"),
        ({"record": {"person": RECORDS["test"]["person"]}}, "invalid-fields"),
        ({"record": RECORDS["test"]}, "pass-record-incomplete"),
        ({"reference": "a b"}, "invalid-fields"),
        ({"more": 1}, "invalid-fields"),
    ],
)
def test_what_makes_no_pass_is_refused(
    http: FlaskClient, change: dict[str, Any], problem: str
) -> None:
    answer = issue(http, "vaccination", **change)
    assert slug(answer) == problem and answer.status_code in {400, 422}


@pytest.mark.parametrize(
    ("member", "value", "said"),
    [
        ("khmer_name", {"surname": "សុខ1"}, "Khmer letters"),
        ("khmer_name", {"surname": "១២"}, "Khmer letters"),
        ("khmer_name", {"surname": "ក\u17d2"}, "letter"),
        ("name", {"surname": "សុខ"}, "Latin"),
        ("name", {}, "surname"),
        ("date_of_birth", "2533-04-14", "future"),
        ("date_of_birth", "14/04/1990", "date"),
        ("identifier", {"type": "passport", "number": "N 1"}, "number"),
    ],
)
def test_a_person_that_cannot_be_read_is_refused_with_the_member(
    http: FlaskClient, member: str, value: Any, said: str
) -> None:
    record = deepcopy(RECORDS["vaccination"])
    record["person"][member] = value
    answer = issue(http, "vaccination", record=record)
    assert answer.status_code == 422
    assert said in json.dumps(answer.get_json(), ensure_ascii=False)


def test_a_batch_is_opened_filled_and_fetched(http: FlaskClient, issuer: Services) -> None:
    opened = http.post(f"{V1}/batches", json={"type": "vaccination", "form": "jsonl"})
    assert opened.status_code == 201
    place = opened.headers["Location"]
    records = "".join(
        json.dumps({"reference": f"http/{number}", "record": RECORDS["vaccination"]}) + "\n"
        for number in range(3)
    )
    body = (records + "{}\n").encode()
    put = http.put(f"{place}/records", data=body, content_type="application/jsonl")
    assert put.get_json()["state"] == "received"
    while issuer.passes.batch_worker.go_on():
        pass
    shown = http.get(place).get_json()
    assert (shown["state"], shown["issued"], shown["rejected"]) == ("done", 3, 1)
    lines = http.get(f"{place}/passes").get_data(as_text=True).splitlines()
    assert [json.loads(one)["reference"] for one in lines] == ["http/0", "http/1", "http/2"]
    [reject] = http.get(f"{place}/rejects").get_data(as_text=True).splitlines()
    assert json.loads(reject)["row"] == 4
    assert slug(http.post(f"{place}/cancellation", json={})) == "pass-batch-closed"
    wrong = http.put(f"{place}/records", data=b"x", content_type="text/csv")
    assert slug(wrong) == "pass-batch-closed"
    assert slug(http.get(f"{V1}/batches/{'0' * 32}")) == "pass-batch-unknown"
