"""What messages have to be: their protection, header and body; and what is answered instead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from flask.testing import FlaskClient

from core.errors import CamtrustError
from enrollment.cmp.failures import FAILURES, FailureInfo
from enrollment.grants.grant import Grant, GrantProtocol
from hsm.errors import TokenUnavailable
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.cmp.client import (
    CMP,
    HMAC_SHA256,
    PKIXCMP,
    SHA256_OID,
    Client,
    by_pbm,
    by_pbmac1,
    by_signature,
    cert_conf,
    cert_request,
    general,
    judged,
    mac_client,
    new_key,
    nothing_known,
    p10cr,
    poll_req,
    signing_client,
)
from tests.enrollment.world import World, client_key, front_header, slug

CERT_PROFILE = "1.3.6.1.5.5.7.4.21"


def test_pbmac1_protects_as_well(world: World, http: FlaskClient, grant: Grant) -> None:
    client = mac_client(world, http, grant, pbmac1=True)
    answer = client.ask(cert_request(new_key()))
    assert answer.kind == "ip"
    assert str(answer.message["header"]["protectionAlg"]["algorithm"]) == "1.2.840.113549.1.5.14"
    assert client.go_on(answer, cert_conf(answer.certificate)).kind == "pkiconf"


def test_an_answer_by_mac_has_a_salt_of_its_own(client: Client) -> None:
    salts = {
        bytes(client.ask(general()).message["header"]["protectionAlg"]["parameters"])
        for _ in range(2)
    }
    assert len(salts) == 2


def test_a_wrong_mac_is_refused_without_a_mac(world: World, client: Client, grant: Grant) -> None:
    unknown = b"f" * 32
    for reference, secret in (
        (grant.id.encode(), b"guess"),
        (unknown, client.secret),
        (unknown, b"guess"),
        ("ឯកសារយោង".encode(), b"guess"),
        (b"r" * 64, b"guess"),
        (b"", b""),
    ):
        refused = client.ask(cert_request(new_key()), protect=by_pbm(reference, secret))
        assert (refused.kind, refused.failure) == ("error", "badMessageCheck")
        assert not refused.is_protected
    assert world.grants.find(grant.id).certificates_used == 0


def test_the_secrets_of_other_protocols_and_grants_are_refused(
    world: World, client: Client, grant: Grant, granted: Callable[..., Grant]
) -> None:
    other = granted(profile="service-client")
    for secret in (
        world.grant_secrets.secret_of(grant.id, "est-password"),
        world.grant_secrets.secret_of(other.id, "cmp-mac"),
    ):
        refused = client.ask(
            cert_request(new_key()), protect=by_pbm(grant.id.encode(), secret.hex().encode())
        )
        assert refused.failure == "badMessageCheck"


def test_a_grant_for_another_protocol_gives_nothing(
    world: World, http: FlaskClient, granted: Callable[..., Grant]
) -> None:
    est = granted(profile="service-client", protocol=GrantProtocol.EST)
    refused = mac_client(world, http, est).ask(cert_request(new_key()))
    assert (refused.failure, refused.is_protected) == ("notAuthorized", True)


def test_weak_or_costly_macs_are_refused(client: Client, grant: Grant) -> None:
    changes: list[dict[str, Any]] = [
        {"iterations": 99},
        {"iterations": 10_001},
        {"iterations": 2**64},
        {"iterations": -1},
        {"salt": b"short"},
        {"salt": b"s" * 129},
        {"owf": "1.3.14.3.2.26"},
        {"mac": "1.3.6.1.5.5.8.1.2"},
        {"mac": SHA256_OID},
        {"owf": HMAC_SHA256},
    ]
    reference, secret = grant.id.encode(), client.secret
    ways = [by_pbm(reference, secret, **change) for change in changes]
    ways += [by_pbmac1(reference, secret, iterations=number) for number in (99, 100_001)]
    for protect in ways:
        assert client.ask(general(), protect=protect).failure == "badAlg"


def test_no_protection_is_refused(client: Client) -> None:
    for fill in (cert_request(new_key()), general()):
        refused = client.ask(fill, protected=False)
        assert (refused.failure, refused.is_protected) == ("badMessageCheck", False)


def test_a_message_that_was_changed_on_its_way_is_refused(client: Client) -> None:
    client.begin()
    data = client.message(cert_request(new_key(), subject="CN=asked"))
    changed = data.replace(b"asked", b"taken")
    assert changed != data
    assert client.send(changed).failure == "badMessageCheck"


@pytest.fixture
def signed(world: World, http: FlaskClient, client: Client) -> Client:
    """A client that signs with a certificate of the grant."""
    key = new_key()
    answer = client.ask(cert_request(key))
    client.go_on(answer, cert_conf(answer.certificate))
    return signing_client(world, http, answer.certificate, key)


def test_an_answer_to_a_signature_is_signed_under_our_anchor(world: World, signed: Client) -> None:
    answer = signed.ask(cert_request(new_key(), kind="cr"))
    assert (answer.kind, answer.is_protected) == ("cp", True)
    signer, issuer = answer.extra_certs[:2]
    signer.verify_directly_issued_by(issuer)
    issuer.verify_directly_issued_by(world.hierarchy.issuers["root"].certificate)
    usages = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [one.dotted_string for one in usages] == ["1.3.6.1.5.5.7.3.28"]
    assert answer.message["header"]["sender"].getName() == "directoryName"
    # An anchor that somebody else could sign for is not handed out.
    assert not answer.content["caPubs"].isValue


def test_an_ed25519_key_signs_and_is_certified(world: World, client: Client) -> None:
    key = Ed25519PrivateKey.generate()
    answer = client.ask(cert_request(key))
    client.go_on(answer, cert_conf(answer.certificate))
    signed = signing_client(world, client.http, answer.certificate, key)
    assert signed.ask(cert_request(new_key(), kind="cr")).kind == "cp"


def test_a_later_message_may_leave_the_certificate_out(signed: Client) -> None:
    answer = signed.ask(cert_request(new_key(), kind="cr"))
    confirmation = cert_conf(answer.certificate)
    assert signed.go_on(answer, confirmation, certificates=[]).kind == "pkiconf"
    [certificate] = signed.certificates
    second = signed.ask(cert_request(new_key(), kind="cr"))
    forged = by_signature(certificate, new_key())
    refused = signed.go_on(second, confirmation, certificates=[], protect=forged)
    assert refused.failure == "badMessageCheck"


def test_a_signature_by_another_key_is_refused(signed: Client) -> None:
    [certificate] = signed.certificates
    refused = signed.ask(general(), protect=by_signature(certificate, new_key()))
    assert (refused.failure, refused.is_protected) == ("badMessageCheck", False)


def test_an_algorithm_that_is_not_the_keys_is_refused(signed: Client) -> None:
    [certificate] = signed.certificates
    key = Ed25519PrivateKey.generate()
    refused = signed.ask(general(), protect=by_signature(certificate, key))
    assert refused.failure == "badAlg"


def test_a_sender_that_is_not_the_signer_is_refused(world: World, client: Client) -> None:
    key = new_key()
    certificate = client.ask(cert_request(key)).certificate
    signed = signing_client(world, client.http, certificate, key)
    name = x509.Name.from_rfc4514_string("CN=somebody")
    protect = by_signature(certificate, key, subject=name)
    assert signed.ask(general(), protect=protect).failure == "signerNotTrusted"
    assert signed.ask(general(), certificates=[]).failure == "signerNotTrusted"


def test_a_revoked_expired_or_foreign_certificate_signs_nothing(
    world: World, client: Client
) -> None:
    key = new_key()
    certificate = client.ask(cert_request(key)).certificate
    signed = signing_client(world, client.http, certificate, key)
    assert signed.ask(general()).kind == "genp"
    world.revocation.hold(serial_number=certificate.serial_number)
    assert signed.ask(general()).failure == "signerNotTrusted"
    world.revocation.release(serial_number=certificate.serial_number)
    assert signed.ask(general()).kind == "genp"
    world.clock.advance(timedelta(days=366))
    assert signed.ask(general()).failure == "signerNotTrusted"
    foreign = (
        x509.CertificateBuilder()
        .subject_name(certificate.subject)
        .issuer_name(certificate.issuer)
        .serial_number(certificate.serial_number)
        .not_valid_before(certificate.not_valid_before_utc)
        .not_valid_after(certificate.not_valid_after_utc)
        .public_key(key.public_key())
    )
    forged = signing_client(world, client.http, foreign.sign(new_key(), SHA256()), key)
    assert forged.ask(general()).failure == "signerNotTrusted"


def test_an_officers_certificate_is_not_of_a_grant(world: World, http: FlaskClient) -> None:
    number = next(world.numbers)
    world.numbers = iter(range(number, 10_000))
    key = client_key(number)
    certificate = world.issue("ra-officer", "person:officer")
    refused = signing_client(world, http, certificate, key).ask(general())
    assert refused.failure == "notAuthorized"


def test_a_header_that_is_not_in_order_is_refused(client: Client) -> None:
    changes: list[tuple[dict[str, Any], str]] = [
        ({"pvno": 1}, "unsupportedVersion"),
        ({"pvno": 4}, "unsupportedVersion"),
        ({"pvno": 2**70}, "unsupportedVersion"),
        ({"transaction": b"short"}, "badDataFormat"),
        ({"transaction": b"t" * 65}, "badDataFormat"),
        ({"nonce": b"short"}, "badSenderNonce"),
        ({"nonce": False}, "badSenderNonce"),
        ({"recipient": x509.Name.from_rfc4514_string("CN=Somebody Else")}, "wrongAuthority"),
    ]
    for change, failure in changes:
        refused = client.ask(cert_request(new_key()), **change)
        assert (refused.kind, refused.failure) == ("error", failure)


def test_a_message_without_a_transaction_is_refused(client: Client) -> None:
    assert client.send(client.message(cert_request(new_key()))).failure == "badDataFormat"


def test_a_message_of_another_time_is_refused(world: World, client: Client) -> None:
    for minutes in (-11, 11):
        moment = world.clock.now() + timedelta(minutes=minutes)
        refused = client.ask(general(), time=moment)
        assert (refused.failure, refused.is_protected) == ("badTime", True)
        assert "UTC" in refused.text
        near = world.clock.now() + timedelta(minutes=minutes * 9 / 11)
        assert client.ask(general(), time=near).kind == "genp"


def test_each_of_our_authorities_may_be_addressed(world: World, client: Client) -> None:
    names = [one.certificate.subject for one in world.authorities.all()]
    for name in names:
        answer = client.ask(general(), recipient=name)
        assert answer.kind == "genp"
    assert len(names) > 2


def test_the_profile_in_the_header_is_the_grants_or_refused(client: Client) -> None:
    def named(word: str) -> dict[str, bytes]:
        text = word.encode()
        inner = bytes([0x0C, len(text)]) + text
        return {CERT_PROFILE: bytes([0x30, len(inner)]) + inner}

    assert client.ask(cert_request(new_key()), info=named("service-client")).kind == "ip"
    refused = client.ask(cert_request(new_key()), info=named("tls-server"))
    assert refused.failure == "notAuthorized"
    broken = client.ask(cert_request(new_key()), info={CERT_PROFILE: b"\x05\x00"})
    assert broken.failure == "badDataFormat"


def test_a_kind_of_message_that_is_not_offered_is_refused(client: Client) -> None:
    for fill in (
        nothing_known,
        cert_request(new_key(), kind="krr"),
        cert_request(new_key(), kind="ccr"),
    ):
        assert client.ask(fill).failure == "badRequest"


def test_one_request_in_a_message_is_answered(client: Client, world: World, grant: Grant) -> None:
    assert client.ask(cert_request(new_key(), copies=2)).failure == "badRequest"
    assert world.grants.find(grant.id).certificates_used == 0


def test_a_poll_or_confirmation_without_a_transaction_is_refused(client: Client) -> None:
    assert client.ask(poll_req()).failure == "badRequest"


def test_what_is_no_message_gets_one_all_the_same(client: Client) -> None:
    for data in (b"", b"\x00", b"not DER at all", b"\x30\x80\x00\x00", b"0\x03"):
        refused = client.send(data)
        assert (refused.kind, refused.failure) == ("error", "badDataFormat")


def test_a_message_cut_anywhere_is_malformed(client: Client) -> None:
    client.begin()
    data = client.message(cert_request(new_key()))
    for end in range(0, len(data), 7):
        assert client.send(data[:end]).failure == "badDataFormat"
    assert client.send(data + b"\x00").failure == "badDataFormat"


def test_what_comes_over_http_otherwise_is_our_problem(client: Client, http: FlaskClient) -> None:
    wrong_type = http.post(CMP, data=b"0", content_type="application/json")
    assert (wrong_type.status_code, slug(wrong_type)) == (415, "unsupported-media-type")
    large = http.post(CMP, data=bytes(70_000), content_type=PKIXCMP)
    assert (large.status_code, slug(large)) == (413, "content-too-large")
    unknown = http.post(f"{CMP}/p/moon", data=b"0", content_type=PKIXCMP)
    assert (unknown.status_code, slug(unknown)) == (404, "no-such-path")
    assert http.get(CMP).status_code == 405


def test_a_certificate_that_the_front_names_counts_for_nothing(
    world: World, http: FlaskClient, client: Client
) -> None:
    certificate = client.ask(cert_request(new_key())).certificate
    client.begin()
    data = client.message(general(), protected=False)
    headers = {"X-SSL-Client-Cert": front_header(certificate)}
    reply = http.post(CMP, data=data, content_type=PKIXCMP, headers=headers)
    assert judged(reply.data, b"").failure == "badMessageCheck"


def test_a_token_that_is_away_is_said_to_be_away_before_anything_is_done(
    world: World, signed: Client, grant: Grant
) -> None:
    before = world.grants.find(grant.id).certificates_used
    world.keys.away = True
    refused = signed.ask(cert_request(new_key(), kind="cr"))
    assert (refused.kind, refused.failure) == ("error", "systemUnavail")
    assert not refused.is_protected
    world.keys.away = False
    assert signed.ask(cert_request(new_key(), kind="cr")).kind == "cp"
    assert world.grants.find(grant.id).certificates_used == before + 1


def test_a_token_that_goes_away_while_it_signs_the_answer_leaves_nothing_behind(
    world: World, signed: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer = world.cmp.server_certificates.signer()

    def away(_message: bytes) -> bytes:
        raise TokenUnavailable("The token is away.")

    with monkeypatch.context() as patched:
        patched.setattr(type(signer.key), "sign", lambda self, message: away(message))
        patched.setattr(world.granted_issuance, "issue", _issued_before(world))
        refused = signed.ask(cert_request(new_key(), kind="cr"))
    assert refused.failure == "systemUnavail"


def _issued_before(world: World) -> Callable[[object], object]:
    [newest] = world.register.page(limit=1, profile="service-client")
    delivered = world.delivery.delivered(newest.authority, newest.serial_number)
    return lambda _request: delivered


def test_every_refusal_has_one_bit_and_the_categories_stand_last() -> None:
    seen: list[type[CamtrustError]] = []
    for kind, bit in FAILURES:
        assert bit in FailureInfo
        assert not any(issubclass(kind, one) for one in seen), kind
        seen.append(kind)
    assert FAILURES[-1][0] is CamtrustError


def test_rsa_keys_by_p10cr_are_taken_where_the_profile_takes_them(
    world: World, http: FlaskClient, granted: Callable[..., Grant]
) -> None:
    client = mac_client(world, http, granted(profile="service-client"))
    private = rsa.generate_private_key(65537, 3072)
    answer = client.ask(p10cr(csr_for(private)))
    assert answer.certificate.public_key() == private.public_key()
