"""Anyone may report a compromised key who proves to have it; nobody else can."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from ca.models import blocked_keys, certificates
from ca.revocation.compromised_keys import CompromisedKeys
from ca.revocation.errors import ProofRefused
from ca.revocation.possession import (
    REPORT_COMMON_NAME,
    challenge_for,
    key_proven_by_request,
    key_proven_by_signature,
)
from ca.revocation.reasons import RevocationReason
from ca.revocation.revocation import Revocation
from ca.revocation.status import StatusDirectory
from tests.ca.revocation.world import Keeps, World, entries_of


@pytest.fixture
def compromised(world: World, retention: Keeps) -> CompromisedKeys:
    return CompromisedKeys(
        database=world.database, log=world.log, retention=retention, clock=world.clock
    )


def request_for(key: ec.EllipticCurvePrivateKey, common_name: str = REPORT_COMMON_NAME) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


def pem_of(public_key: object) -> bytes:
    return public_key.public_bytes(  # type: ignore[attr-defined,no-any-return]
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )


def test_a_reported_key_is_blocked_and_its_certificates_are_revoked(
    world: World, revocation: Revocation, compromised: CompromisedKeys
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    good, held, superseded = (
        world.issue("people-1", public_key=key.public_key()).serial_number for _ in range(3)
    )
    revocation.hold(serial_number=held)
    revocation.revoke(serial_number=superseded, reason=RevocationReason.SUPERSEDED)
    bystander = world.issue("people-1").serial_number

    report = compromised.report(key_proven_by_request(request_for(key)))

    assert report.newly_blocked
    assert {one.serial_number for one in report.revoked} == {good, held, superseded}
    statuses = StatusDirectory(database=world.database).statuses(
        "people-1", [good, held, superseded, bystander]
    )
    assert statuses.pop(bystander).is_good
    assert {one.reason for one in statuses.values()} == {RevocationReason.KEY_COMPROMISE}
    assert "key-blocked" in {one.kind for one in entries_of(world.database)}


def test_a_second_report_changes_nothing(world: World, compromised: CompromisedKeys) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    world.issue("people-1", public_key=key.public_key())
    compromised.report(key.public_key())
    logged = len(entries_of(world.database))

    report = compromised.report(key.public_key())

    assert not report.newly_blocked
    assert report.revoked == ()
    assert len(entries_of(world.database)) == logged


def test_a_key_without_certificates_is_blocked_before_it_gets_one(
    world: World, compromised: CompromisedKeys
) -> None:
    report = compromised.report(ec.generate_private_key(ec.SECP256R1()).public_key())

    with world.database.read() as connection:
        blocked = connection.execute(select(func.count()).select_from(blocked_keys)).scalar_one()
    assert blocked == 1
    assert report.revoked == ()


def test_a_certificate_on_its_way_is_revoked_with_the_others(
    world: World, compromised: CompromisedKeys
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    serial = world.issue("people-1", public_key=key.public_key(), state="reserved").serial_number

    compromised.report(key.public_key())
    with world.database.begin() as connection:
        connection.execute(
            update(certificates)
            .where(certificates.c.serial_number == serial)
            .values(state="issued", certificate_der=b"\x30\x00")
        )

    status = StatusDirectory(database=world.database).statuses("people-1", [serial])[serial]
    assert status.reason is RevocationReason.KEY_COMPROMISE


def test_an_authoritys_key_is_blocked_and_left_to_a_ceremony(
    world: World, compromised: CompromisedKeys
) -> None:
    report = compromised.report(world.signers["people-1"].public_key)

    assert report.newly_blocked
    assert report.authorities == ("people-1",)
    assert report.revoked == ()


def test_a_report_that_was_cut_short_is_finished(
    world: World, compromised: CompromisedKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    world.issue("people-1", public_key=key.public_key())
    with monkeypatch.context() as patch:
        patch.setattr(compromised, "_revoke_all", lambda _hash: [])
        compromised.report(key.public_key())

    assert compromised.finish() == 1
    assert compromised.finish() == 0


def test_a_request_that_openssl_makes_is_a_proof(
    require: Callable[[str], str], tmp_path: Path
) -> None:
    openssl = require("openssl")
    made = subprocess.run(
        [openssl, "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "key",
         "-subj", f"/CN={REPORT_COMMON_NAME}"],
        check=True, capture_output=True,
    )  # fmt: skip

    assert isinstance(key_proven_by_request(made.stdout), rsa.RSAPublicKey)


def test_a_signature_that_openssl_makes_is_a_proof(
    require: Callable[[str], str], tmp_path: Path
) -> None:
    openssl = require("openssl")
    key = tmp_path / "key.pem"
    subprocess.run(
        [openssl, "ecparam", "-genkey", "-noout", "-name", "prime256v1", "-out", key], check=True
    )
    public = subprocess.run(
        [openssl, "pkey", "-in", key, "-pubout"], check=True, capture_output=True
    ).stdout
    challenge = tmp_path / "challenge"
    challenge.write_bytes(challenge_for(load_pem_public_key(public)))  # type: ignore[arg-type]
    signature = subprocess.run(
        [openssl, "dgst", "-sha256", "-sign", key, challenge], check=True, capture_output=True
    ).stdout

    assert key_proven_by_signature(public, signature)


def test_signatures_of_every_supported_kind_are_proofs() -> None:
    rsa_key = rsa.generate_private_key(65537, 2048)
    ed_key = Ed25519PrivateKey.generate()
    text = challenge_for(rsa_key.public_key())
    pss = padding.PSS(padding.MGF1(SHA512()), padding.PSS.MAX_LENGTH)

    for signature in (
        rsa_key.sign(text, padding.PKCS1v15(), SHA256()),
        rsa_key.sign(text, pss, SHA512()),
    ):
        assert key_proven_by_signature(pem_of(rsa_key.public_key()), signature)
    signed = ed_key.sign(challenge_for(ed_key.public_key()))
    assert key_proven_by_signature(pem_of(ed_key.public_key()), signed)


def test_an_ordinary_request_is_no_report() -> None:
    key = ec.generate_private_key(ec.SECP256R1())

    with pytest.raises(ProofRefused, match="common name"):
        key_proven_by_request(request_for(key, "Sok Dara"))


def test_a_request_with_a_broken_signature_is_no_proof() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    der = bytearray(x509.load_pem_x509_csr(request_for(key)).public_bytes(Encoding.DER))
    der[-1] ^= 1

    with pytest.raises(ProofRefused):
        key_proven_by_request(bytes(der))


def test_a_signature_over_something_else_is_no_proof() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    other = ec.generate_private_key(ec.SECP256R1())
    pem = pem_of(key.public_key())

    for signature in (
        key.sign(b"a document", ec.ECDSA(SHA256())),
        key.sign(challenge_for(other.public_key()), ec.ECDSA(SHA256())),
        other.sign(challenge_for(key.public_key()), ec.ECDSA(SHA256())),
        b"",
    ):
        with pytest.raises(ProofRefused):
            key_proven_by_signature(pem, signature)


def test_keys_that_we_never_certify_are_no_proof() -> None:
    x25519 = b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAk=\n-----END PUBLIC KEY-----\n"  # noqa: E501

    with pytest.raises(ProofRefused):
        key_proven_by_signature(x25519, b"\x00" * 64)
    with pytest.raises(ProofRefused):
        key_proven_by_request(b"\x30" * 20_000)


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_the_parsers_refuse_any_octets_politely(data: bytes) -> None:
    with pytest.raises(ProofRefused):
        key_proven_by_request(data)
    with pytest.raises(ProofRefused):
        key_proven_by_signature(data, data)
