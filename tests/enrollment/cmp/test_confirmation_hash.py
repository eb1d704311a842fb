"""certHash: as the certificate is signed, or as hashAlg says (RFC 9810, Section 5.3.18)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256, sha384, sha512

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding

from enrollment.cmp.bodies import Confirmation
from enrollment.cmp.confirming import check_cert_hash
from enrollment.cmp.errors import CmpCertHashWrong

OIDS = {
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
    "sha1": "1.3.14.3.2.26",
}


def signed_by(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey, hashed: object) -> bytes:
    name = x509.Name.from_rfc4514_string("CN=test")
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .public_key(key.public_key())
    )
    return builder.sign(key, hashed).public_bytes(Encoding.DER)  # type: ignore[arg-type]


def confirms(certificate_der: bytes, cert_hash: bytes, algorithm: str | None = None) -> bool:
    oid = None if algorithm is None else OIDS[algorithm]
    try:
        check_cert_hash(certificate_der, Confirmation(cert_hash, 0, True, oid))
    except CmpCertHashWrong:
        return False
    return True


def test_a_certificate_signed_by_eddsa_is_confirmed_with_the_hash_named() -> None:
    der = signed_by(Ed25519PrivateKey.generate(), None)
    assert not confirms(der, sha512(der).digest())
    assert not confirms(der, sha256(der).digest())
    assert confirms(der, sha512(der).digest(), "sha512")
    assert confirms(der, sha256(der).digest(), "sha256")
    assert not confirms(der, sha256(der).digest(), "sha512")


@pytest.mark.parametrize(("hashed", "digest"), [(SHA256(), sha256), (SHA384(), sha384)])
def test_a_certificate_signed_by_ecdsa_has_the_hash_of_its_signature(
    hashed: object, digest: type
) -> None:
    der = signed_by(ec.generate_private_key(ec.SECP384R1()), hashed)
    assert confirms(der, digest(der).digest())
    assert not confirms(der, sha512(der).digest())
    assert confirms(der, sha512(der).digest(), "sha512")


def test_sha1_confirms_nothing() -> None:
    der = signed_by(ec.generate_private_key(ec.SECP256R1()), SHA256())
    assert not confirms(der, sha1(der).digest(), "sha1")
