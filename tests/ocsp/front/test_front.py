"""The front as clients and caches see it: what it answers at once, and what it passes on."""

from __future__ import annotations

import base64
from datetime import timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509.ocsp import OCSPCertStatus, OCSPResponseStatus
from werkzeug.test import Client, TestResponse

from ca.revocation.reasons import RevocationReason
from ca.revocation.revocation import Revocation
from tests.ca.revocation.world import World
from tests.conftest import SettableClock
from tests.ocsp.front.signed_ahead import Front
from tests.ocsp.questions import ask, ask_many, nonce_of, read

TYPE = "application/ocsp-request"


@pytest.fixture
def subscriber(world: World) -> x509.Certificate:
    return world.issue("people-1")


@pytest.fixture
def question(world: World, front: Front, subscriber: x509.Certificate) -> bytes:
    """A plain question whose answer was signed ahead."""
    front.sign(subscriber)
    return ask(subscriber, world.certificates["people-1"])


def get(front: Front, question: bytes, **headers: str) -> TestResponse:
    encoded = quote(base64.b64encode(question).decode(), safe="")
    return Client(front.application).get(
        f"/ocsp/{encoded}", headers={name.replace("_", "-"): text for name, text in headers.items()}
    )


def post(front: Front, question: bytes) -> TestResponse:
    return Client(front.application).post("/ocsp", data=question, content_type=TYPE)


def counted(front: Front) -> dict[str, int]:
    counts = vars(front.application.counts)
    return {name: number for name, number in counts.items() if number}


@pytest.mark.parametrize("hashed", [SHA1(), SHA256()], ids=["sha1", "sha256"])
@pytest.mark.parametrize("method", [get, post])
def test_what_was_signed_ahead_is_answered_from_the_store(
    world: World,
    front: Front,
    clock: SettableClock,
    subscriber: x509.Certificate,
    hashed: HashAlgorithm,
    method: Any,
) -> None:
    front.sign(subscriber)
    signed_at = clock.now()
    clock.advance(timedelta(minutes=1))

    got = method(front, ask(subscriber, world.certificates["people-1"], hashed))

    assert got.status_code == 200
    answer = read(got.data)
    assert answer.certificate_status is OCSPCertStatus.GOOD
    assert answer.this_update_utc == signed_at
    assert counted(front) == {"stored": 1}
    assert got.headers["ETag"] == f'"{sha256(got.data).hexdigest()}"'
    assert got.headers["Cache-Control"] == "max-age=60, public, no-transform, must-revalidate"
    assert parsedate_to_datetime(got.headers["Last-Modified"]) == answer.this_update_utc
    assert parsedate_to_datetime(got.headers["Expires"]) == answer.next_update_utc
    assert got.headers["Content-Type"] == "application/ocsp-response"
    assert int(got.headers["Content-Length"]) == len(got.data)
    assert got.headers["X-Accel-Expires"] == "20"


def test_a_revocation_that_was_signed_is_answered_at_once(
    front: Front, question: bytes, revocation: Revocation, subscriber: x509.Certificate
) -> None:
    assert read(get(front, question).data).certificate_status is OCSPCertStatus.GOOD
    revocation.revoke(
        serial_number=subscriber.serial_number, reason=RevocationReason.KEY_COMPROMISE
    )
    front.sign(subscriber)

    answer = read(get(front, question).data)

    assert answer.certificate_status is OCSPCertStatus.REVOKED
    assert counted(front) == {"stored": 2}


@pytest.mark.parametrize("safe", ["", "/", "/+", "+="])
@pytest.mark.parametrize("change", [str, lambda text: text.rstrip("="), lambda text: f"/{text}"])
def test_a_get_is_read_however_the_client_spells_it(
    front: Front, question: bytes, safe: str, change: Any
) -> None:
    text = change(base64.b64encode(question).decode())
    for encoded in (quote(text, safe=safe), quote(quote(text, safe=safe), safe="")):
        got = Client(front.application).get(f"/ocsp/{encoded}")
        assert read(got.data).certificate_status is OCSPCertStatus.GOOD
    assert counted(front) == {"stored": 2}


def test_who_has_the_answer_is_told_so(front: Front, question: bytes) -> None:
    tag = get(front, question).headers["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*", f'"other" ,W/{tag}'):
        got = get(front, question, If_None_Match=known)
        assert (got.status_code, got.data) == (304, b"")
        assert got.headers["ETag"] == tag
        assert got.headers["Cache-Control"].startswith("max-age=60, public")
        assert "Content-Type" not in got.headers
    for other in ('"other"', tag.strip('"'), '"other", "another"', ""):
        assert get(front, question, If_None_Match=other).status_code == 200
    # A POST is no question about a resource (RFC 9110, Section 13.2.1).
    again = Client(front.application).post(
        "/ocsp", data=question, content_type=TYPE, headers={"If-None-Match": tag}
    )
    assert again.status_code == 200


def test_head_has_the_fields_of_get(front: Front, question: bytes) -> None:
    encoded = quote(base64.b64encode(question).decode(), safe="")
    got, head = get(front, question), Client(front.application).head(f"/ocsp/{encoded}")
    assert head.headers == got.headers
    assert head.data == b""


def test_nothing_is_kept_beyond_next_update(
    front: Front, question: bytes, clock: SettableClock
) -> None:
    clock.advance(timedelta(hours=48) - timedelta(seconds=15))
    front.beat()
    got = get(front, question)
    assert counted(front) == {"stored": 1}
    assert got.headers["Cache-Control"].startswith("max-age=14, ")
    assert got.headers["X-Accel-Expires"] == "14"
    clock.advance(timedelta(seconds=15))
    front.beat()
    assert read(get(front, question).data).this_update_utc == clock.now()
    assert front.application.counts.stored == 0


def test_a_nonce_is_answered_live_and_kept_by_nobody_else(
    world: World, front: Front, question: bytes, subscriber: x509.Certificate
) -> None:
    pair = (subscriber, world.certificates["people-1"])
    for got in (
        get(front, ask_many([pair], nonce=b"n" * 32)),
        post(front, ask_many([pair], nonce=b"n" * 32)),
    ):
        assert nonce_of(got.data) == b"n" * 32
        assert "private" in got.headers["Cache-Control"]
        assert "X-Accel-Expires" not in got.headers
        assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert counted(front) == {"live": 2}


def test_what_was_not_signed_ahead_is_answered_live(world: World, front: Front) -> None:
    certificate, issuer = world.issue("people-1"), world.certificates["people-1"]
    got = get(front, ask(certificate, issuer))
    assert read(got.data).certificate_status is OCSPCertStatus.GOOD
    assert got.headers["Cache-Control"] == "max-age=60, public, no-transform, must-revalidate"
    tag = got.headers["ETag"]
    assert tag == f'"{sha256(got.data).hexdigest()}"'
    assert counted(front) == {"live": 1}


@pytest.mark.parametrize("path", ["%%%", "AAAA", "ä", "A" * 30_000, "MA==/..", "%00", "%C3%28"])
def test_what_is_no_request_is_malformed_with_status_200(front: Front, path: str) -> None:
    got = Client(front.application).get(f"/ocsp/{path}")
    assert got.status_code == 200
    assert read(got.data).response_status is OCSPResponseStatus.MALFORMED_REQUEST
    assert got.headers["Cache-Control"] == "no-store"


def test_too_large_a_body_is_malformed_and_not_read(front: Front) -> None:
    body = BytesIO(b"\x30" * 20_000)
    got = Client(front.application).post(
        "/ocsp", input_stream=body, content_length=20_000, content_type=TYPE
    )
    assert read(got.data).response_status is OCSPResponseStatus.MALFORMED_REQUEST
    assert body.tell() == 10_001


@pytest.mark.parametrize("said", ["", "abc", "-5", "0", "83", "200", "²"])
def test_a_body_of_another_length_than_it_says_is_malformed(
    front: Front, question: bytes, said: str
) -> None:
    environ = {"CONTENT_LENGTH": said, "wsgi.input": BytesIO(question + b"more")}
    got = Client(front.application).post("/ocsp", content_type=TYPE, environ_overrides=environ)
    status = read(got.data).response_status
    expected = len(question) == int(said) if said.isascii() and said.isdigit() else False
    assert (status is OCSPResponseStatus.SUCCESSFUL) == expected


def test_a_body_in_chunks_is_read(front: Front, question: bytes) -> None:
    environ = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True, "wsgi.input": BytesIO(question)}
    got = Client(front.application).post("/ocsp", content_type=TYPE, environ_overrides=environ)
    assert read(got.data).response_status is OCSPResponseStatus.SUCCESSFUL


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        (TYPE, 200),
        ("Application/OCSP-Request", 200),
        (f"{TYPE}; charset=binary", 200),
        ("text/plain", 415),
        (f"{TYPE}x", 415),
        ("", 415),
    ],
)
def test_only_the_media_type_of_a_request_is_read(
    front: Front, question: bytes, content_type: str, status: int
) -> None:
    got = Client(front.application).post("/ocsp", data=question, content_type=content_type)
    assert got.status_code == status
    if status == 415:
        assert got.headers["Accept"] == TYPE
        assert got.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/ocsp", "POST"),
        ("PUT", "/ocsp", "POST"),
        ("DELETE", "/ocsp/MA==", "GET, HEAD"),
        ("POST", "/ocsp/MA==", "GET, HEAD"),
    ],
)
def test_other_methods_are_refused(front: Front, method: str, path: str, allowed: str) -> None:
    got = Client(front.application).open(path, method=method)
    assert (got.status_code, got.headers["Allow"], got.data) == (405, allowed, b"")


@pytest.mark.parametrize("path", ["/", "/ocspx", "/ocsp-1/MA==", "/healthz", "/OCSP", "/x/ocsp"])
def test_other_paths_go_on(front: Front, path: str) -> None:
    assert Client(front.application).get(path).data == b"behind"
    assert front.behind.paths == [path]
