"""What is answered: never good for what was never issued, never longer than the signer lives."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import MD5, SHA1, SHA256, SHA384, HashAlgorithm
from cryptography.x509 import ocsp as x509_ocsp
from cryptography.x509.ocsp import OCSPCertStatus, OCSPResponseStatus
from sqlalchemy import delete, select, update

from ca.models import certificates
from ca.revocation.reasons import RevocationReason
from ca.revocation.revocation import Revocation
from core.transparency.models import log_entries, log_state
from ocsp.request import LONGEST_NONCE_OCTETS
from ocsp.responder import StatusResponder
from ocsp.response import ResponseStatus
from tests.ca.revocation.world import Keeps, World
from tests.ocsp.conftest import NoRenewal, add_delegate
from tests.ocsp.questions import ask, ask_many, ask_serial, nonce_of, read, responses_of


def verify(response: x509_ocsp.OCSPResponse, issuer: x509.Certificate) -> None:
    """Check the delegate against its issuer, and the signature against the delegate."""
    [delegate] = response.certificates
    delegate.verify_directly_issued_by(issuer)
    usage = delegate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert x509.oid.ExtendedKeyUsageOID.OCSP_SIGNING in usage
    assert delegate.extensions.get_extension_for_class(x509.OCSPNoCheck)
    key = delegate.public_key()
    signed = response.tbs_response_bytes
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(response.signature, signed, ec.ECDSA(SHA256()))
    else:
        assert isinstance(key, rsa.RSAPublicKey)
        key.verify(response.signature, signed, padding.PKCS1v15(), SHA256())
    identifier = x509.SubjectKeyIdentifier.from_public_key(key)
    assert response.responder_key_hash == identifier.digest
    assert response.responder_name is None


@pytest.mark.parametrize("hashed", [SHA1(), SHA256()], ids=["sha1", "sha256"])
@pytest.mark.parametrize(("authority", "hours"), [("people-1", 48), ("camdx-1", 8)])
def test_an_issued_certificate_is_good(
    world: World, responder: StatusResponder, hashed: HashAlgorithm, authority: str, hours: int
) -> None:
    certificate = world.issue(authority)
    issuer = world.certificates[authority]

    answer = responder.answer(ask(certificate, issuer, hashed))

    response = read(answer.der)
    assert response.certificate_status is OCSPCertStatus.GOOD
    assert response.serial_number == certificate.serial_number
    assert type(response.hash_algorithm) is type(hashed)
    assert response.this_update_utc == response.produced_at_utc == world.clock.now()
    assert response.next_update_utc == world.clock.now() + timedelta(hours=hours)
    verify(response, issuer)


def test_the_roots_delegate_answers_for_the_authorities(
    world: World, responder: StatusResponder
) -> None:
    root = world.certificates["root-1"]

    response = read(responder.answer(ask(world.certificates["people-1"], root)).der)

    assert response.certificate_status is OCSPCertStatus.GOOD
    verify(response, root)


@pytest.mark.parametrize(
    "reason",
    [
        one
        for one in RevocationReason
        if one not in {RevocationReason.CA_COMPROMISE, RevocationReason.UNSPECIFIED}
    ],
)
def test_a_revoked_certificate_is_answered_revoked_with_reason_and_time(
    world: World, responder: StatusResponder, revocation: Revocation, reason: RevocationReason
) -> None:
    certificate = world.issue("people-1")
    record = revocation.revoke(serial_number=certificate.serial_number, reason=reason)

    response = read(responder.answer(ask(certificate, world.certificates["people-1"])).der)

    assert response.certificate_status is OCSPCertStatus.REVOKED
    assert response.revocation_reason is reason.flag
    assert response.revocation_time_utc == record.revoked_at.replace(microsecond=0)


def test_a_revocation_without_a_reason_names_none(
    world: World, responder: StatusResponder, revocation: Revocation
) -> None:
    certificate = world.issue("people-1")
    revocation.revoke(serial_number=certificate.serial_number, reason=RevocationReason.UNSPECIFIED)

    response = read(responder.answer(ask(certificate, world.certificates["people-1"])).der)

    assert response.certificate_status is OCSPCertStatus.REVOKED
    assert response.revocation_reason is None


def test_a_released_certificate_is_good_again(
    world: World, responder: StatusResponder, revocation: Revocation
) -> None:
    certificate = world.issue("people-1")
    revocation.hold(serial_number=certificate.serial_number)
    revocation.release(serial_number=certificate.serial_number)

    response = read(responder.answer(ask(certificate, world.certificates["people-1"])).der)

    assert response.certificate_status is OCSPCertStatus.GOOD


@pytest.mark.parametrize("serial_number", [1, 0, -5, 1 << 159, 1 << 160, 1 << 400])
def test_what_was_never_issued_is_unauthorized_and_unsigned(
    world: World, responder: StatusResponder, serial_number: int
) -> None:
    certificate = world.issue("people-1")
    question = ask_serial(world.certificates["people-1"], certificate, serial_number)

    answer = responder.answer(question)

    assert answer.status is ResponseStatus.UNAUTHORIZED
    assert answer.der == bytes.fromhex("30030a0106")
    assert read(answer.der).response_status is OCSPResponseStatus.UNAUTHORIZED


@pytest.mark.parametrize("state", ["reserved", "abandoned"])
def test_what_is_only_reserved_or_was_given_up_is_unauthorized(
    world: World, responder: StatusResponder, state: str
) -> None:
    certificate = world.issue("people-1", state=state)

    answer = responder.answer(ask(certificate, world.certificates["people-1"]))

    assert answer.status is ResponseStatus.UNAUTHORIZED


def test_a_certificate_of_a_restored_database_is_good_without_its_der(
    world: World, responder: StatusResponder
) -> None:
    certificate = world.issue("people-1", state="replayed")

    response = read(responder.answer(ask(certificate, world.certificates["people-1"])).der)

    assert response.certificate_status is OCSPCertStatus.GOOD


def test_a_foreign_issuer_is_unauthorized(world: World, responder: StatusResponder) -> None:
    certificate = world.issue("people-1")
    other_name = ask(certificate, world.certificates["root-1"])
    # Our name with another key: both hashes have to be ours, together.
    mixed = bytearray(ask(certificate, world.certificates["people-1"]))
    key_hash = x509.SubjectKeyIdentifier.from_public_key(
        world.certificates["people-1"].public_key()
    ).digest
    position = bytes(mixed).index(key_hash)
    mixed[position] ^= 1

    for question in (other_name, bytes(mixed)):
        assert responder.answer(question).status is ResponseStatus.UNAUTHORIZED


@pytest.mark.parametrize("hashed", [SHA384(), MD5()], ids=["sha384", "md5"])
def test_other_hashes_are_unauthorized(
    world: World, responder: StatusResponder, hashed: HashAlgorithm
) -> None:
    certificate = world.issue("people-1")
    issuer = world.certificates["people-1"]
    if isinstance(hashed, MD5):
        with_sha1 = ask(certificate, issuer)
        # MD5's identifier is longer: put a wrong one of the same length in SHA-1's place.
        question = with_sha1.replace(bytes.fromhex("2b0e03021a"), bytes.fromhex("2b0e03021d"))
    else:
        question = ask(certificate, issuer, hashed)

    assert responder.answer(question).status is ResponseStatus.UNAUTHORIZED


def test_several_questions_are_answered_in_their_order(
    world: World, responder: StatusResponder, revocation: Revocation
) -> None:
    issuer = world.certificates["people-1"]
    asked = [world.issue("people-1") for _ in range(4)]
    revocation.hold(serial_number=asked[2].serial_number)
    questions = [(one, issuer) for one in [*asked, asked[0]]]

    answer = responder.answer(ask_many(questions, nonce=b"n" * 32))

    found = responses_of(answer.der)
    assert [one["cert_id"]["serial_number"].native for one in found] == [
        one.serial_number for one, _ in questions
    ]
    assert [one["cert_status"].name for one in found] == [
        "good", "good", "revoked", "good", "good",
    ]  # fmt: skip
    assert nonce_of(answer.der) == b"n" * 32


def test_questions_about_two_issuers_in_one_request_are_unauthorized(
    world: World, responder: StatusResponder
) -> None:
    pairs = [(world.issue(name), world.certificates[name]) for name in ("people-1", "camdx-1")]

    assert responder.answer(ask_many(pairs)).status is ResponseStatus.UNAUTHORIZED


def test_one_unknown_serial_number_among_known_ones_is_unauthorized(
    world: World, responder: StatusResponder
) -> None:
    issuer = world.certificates["people-1"]
    known = world.issue("people-1")
    question = ask_many([(known, issuer), (known, issuer)], serials=[known.serial_number, 99])

    assert responder.answer(question).status is ResponseStatus.UNAUTHORIZED


@pytest.mark.parametrize("octets", [1, 16, 32, LONGEST_NONCE_OCTETS])
def test_a_nonce_is_echoed_and_the_answer_for_who_asked(
    world: World, responder: StatusResponder, octets: int
) -> None:
    certificate = world.issue("people-1")
    question = ask_many([(certificate, world.certificates["people-1"])], nonce=b"x" * octets)

    answer = responder.answer(question)

    assert nonce_of(answer.der) == b"x" * octets
    assert not answer.is_public


@pytest.mark.parametrize("octets", [0, LONGEST_NONCE_OCTETS + 1])
def test_a_nonce_of_a_wrong_length_is_malformed(
    world: World, responder: StatusResponder, octets: int
) -> None:
    certificate = world.issue("people-1")
    question = ask_many([(certificate, world.certificates["people-1"])], nonce=b"x" * octets)

    assert responder.answer(question).status is ResponseStatus.MALFORMED_REQUEST


def test_without_a_nonce_there_is_none(world: World, responder: StatusResponder) -> None:
    certificate = world.issue("people-1")

    answer = responder.answer(ask(certificate, world.certificates["people-1"]))

    assert nonce_of(answer.der) is None
    assert answer.is_public
    assert answer.keep_for == timedelta(minutes=1)


def test_an_unknown_critical_extension_is_malformed_and_another_is_ignored(
    world: World, responder: StatusResponder
) -> None:
    pair = (world.issue("people-1"), world.certificates["people-1"])
    extension = {"extn_id": "1.3.6.1.5.5.7.48.1.99", "critical": True, "extn_value": b"\x05\x00"}

    critical = responder.answer(ask_many([pair], extensions=[extension]))
    ignored = responder.answer(ask_many([pair], extensions=[extension | {"critical": False}]))

    assert critical.status is ResponseStatus.MALFORMED_REQUEST
    assert ignored.status is ResponseStatus.SUCCESSFUL


def test_an_answer_never_outlives_its_signer(world: World, responder: StatusResponder) -> None:
    certificate = world.issue("people-1")
    question = ask(certificate, world.certificates["people-1"])
    world.clock.advance(timedelta(days=13, hours=21))  # type: ignore[attr-defined]

    response = read(responder.answer(question).der)

    [delegate] = response.certificates
    assert response.next_update_utc == delegate.not_valid_after_utc
    assert response.next_update_utc - world.clock.now() == timedelta(hours=3)


def test_without_a_valid_delegate_the_client_is_asked_to_try_later(
    world: World, responder: StatusResponder, renewal: NoRenewal
) -> None:
    certificate = world.issue("people-1")
    question = ask(certificate, world.certificates["people-1"])
    world.clock.advance(timedelta(days=15))  # type: ignore[attr-defined]

    answer = responder.answer(question)

    assert answer.status is ResponseStatus.TRY_LATER
    assert renewal.asked == ["people-1"]

    add_delegate(world, "people-1")
    assert responder.answer(question).status is ResponseStatus.SUCCESSFUL


def test_a_newer_delegate_takes_over_and_an_older_one_stands_in(
    world: World, responder: StatusResponder
) -> None:
    certificate = world.issue("people-1")
    question = ask(certificate, world.certificates["people-1"])
    first = read(responder.answer(question).der).responder_key_hash
    newer = add_delegate(world, "people-1")
    world.clock.advance(timedelta(minutes=2))  # type: ignore[attr-defined]

    second = read(responder.answer(question).der).responder_key_hash
    world.keys.held.pop(newer)
    world.clock.advance(timedelta(minutes=2))  # type: ignore[attr-defined]
    third = read(responder.answer(question).der).responder_key_hash

    assert second != first
    assert third == first


def test_a_revoked_delegate_signs_no_more(
    world: World, responder: StatusResponder, revocation: Revocation
) -> None:
    certificate = world.issue("people-1")
    question = ask(certificate, world.certificates["people-1"])
    [delegate] = read(responder.answer(question).der).certificates
    revocation.revoke(serial_number=delegate.serial_number, reason=RevocationReason.KEY_COMPROMISE)
    world.clock.advance(timedelta(minutes=2))  # type: ignore[attr-defined]

    assert responder.answer(question).status is ResponseStatus.TRY_LATER


def test_the_archive_cutoff_stands_where_standings_are_kept(
    world: World, responder: StatusResponder, retention: Keeps
) -> None:
    for authority, cutoff in (("people-1", retention.since), ("camdx-1", None)):
        certificate = world.issue(authority)
        [single] = responses_of(
            responder.answer(ask(certificate, world.certificates[authority])).der
        )
        found = [
            one["extn_value"].parsed.native
            for one in single["single_extensions"]
            if one["extn_id"].native == "archive_cutoff"
        ]
        assert found == ([] if cutoff is None else [cutoff])


def test_an_expired_revoked_certificate_is_still_answered_revoked(
    world: World, responder: StatusResponder, revocation: Revocation
) -> None:
    certificate = world.issue("people-1", days=1)
    revocation.revoke(
        serial_number=certificate.serial_number, reason=RevocationReason.KEY_COMPROMISE
    )
    world.clock.advance(timedelta(days=5))  # type: ignore[attr-defined]

    response = read(responder.answer(ask(certificate, world.certificates["people-1"])).der)

    assert response.certificate_status is OCSPCertStatus.REVOKED


def test_a_database_older_than_the_published_log_gives_no_answers(
    world: World, responder: StatusResponder, revocation: Revocation
) -> None:
    certificate = world.issue("people-1")
    question = ask(certificate, world.certificates["people-1"])
    revocation.hold(serial_number=world.issue("people-1").serial_number)
    with world.database.read() as connection:
        backup = connection.execute(select(log_state)).one()
        entries = connection.execute(select(log_entries)).all()
    revocation.revoke(
        serial_number=certificate.serial_number, reason=RevocationReason.KEY_COMPROMISE
    )
    with world.database.begin() as connection:
        connection.execute(delete(log_entries))
        connection.execute(log_entries.insert(), [one._asdict() for one in entries])
        connection.execute(update(log_state).values(**backup._asdict()))

    assert responder.answer(question).status is ResponseStatus.TRY_LATER


def test_a_database_that_is_away_asks_to_try_later_and_a_fault_says_internal_error(
    world: World, responder: StatusResponder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.database import DatabaseUnavailable

    question = ask(world.issue("people-1"), world.certificates["people-1"])
    for raised, expected in (
        (DatabaseUnavailable("The database cannot be reached."), ResponseStatus.TRY_LATER),
        (ZeroDivisionError(), ResponseStatus.INTERNAL_ERROR),
    ):

        def fails(*_: object, _raised: Exception = raised) -> None:
            raise _raised

        monkeypatch.setattr(responder._standings, "standings", fails)
        answer = responder.answer(question)
        assert answer.status is expected
        assert answer.der == bytes([0x30, 3, 0x0A, 1, expected])


def test_a_reservation_that_becomes_a_certificate_is_answered_at_once(
    world: World, responder: StatusResponder
) -> None:
    certificate = world.issue("people-1", state="reserved")
    question = ask(certificate, world.certificates["people-1"])
    assert responder.answer(question).status is ResponseStatus.UNAUTHORIZED
    with world.database.begin() as connection:
        connection.execute(
            update(certificates)
            .where(certificates.c.serial_number == certificate.serial_number)
            .values(state="issued", certificate_der=b"\x30\x00")
        )

    assert responder.answer(question).status is ResponseStatus.SUCCESSFUL
