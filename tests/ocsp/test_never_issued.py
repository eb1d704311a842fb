"""What is said of serial numbers that were never issued, and how often strangers hear it signed."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.ocsp import OCSPCertStatus
from pydantic import ValidationError
from werkzeug.test import Client

from ocsp.responder import StatusAnswer, StatusResponder
from ocsp.response import ResponseStatus
from ocsp.settings import NeverIssued, OcspSettings
from tests.ca.revocation.world import Keeps, World
from tests.ocsp.conformance.scene import through_live
from tests.ocsp.conftest import NoRenewal, make_responder
from tests.ocsp.questions import ask, ask_many, nonce_of, read, responses_of
from tests.ocsp.test_answers import verify

EXTENDED_REVOKE = bytes.fromhex("300f06092b06010505073001090402" + "0500")
SIGNED = [NeverIssued.REVOKED, NeverIssued.UNKNOWN]


def responder_that(
    says: NeverIssued, world: World, retention: Keeps, renewal: NoRenewal
) -> StatusResponder:
    settings = OcspSettings(never_issued=says, never_issued_rate="3 per minute")
    return make_responder(world, retention, renewal, settings)


@pytest.fixture(params=SIGNED)
def signing(
    request: pytest.FixtureRequest, world: World, retention: Keeps, renewal: NoRenewal
) -> StatusResponder:
    return responder_that(request.param, world, retention, renewal)


@pytest.fixture
def revoking(world: World, retention: Keeps, renewal: NoRenewal) -> StatusResponder:
    return responder_that(NeverIssued.REVOKED, world, retention, renewal)


@pytest.fixture
def unknowing(world: World, retention: Keeps, renewal: NoRenewal) -> StatusResponder:
    return responder_that(NeverIssued.UNKNOWN, world, retention, renewal)


def about(
    world: World, responder: StatusResponder, *serials: int, nonce: bytes | None = None
) -> StatusAnswer:
    pair = (world.issue("people-1"), world.certificates["people-1"])
    return responder.answer(ask_many([pair] * len(serials), serials=serials, nonce=nonce))


def test_it_can_be_called_revoked_by_the_extended_definition(
    world: World, revoking: StatusResponder
) -> None:
    answer = about(world, revoking, 99)

    response = read(answer.der)
    assert response.certificate_status is OCSPCertStatus.REVOKED
    assert response.revocation_reason is x509.ReasonFlags.certificate_hold
    assert response.revocation_time_utc == datetime(1970, 1, 1, tzinfo=UTC)
    assert EXTENDED_REVOKE in answer.der
    assert responses_of(answer.der)[0]["single_extensions"].native is None
    verify(response, world.certificates["people-1"])


def test_it_can_be_called_unknown(world: World, unknowing: StatusResponder) -> None:
    answer = about(world, unknowing, 99)

    response = read(answer.der)
    assert response.certificate_status is OCSPCertStatus.UNKNOWN
    assert response.next_update_utc == world.clock.now() + timedelta(hours=48)
    assert EXTENDED_REVOKE not in answer.der
    verify(response, world.certificates["people-1"])


@pytest.mark.parametrize("state", ["reserved", "abandoned"])
def test_a_reservation_is_not_issued_either(
    world: World, unknowing: StatusResponder, state: str
) -> None:
    certificate = world.issue("people-1", state=state)

    answer = unknowing.answer(ask(certificate, world.certificates["people-1"]))

    assert read(answer.der).certificate_status is OCSPCertStatus.UNKNOWN


@pytest.mark.parametrize("serial_number", [0, -5, 1 << 160])
def test_what_is_no_serial_number_at_all_is_not_good(
    world: World, signing: StatusResponder, serial_number: int
) -> None:
    answer = about(world, signing, serial_number)

    assert answer.status is ResponseStatus.SUCCESSFUL
    assert read(answer.der).certificate_status is not OCSPCertStatus.GOOD


def test_among_others_it_is_answered_in_its_place_beside_the_nonce(
    world: World, revoking: StatusResponder
) -> None:
    issued = world.issue("people-1").serial_number

    answer = about(world, revoking, issued, 99, issued, nonce=b"n" * 16)

    assert [one["cert_status"].name for one in responses_of(answer.der)] == [
        "good", "revoked", "good",
    ]  # fmt: skip
    assert nonce_of(answer.der) == b"n" * 16
    assert EXTENDED_REVOKE in answer.der


def test_an_answer_about_what_was_issued_says_nothing_of_it(
    world: World, revoking: StatusResponder
) -> None:
    assert EXTENDED_REVOKE not in about(world, revoking, world.issue("people-1").serial_number).der


def test_strangers_hear_it_so_often_and_unsigned_beyond_that(
    world: World, signing: StatusResponder
) -> None:
    heard = [about(world, signing, serial).status for serial in range(100, 105)]

    assert heard == [ResponseStatus.SUCCESSFUL] * 3 + [ResponseStatus.UNAUTHORIZED] * 2
    # What was issued is answered all the same.
    issued = world.issue("people-1").serial_number
    assert about(world, signing, issued).status is ResponseStatus.SUCCESSFUL
    world.clock.advance(timedelta(seconds=20))  # type: ignore[attr-defined]
    assert about(world, signing, 100).status is ResponseStatus.SUCCESSFUL
    assert about(world, signing, 100).status is ResponseStatus.UNAUTHORIZED


def test_a_foreign_issuer_is_unauthorized_whatever_is_set(
    world: World, signing: StatusResponder
) -> None:
    certificate = world.issue("people-1")

    answer = signing.answer(ask(certificate, world.certificates["root-1"]))

    assert answer.status is ResponseStatus.UNAUTHORIZED


def test_nobody_keeps_what_is_said_of_it(world: World, signing: StatusResponder) -> None:
    client = Client(through_live(world, signing, OcspSettings()).application)
    pair = (world.issue("people-1"), world.certificates["people-1"])
    path = base64.b64encode(ask_many([pair], serials=[99])).decode()

    got = client.get(f"/ocsp/{path}")

    assert read(got.data).certificate_status is not OCSPCertStatus.GOOD
    assert got.headers["Cache-Control"] == "no-store"
    assert {"ETag", "Expires", "Last-Modified"}.isdisjoint(got.headers)


@pytest.mark.parametrize("rate", ["0 per second", "ten per second", "10 per day", "10/s", ""])
def test_a_rate_that_cannot_be_read_is_refused(rate: str) -> None:
    with pytest.raises(ValidationError, match="10 per second"):
        OcspSettings(never_issued_rate=rate)
