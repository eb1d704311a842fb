"""``/signing/v1`` over HTTP: seal one, seal many, and what is refused."""

from __future__ import annotations

import base64
import io
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image

from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.reference import import_everything
from camtrust.web_parts import app_parts
from core.access import Principal, Role
from signing.documents.examples import EXAMPLES
from signing.documents.messages import DocumentMessage
from tests.signing.documents.judges import Judges
from tests.signing.documents.pdfs import one_page
from tests.signing.documents.test_signatures import signatures
from tests.signing.documents.world import World

V1 = "/signing/v1"


class Whoever:
    """Everybody is this program."""

    principal_now = Principal("client:http", Role.SERVICE)

    def principal(self, environ: Mapping[str, Any]) -> Principal:
        return self.principal_now


@pytest.fixture(scope="module")
def caller() -> Whoever:
    return Whoever()


@pytest.fixture(scope="module")
def http(world: World, caller: Whoever) -> Iterator[FlaskClient]:
    parts = replace(app_parts(world.services), session_sign_in=caller)
    yield create_app(parts, Listener.PUBLIC).test_client()


def seal(http: FlaskClient, pdf: bytes, password: str | None = None, **wishes: Any) -> Any:
    form: dict[str, Any] = {
        "document": (io.BytesIO(pdf), "letter.pdf"),
        "wishes": json.dumps({"seal": "seal", **wishes}),
    }
    if password is not None:
        form["password"] = password
    return http.post(f"{V1}/documents", data=form, content_type="multipart/form-data")


def noise(side: int) -> bytes:
    buffer = io.BytesIO()
    pixels = random.Random(1).randbytes(side * side * 3)
    Image.frombytes("RGB", (side, side), pixels).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_document_is_sealed_at_once(http: FlaskClient, judges: Judges, world: World) -> None:
    before = world.services.log.sizes()
    answer = seal(http, one_page(), reason="Approved", page=1, box=[50, 50, 200, 100])
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    [one] = signatures(answer.data).values()
    assert one.sig_object["/Reason"] == "Approved"
    assert "/DSS" in one.reader.root
    code, said = judges.adesverify(answer.data)
    assert code == 0, said
    assert world.services.log.sizes() != before


@pytest.mark.parametrize(
    ("pdf", "wishes", "status", "problem"),
    [
        (b"no PDF", {}, 400, "pdf-broken"),
        (one_page(), {"level": "B-B"}, 422, "invalid-fields"),
        (one_page(), {"page": 1}, 422, "invalid-fields"),
        (one_page(), {"colour": "red"}, 422, "invalid-fields"),
        (one_page(), {"page": 2, "box": [1, 1, 9, 9]}, 404, "page-missing"),
        (one_page(), {"seal": "nobody"}, 404, "signer-unknown"),
    ],
)
def test_what_cannot_be_sealed_is_refused_with_its_reason(
    http: FlaskClient, pdf: bytes, wishes: dict[str, Any], status: int, problem: str
) -> None:
    answer = seal(http, pdf, **wishes)
    assert answer.status_code == status, answer.data
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["type"].endswith(problem)


def test_a_form_without_its_parts_is_refused(http: FlaskClient) -> None:
    for form in ({}, {"wishes": "{}"}, {"wishes": "{"}, {"wishes": '{"seal": "seal"}'}):
        answer = http.post(f"{V1}/documents", data=form, content_type="multipart/form-data")
        assert answer.status_code == 422, answer.data


def test_many_documents_are_sealed_in_a_batch(http: FlaskClient, world: World) -> None:
    key = {"Idempotency-Key": "order-1"}
    order = {"seal": "seal", "documents": 3, "level": "B-T"}
    opened = http.post(f"{V1}/batches", json=order, headers=key)
    assert opened.status_code == 201
    again = http.post(f"{V1}/batches", json=order, headers=key)
    assert again.get_json() == opened.get_json()
    one = opened.headers["Location"]
    for number in (1, 2, 3):
        content = b"no PDF" if number == 3 else one_page(number)
        for _ in range(2):
            put = http.put(
                f"{one}/documents/{number}", data=content, content_type="application/pdf"
            )
            assert put.status_code == 200, put.data
    assert http.get(f"{one}/documents/1").status_code == 404
    assert http.post(f"{one}/closing", json={}).get_json()["state"] == "signing"
    while world.services.documents.batch_worker.go_on():
        pass
    shown = http.get(one).get_json()
    assert shown["state"] == "done"
    assert shown["counts"] == {"signed": 2, "refused": 1}
    first = http.get(f"{one}/documents?limit=2").get_json()
    last = http.get(f"{one}/documents?limit=2&cursor={first['next_cursor']}").get_json()
    assert [row["number"] for row in first["documents"] + last["documents"]] == [1, 2, 3]
    assert last["documents"][0]["problem"] == "pdf-broken"
    assert last["next_cursor"] is None
    fetched = http.get(f"{one}/documents/2")
    assert fetched.mimetype == "application/pdf"
    assert fetched.data.startswith(one_page(2))
    assert list(signatures(fetched.data)) == ["Signature1"]
    assert http.get(f"{V1}/batches").get_json()["batches"][0]["id"] == shown["id"]
    assert http.post(f"{one}/cancellation", json={}).status_code == 409


def test_a_batch_says_over_http_when_its_documents_are_erased(http: FlaskClient) -> None:
    order = {"seal": "seal", "documents": 1}
    opened = http.post(f"{V1}/batches", json=order)
    assert opened.get_json()["erased_at"] is None
    ended = http.post(f"{opened.headers['Location']}/cancellation", json={}).get_json()
    kept = datetime.fromisoformat(ended["erased_at"]) - datetime.fromisoformat(ended["finished_at"])
    assert kept == timedelta(days=30)


def test_too_many_batches_at_once_are_refused_over_http(
    http: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.services.documents.batches, "_at_once", 0)
    refused = http.post(f"{V1}/batches", json={"seal": "seal", "documents": 1})
    assert refused.status_code == 409
    assert refused.get_json()["type"].endswith("too-many-document-batches")


@pytest.mark.parametrize(
    ("method", "path", "media_type", "quota"),
    [
        ("POST", "documents", "multipart/form-data", 120),
        ("POST", "batches", "application/json", 30),
        ("PUT", f"batches/{'0' * 32}/documents/1", "application/pdf", 480),
    ],
)
def test_what_costs_much_has_a_rate_of_its_own(
    http: FlaskClient, method: str, path: str, media_type: str, quota: int
) -> None:
    answer = http.open(f"{V1}/{path}", method=method, data=b"{}", content_type=media_type)
    assert f"q={quota};w=60" in answer.headers["RateLimit-Policy"]


def test_the_batch_over_the_rate_is_refused_and_reading_is_not(
    http: FlaskClient, caller: Whoever, monkeypatch: pytest.MonkeyPatch
) -> None:
    eager = Principal("client:eager", Role.SERVICE)
    monkeypatch.setattr(caller, "principal_now", eager)
    # A minute may end between them: then twice as many are let through.
    statuses = [http.post(f"{V1}/batches", json={}).status_code for _ in range(61)]
    assert statuses[0] == 422
    assert 429 in statuses
    assert http.get(f"{V1}/batches").status_code == 200


def test_another_program_finds_no_batch_and_no_seal_of_others(
    http: FlaskClient, caller: Whoever, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = {"seal": "seal", "documents": 1}
    one = http.post(f"{V1}/batches", json=order).headers["Location"]
    monkeypatch.setattr(
        caller, "principal_now", Principal("client:other", Role.SERVICE, institution="moh")
    )
    for path in (one, f"{one}/documents", f"{one}/documents/1"):
        assert http.get(path).status_code == 404
    assert http.post(f"{one}/closing", json={}).status_code == 404
    assert http.put(f"{one}/documents/1", data=b"", content_type="application/pdf").status_code == (
        404
    )
    assert http.post(f"{V1}/batches", json=order).status_code == 404
    assert seal(http, one_page()).status_code == 404


def test_a_stamped_document_names_its_page(
    http: FlaskClient, world: World, caller: Whoever, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = {"place": {"x": 15, "y": 15, "width": 140, "height": 55}, "title": "A letter"}
    refused = seal(http, one_page(), stamp=order)
    assert (refused.status_code, refused.get_json()["type"].rpartition("/")[2]) == (
        422,
        "stamp-needs-institution",
    )
    assert seal(http, one_page(), stamp=order | {"colour": 1}).status_code == 422
    twice = seal(http, one_page(), stamp=order, page=1, box=[1, 1, 9, 9])
    assert "the stamp says itself where it stands" in twice.text

    world.signer("stamping", institution="mfaic")
    ministry = Principal("client:mfaic", Role.SERVICE, institution="mfaic")
    monkeypatch.setattr(caller, "principal_now", ministry)
    # A picture as large as one may be: larger than Flask lets fields of a form be.
    image = base64.b64encode(noise(410)).decode()
    assert len(image) > 500_000
    done = seal(http, one_page(), seal="stamping", stamp=order | {"seal_image": image})
    assert done.status_code == 200, done.data
    address = done.headers["Link"].removeprefix("<").removesuffix('>; rel="describedby"')
    shown = http.get(address[address.index("/v/") :], headers={"Accept-Language": "en"})
    assert shown.status_code == 200
    assert "Test Office stamping" in shown.text
    assert "A letter" not in shown.text  # not public

    wishes = {"seal": "stamping", "documents": 1, "stamp": order | {"seal_image": image}}
    batch = http.post(f"{V1}/batches", json=wishes).headers["Location"]
    one = f"{batch}/documents/1"
    assert http.put(one, data=one_page(), content_type="application/pdf").get_json()["page"] is None
    assert http.put(f"{one}/stamp", json={"colour": 1}).status_code == 422
    assert http.put(f"{one}/stamp", json={"number": "124", "is_public": True}).get_json() == {}
    http.post(f"{batch}/closing", json={})
    while world.services.documents.batch_worker.go_on():
        pass
    [document] = http.get(f"{batch}/documents").get_json()["documents"]
    assert http.get(one).headers["Link"] == f'<{document["page"]}>; rel="describedby"'
    assert "124" in http.get(document["page"][document["page"].index("/v/") :]).text


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_read_as_its_message(name: str) -> None:
    import_everything()
    kinds = {kind.__name__: kind for kind in _below(DocumentMessage)}
    assert kinds[name].model_validate(EXAMPLES[name])


def _below(kind: type[DocumentMessage]) -> Iterator[type[DocumentMessage]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)
