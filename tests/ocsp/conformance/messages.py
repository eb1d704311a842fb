"""Checks of what is said: the messages of OCSP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from asn1crypto import ocsp as asn1_ocsp
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384
from cryptography.x509.ocsp import OCSPCertStatus

from ca.der import encode_element
from ca.revocation.reasons import RevocationReason
from tests.ca.revocation.world import name_of
from tests.ocsp.conformance.scene import Scene
from tests.ocsp.questions import ask, ask_many

ID_PKIX_OCSP = "1.3.6.1.5.5.7.48.1"


# The form of answers.


def answers_are_basic_responses(scene: Scene) -> None:
    for reply in scene.both(scene.question()):
        response = reply.asn1["response_bytes"]
        assert response["response_type"].dotted == f"{ID_PKIX_OCSP}.1"


def answers_are_in_der(scene: Scene) -> None:
    several = ask_many([scene.pair(), scene.pair()], nonce=b"n" * 32)
    for question in (scene.question(), several):
        for reply in scene.both(question):
            basic = reply.asn1["response_bytes"]["response"].parsed
            # What is encoded anew, part by part, comes out the same.
            assert basic.copy().dump(force=True) == basic.dump()
            assert reply.asn1.copy().dump(force=True) == reply.body


def answers_are_version_1(scene: Scene) -> None:
    for reply in scene.both(scene.question()):
        assert reply.data["version"].native == "v1"


def one_question_has_one_answer(scene: Scene) -> None:
    for reply in scene.both(scene.question()):
        assert len(reply.data["responses"]) == 1


def each_question_is_answered_in_order(scene: Scene) -> None:
    asked = [scene.pair() for _ in range(3)]
    asked = [asked[2], asked[0], asked[1], asked[0]]
    scene.revocation.revoke(
        serial_number=asked[0][0].serial_number, reason=RevocationReason.SUPERSEDED
    )
    for reply in scene.both(ask_many(asked)):
        singles = list(reply.data["responses"])
        assert [one["cert_id"]["serial_number"].native for one in singles] == [
            certificate.serial_number for certificate, _ in asked
        ]
        assert [one["cert_status"].name for one in singles] == ["revoked", "good", "good", "good"]


def a_certid_is_echoed(scene: Scene) -> None:
    for hashed in (SHA1(), SHA256()):
        question = ask(*scene.pair(), hashed)
        asked = asn1_ocsp.OCSPRequest.load(question)["tbs_request"]["request_list"][0]["req_cert"]
        for reply in scene.both(question):
            assert reply.one["cert_id"].dump() == asked.dump()


def certid_by_sha1_is_answered(scene: Scene) -> None:
    for reply in scene.both(ask(*scene.pair(), SHA1())):
        assert reply.ocsp.certificate_status is OCSPCertStatus.GOOD
        assert isinstance(reply.ocsp.hash_algorithm, SHA1)


def certid_by_sha256_is_answered(scene: Scene) -> None:
    for reply in scene.both(ask(*scene.pair(), SHA256())):
        assert reply.ocsp.certificate_status is OCSPCertStatus.GOOD
        assert isinstance(reply.ocsp.hash_algorithm, SHA256)


def requestor_name_changes_nothing(scene: Scene) -> None:
    certificate, issuer = scene.pair()
    request = asn1_ocsp.OCSPRequest.load(ask(certificate, issuer))
    name = encode_element(0xA1, encode_element(0xA4, name_of("who asks").public_bytes()))
    listed = request["tbs_request"]["request_list"].dump()
    question = encode_element(0x30, encode_element(0x30, name + listed))
    for reply in scene.both(question):
        assert reply.ocsp.serial_number == certificate.serial_number


# Times.


def next_update_is_always_there(scene: Scene) -> None:
    several = ask_many([scene.pair(), scene.pair()], nonce=b"n" * 32)
    for question in (scene.question(), scene.question("camdx-1"), several):
        for reply in scene.both(question):
            for single in reply.data["responses"]:
                assert single["next_update"].native > scene.clock.now()


def this_update_is_when_the_status_was_read(scene: Scene) -> None:
    certificate, issuer = scene.pair()
    issued_at = scene.clock.now()
    scene.clock.advance(timedelta(minutes=30))
    for reply in scene.both(ask(certificate, issuer)):
        assert issued_at <= reply.ocsp.this_update_utc <= scene.clock.now()
        assert reply.ocsp.certificate_status is OCSPCertStatus.GOOD
    revoked_at = scene.clock.now()
    scene.revocation.hold(serial_number=certificate.serial_number)
    scene.clock.advance(timedelta(minutes=30))
    for reply in scene.both(ask(certificate, issuer)):
        assert reply.ocsp.certificate_status is OCSPCertStatus.REVOKED
        assert revoked_at <= reply.ocsp.this_update_utc <= scene.clock.now()


def produced_at_is_when_it_was_signed(scene: Scene) -> None:
    question, issued_at = scene.question(), scene.clock.now()
    several = ask_many([scene.pair(), scene.pair()])
    scene.clock.advance(timedelta(minutes=30))
    for reply in scene.both(question):
        assert issued_at <= reply.ocsp.this_update_utc <= reply.ocsp.produced_at_utc
        assert reply.ocsp.produced_at_utc <= scene.clock.now()
    for reply in scene.both(several):
        assert reply.data["produced_at"].native == scene.clock.now()


def times_follow_the_clock(scene: Scene) -> None:
    several = ask_many([scene.pair(), scene.pair()])
    for _ in range(3):
        scene.clock.advance(timedelta(hours=5, seconds=7))
        for reply in scene.both(several):
            assert reply.data["produced_at"].native == scene.clock.now()


def times_are_in_whole_seconds_of_gmt(scene: Scene) -> None:
    certificate, issuer = scene.pair()
    scene.clock.advance(timedelta(microseconds=123_456))
    scene.revocation.hold(serial_number=certificate.serial_number)
    for reply in scene.both(ask(certificate, issuer)):
        single = reply.one
        revoked = single["cert_status"].chosen["revocation_time"]
        for time in (
            reply.data["produced_at"], single["this_update"], single["next_update"], revoked
        ):  # fmt: skip
            text = time.contents if time.contents[:1].isdigit() else time.contents[2:]
            datetime.strptime(text.decode(), "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
            assert len(text) == len("YYYYMMDDHHMMSSZ")


# What is not answered.


def errors_are_unsigned(scene: Scene) -> None:
    foreign = ask(scene.pair()[0], scene.issuer("root-1"))
    for question, status in ((b"nonsense", 1), (foreign, 6)):
        for reply in scene.both(question):
            # OCSPResponse with an ENUMERATED and nothing else.
            assert (reply.status, reply.body) == (200, bytes([0x30, 3, 0x0A, 1, status]))


def nonsense_is_malformed(scene: Scene) -> None:
    question = scene.question()
    for nonsense in (b"\x00", question[:-1], question + b"\x00", b"\x30\x80" + question[2:]):
        for reply in scene.both(nonsense):
            assert reply.error == "malformed_request"
    assert scene.post(b"").error == "malformed_request"


def foreign_issuers_are_unauthorized(scene: Scene) -> None:
    certificate, issuer = scene.pair()
    # An issuer's name with another's key, and a hash by which nobody is known.
    for question in (ask(certificate, scene.issuer("root-1")), ask(certificate, issuer, SHA384())):
        for reply in scene.both(question):
            assert reply.error == "unauthorized"


def never_issued_is_unauthorized(scene: Scene) -> None:
    certificate, issuer = scene.pair()
    reserved = scene.world.issue("people-1", state="reserved")
    for question in (
        ask_many([(certificate, issuer)], serials=[certificate.serial_number ^ 1]),
        ask_many([(certificate, issuer)] * 2, serials=[certificate.serial_number, 1]),
        ask(reserved, issuer),
    ):
        for reply in scene.both(question):
            assert reply.error == "unauthorized"


def what_is_away_means_try_later(scene: Scene) -> None:
    several = ask_many([scene.pair(), scene.pair()])
    assert scene.post(several).error == "successful"
    held = dict(scene.world.keys.held)
    scene.world.keys.held.clear()
    scene.clock.advance(timedelta(minutes=5))
    for reply in scene.both(several):
        assert reply.error == "try_later"
    scene.world.keys.held.update(held)
    assert scene.post(several).error == "successful"


def a_fault_is_an_internal_error(scene: Scene) -> None:
    several = ask_many([scene.pair(), scene.pair()])

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    scene.responder._standings.standings = fails  # type: ignore[assignment,method-assign]
    for reply in scene.both(several):
        assert reply.error == "internal_error"
