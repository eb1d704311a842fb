"""Checks of how it is said: HTTP and its caches."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from urllib.parse import quote

from cryptography.x509.ocsp import OCSPCertStatus

from ca.der import encode_element
from ca.revocation.reasons import RevocationReason
from ocsp.settings import NeverIssued, OcspSettings
from tests.ocsp.conformance.extensions import extension
from tests.ocsp.conformance.scene import REQUEST_TYPE, RESPONSE_TYPE, Reply, Scene
from tests.ocsp.questions import ask, ask_many

FIELDS = {"content-type", "content-length", "last-modified", "etag", "expires", "cache-control"}
NOT_KEPT = {"no-store", "no-cache"}


def instant(reply: Reply, field: str) -> datetime:
    return parsedate_to_datetime(reply.headers[field])


def revoked(scene: Scene) -> bytes:
    """The question about a revoked certificate."""
    certificate, issuer = scene.pair()
    scene.revocation.revoke(
        serial_number=certificate.serial_number, reason=RevocationReason.KEY_COMPROMISE
    )
    return ask(certificate, issuer)


def base64_of(scene: Scene, *, slashes: str) -> str:
    """A plain question whose base64 has a plus sign and ``slashes``."""
    for _ in range(5_000):
        text = base64.b64encode(scene.question()).decode()
        if "+" in text and slashes in text:
            return text
    raise AssertionError("serial numbers are random")


def get_is_read_in_every_spelling(scene: Scene) -> None:
    plain = base64_of(scene, slashes="/")
    # Two slashes in a row hardly come about by themselves.
    nonce = ask_many([scene.pair()], nonce=b"\xff" * 100 + b"\xfb" * 28)
    doubled = base64.b64encode(nonce).decode()
    assert "//" in doubled
    assert "+" in doubled
    for text in (plain, doubled):
        escaped = quote(text, safe="")
        for path in (
            f"/ocsp/{escaped}",
            f"/ocsp/{escaped.lower() if '%2f' in escaped else escaped.replace('%2F', '%2f')}",
            f"/ocsp/{text}",
            f"/ocsp/{quote(text, safe='/')}",
            f"/ocsp/{quote(text, safe='+')}",
            f"/ocsp/{quote(escaped, safe='')}",
            # As proxies make of a plus sign.
            f"/ocsp/{text.replace('+', '%20')}",
            f"/ocsp/{text.rstrip('=')}",
            f"/ocsp//{escaped}",
            f"/ocsp//{text}",
        ):
            reply = scene.send("GET", path, b"", {})
            assert reply.status == 200, path
            assert reply.ocsp.certificate_status is OCSPCertStatus.GOOD, path


def get_and_post_give_the_same_answer(scene: Scene) -> None:
    # RSA signs the same octets the same way each time, and the clock stands still.
    for question in (scene.question("camdx-1"), ask_many([scene.pair("camdx-1")], nonce=b"nonce")):
        got, posted = scene.both(question)
        assert (got.status, posted.status) == (200, 200)
        assert got.body == posted.body


def post_reads_its_media_type_alone(scene: Scene) -> None:
    question = scene.question()
    for media_type in (REQUEST_TYPE, "Application/OCSP-Request", f"{REQUEST_TYPE}; x=y"):
        reply = scene.post(question, {"Content-Type": media_type})
        assert reply.ocsp.certificate_status is OCSPCertStatus.GOOD
    for media_type in ("text/plain", "application/octet-stream", "application/ocsp-request-x"):
        reply = scene.post(question, {"Content-Type": media_type})
        assert reply.status == 415
        assert "no-store" in reply.cache_control
    assert scene.send("POST", "/ocsp", question, {}).status == 415


def large_requests_are_refused(scene: Scene) -> None:
    def question_of(octets: int) -> bytes:
        # An extension that is ignored, but for its size.
        padding = extension(99, encode_element(0x04, bytes(octets)))
        return ask_many([scene.pair()], extensions=[padding])

    assert scene.post(question_of(9_500)).error == "successful"
    for question in (question_of(10_000), b"\x30" * 10_001):
        assert len(question) > 10_000
        assert scene.post(question).error == "malformed_request"


def answers_have_their_media_type(scene: Scene) -> None:
    for question in (scene.question(), b"nonsense"):
        for reply in scene.both(question):
            assert reply.status == 200
            assert reply.headers["content-type"] == RESPONSE_TYPE


def answers_have_their_length(scene: Scene) -> None:
    for question in (scene.question(), b"nonsense"):
        for reply in scene.both(question):
            assert int(reply.headers["content-length"]) == len(reply.body) > 0


def answers_have_their_header_fields(scene: Scene) -> None:
    # Date comes from the server before us; tests/interop looks for it.
    for question in (scene.question(), scene.question("camdx-1"), revoked(scene)):
        for reply in scene.both(question):
            assert reply.headers.keys() >= FIELDS


def last_modified_is_this_update(scene: Scene) -> None:
    question = scene.question()
    scene.clock.advance(timedelta(minutes=10))
    for reply in scene.both(question):
        assert instant(reply, "last-modified") == reply.ocsp.this_update_utc


def expires_is_next_update(scene: Scene) -> None:
    for reply in scene.both(scene.question()):
        assert instant(reply, "expires") == reply.ocsp.next_update_utc


def etag_is_the_hash(scene: Scene) -> None:
    for reply in scene.both(scene.question()):
        assert reply.headers["etag"] == f'"{sha256(reply.body).hexdigest()}"'
    question = scene.question("camdx-1")
    tag = scene.get(question).headers["etag"]
    again = scene.get(question, {"If-None-Match": tag})
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert scene.get(question, {"If-None-Match": '"another"'}).status == 200


def max_age_ends_before_next_update(scene: Scene) -> None:
    question = scene.question()
    # At last the responder's certificate, and with it each answer, ends in half a minute.
    for later in (timedelta(0), timedelta(days=13, hours=23, minutes=59, seconds=30)):
        scene.clock.advance(later)
        for reply in scene.both(question):
            seconds = int(reply.cache_control["max-age"])
            assert 0 < seconds <= scene.settings.max_age.total_seconds()
            assert reply.ocsp.next_update_utc is not None
            assert scene.clock.now() + timedelta(seconds=seconds) < reply.ocsp.next_update_utc


def cache_control_says_it_all(scene: Scene) -> None:
    for reply in scene.both(scene.question()):
        assert reply.cache_control.keys() == {
            "max-age", "public", "no-transform", "must-revalidate",
        }  # fmt: skip


def good_and_revoked_are_kept(scene: Scene) -> None:
    with_nonce = ask_many([scene.pair()], nonce=b"n" * 32)
    several = ask_many([scene.pair(), scene.pair()])
    for question in (scene.question(), revoked(scene), with_nonce, several):
        for reply in scene.both(question):
            assert reply.error == "successful"
            assert NOT_KEPT.isdisjoint(reply.cache_control)
            assert int(reply.cache_control["max-age"]) > 0
            assert "pragma" not in reply.headers


def errors_and_never_issued_are_not_kept(scene: Scene) -> None:
    certificate, issuer = scene.pair()
    never = ask_many([(certificate, issuer)], serials=[99])
    for question in (b"nonsense", never, ask(certificate, scene.issuer("root-1"))):
        for reply in scene.both(question):
            assert reply.error != "successful"
            assert reply.cache_control.keys() == {"no-store"}
    for said in (NeverIssued.REVOKED, NeverIssued.UNKNOWN):
        scene.set(OcspSettings(never_issued=said))
        for reply in scene.both(never):
            assert reply.error == "successful"
            assert reply.cache_control.keys() == {"no-store"}


def after_max_age_the_answer_is_new(scene: Scene) -> None:
    certificate, issuer = scene.pair()
    question = ask(certificate, issuer)
    first = scene.get(question)
    assert first.ocsp.certificate_status is OCSPCertStatus.GOOD
    scene.revocation.revoke(
        serial_number=certificate.serial_number, reason=RevocationReason.KEY_COMPROMISE
    )
    scene.clock.advance(timedelta(seconds=int(first.cache_control["max-age"])))

    # As a cache asks that kept the answer for as long as it may.
    again = scene.get(question, {"If-None-Match": first.headers["etag"]})

    assert again.status == 200
    assert again.ocsp.certificate_status is OCSPCertStatus.REVOKED
