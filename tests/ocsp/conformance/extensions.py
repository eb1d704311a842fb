"""Checks of extensions, in requests and in answers, and of what was never issued."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from asn1crypto import core as asn1_core
from cryptography import x509
from cryptography.x509.ocsp import OCSPCertStatus

from ca.der import encode_element
from ocsp.settings import NeverIssued, OcspSettings
from tests.ca.revocation.world import name_of
from tests.ocsp.conformance.scene import Reply, Scene
from tests.ocsp.questions import ask_many, nonce_of

ID_PKIX_OCSP = "1.3.6.1.5.5.7.48.1"
EXTENDED_REVOKE = f"{ID_PKIX_OCSP}.9"
# Values of extensions: types of responses, and algorithms (RSA, then ECDSA, with SHA-256).
BASIC_ALONE = bytes.fromhex("300b06092b0601050507300101")
RSA_AND_ECDSA = ("300d06092a864886f70d01010b0500", "300a06082a8648ce3d040302")
RSA_THEN_ECDSA = encode_element(
    0x30, b"".join(encode_element(0x30, bytes.fromhex(one)) for one in RSA_AND_ECDSA)
)


def extension(number: int, value: bytes, *, critical: bool = False) -> dict[str, Any]:
    """An extension of a request below id-pkix-ocsp."""
    return {
        "extn_id": f"{ID_PKIX_OCSP}.{number}",
        "critical": critical,
        "extn_value": asn1_core.ParsableOctetString(value),
    }


def extensions_of(scope: Any) -> dict[str, Any]:
    """Extensions by OID."""
    return {one["extn_id"].dotted: one for one in scope} if scope.native is not None else {}


def response_extensions(reply: Reply) -> dict[str, Any]:
    return extensions_of(reply.data["response_extensions"])


def our_extensions_are_not_critical(scene: Scene) -> None:
    scene.set(OcspSettings(never_issued=NeverIssued.REVOKED))
    question = ask_many([scene.pair(), scene.pair()], nonce=b"n" * 32, serials=[1, 2])
    for reply in scene.both(question):
        assert len(response_extensions(reply)) == 2
        found = list(response_extensions(reply).values())
        found += [
            one
            for single in scene.post(scene.question()).data["responses"]
            for one in extensions_of(single["single_extensions"]).values()
        ]
        assert len(found) == 3
        assert not any(one["critical"].native for one in found)


def unknown_extensions_are_ignored(scene: Scene) -> None:
    question = ask_many([scene.pair()], extensions=[extension(99, b"\x05\x00")])
    for reply in scene.both(question):
        assert reply.ocsp.certificate_status is OCSPCertStatus.GOOD


def unknown_critical_extensions_are_refused(scene: Scene) -> None:
    question = ask_many([scene.pair()], extensions=[extension(99, b"\x05\x00", critical=True)])
    for reply in scene.both(question):
        assert reply.error == "malformed_request"


def there_are_no_response_extensions_unasked(scene: Scene) -> None:
    for question in (scene.question(), ask_many([scene.pair(), scene.pair()])):
        for reply in scene.both(question):
            assert response_extensions(reply) == {}


def unsupported_options_are_passed_over(scene: Scene) -> None:
    locator = encode_element(0x30, name_of("another").public_bytes())
    question = ask_many([scene.pair()], extensions=[extension(7, locator)])
    for reply in scene.both(question):
        assert reply.ocsp.certificate_status is OCSPCertStatus.GOOD
        assert response_extensions(reply) == {}


def acceptable_responses_are_understood(scene: Scene) -> None:
    for critical in (False, True):
        wanted = extension(4, BASIC_ALONE, critical=critical)
        for reply in scene.both(ask_many([scene.pair()], extensions=[wanted])):
            assert reply.ocsp.certificate_status is OCSPCertStatus.GOOD


def preferred_algorithms_are_met_or_passed_over(scene: Scene) -> None:
    # Each issuer has one responder with one key: what its key can do is the only choice.
    for critical in (False, True):
        wanted = extension(8, RSA_THEN_ECDSA, critical=critical)
        for authority, algorithm in (("people-1", "sha256_ecdsa"), ("camdx-1", "sha256_rsa")):
            for reply in scene.both(ask_many([scene.pair(authority)], extensions=[wanted])):
                basic = reply.asn1["response_bytes"]["response"].parsed
                assert basic["signature_algorithm"]["algorithm"].native == algorithm


def the_archive_cutoff_stands_where_standings_are_kept(scene: Scene) -> None:
    for authority, expected in (("people-1", [scene.retention.since]), ("camdx-1", [])):
        for reply in scene.both(scene.question(authority)):
            found = extensions_of(reply.one["single_extensions"])
            cutoffs = [found[oid] for oid in found if oid == f"{ID_PKIX_OCSP}.6"]
            assert [one["extn_value"].parsed.native for one in cutoffs] == expected
            for one in cutoffs:
                assert isinstance(one["extn_value"].parsed, asn1_core.GeneralizedTime)


def nonces_of_1_to_128_octets_are_echoed(scene: Scene) -> None:
    for octets in (1, 2, 15, 16, 31, 32, 33, 64, 127, 128):
        nonce = bytes(range(octets))
        for reply in scene.both(ask_many([scene.pair()], nonce=nonce)):
            assert nonce_of(reply.body) == nonce


def other_nonces_are_malformed(scene: Scene) -> None:
    for nonce in (b"", b"n" * 129, b"n" * 1000):
        for reply in scene.both(ask_many([scene.pair()], nonce=nonce)):
            assert reply.error == "malformed_request"


# What was never issued, where a signed answer about it is set.


def never_issued_as_revoked(scene: Scene) -> list[Reply]:
    scene.set(OcspSettings(never_issued=NeverIssued.REVOKED))
    replies = list(scene.both(ask_many([scene.pair()], serials=[99])))
    assert {reply.ocsp.certificate_status for reply in replies} == {OCSPCertStatus.REVOKED}
    return replies


def never_issued_as_revoked_says_so(scene: Scene) -> None:
    for reply in never_issued_as_revoked(scene):
        found = response_extensions(reply)[EXTENDED_REVOKE]
        assert found["extn_value"].contents == b"\x05\x00"
        assert found["critical"].native is False


def never_issued_as_revoked_is_on_hold(scene: Scene) -> None:
    for reply in never_issued_as_revoked(scene):
        assert reply.ocsp.revocation_reason is x509.ReasonFlags.certificate_hold


def never_issued_as_revoked_is_of_1970(scene: Scene) -> None:
    for reply in never_issued_as_revoked(scene):
        assert reply.ocsp.revocation_time_utc == datetime(1970, 1, 1, tzinfo=UTC)


def never_issued_as_revoked_has_no_single_extensions(scene: Scene) -> None:
    for reply in never_issued_as_revoked(scene):
        assert extensions_of(reply.one["single_extensions"]) == {}


def strangers_cannot_spend_the_token(scene: Scene) -> None:
    for said in (NeverIssued.REVOKED, NeverIssued.UNKNOWN):
        scene.set(OcspSettings(never_issued=said, never_issued_rate="2 per hour"))
        pair = scene.pair()
        heard = [scene.post(ask_many([pair], serials=[one])).error for one in range(1, 5)]
        assert heard == ["successful"] * 2 + ["unauthorized"] * 2
