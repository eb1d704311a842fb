"""Certificates that somebody sends are read whole, or refused in one way."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ca.foreign_certificates import read_certificate, read_certificates

V3 = b"\xa0\x03\x02\x01\x02"
CONSTRAINTS = bytes.fromhex("0603551d13")
USAGE = bytes.fromhex("0603551d0f")


@pytest.fixture(scope="module")
def certificate() -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Somebody")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1)
    builder = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
    builder = builder.not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
    constraints, usage = x509.BasicConstraints(False, None), x509.SubjectKeyIdentifier(b"12")
    return (
        builder.add_extension(constraints, critical=False)
        .add_extension(usage, critical=False)
        .sign(key, hashes.SHA256())
    )


@pytest.mark.parametrize(
    ("what", "instead"),
    [
        pytest.param(V3, b"\xa0\x03\x02\x01\x12", id="version"),
        pytest.param(bytes.fromhex("0603551d0e"), CONSTRAINTS, id="extension twice"),
        pytest.param(CONSTRAINTS, USAGE, id="extension of another shape"),
        pytest.param(
            bytes.fromhex("06082a8648ce3d030107"),
            bytes.fromhex("06082a8648ce3d030101"),
            id="unknown curve",
        ),
        pytest.param(b"\x17\x0d260101", b"\x17\x0d261301", id="month"),
        pytest.param(b"\x30\x82", b"\x31\x82", id="not DER"),
    ],
)
def test_what_is_wrong_anywhere_in_it_is_one_error(
    certificate: x509.Certificate, what: bytes, instead: bytes
) -> None:
    good = certificate.public_bytes(Encoding.DER)
    assert read_certificate(good) == certificate
    changed = good.replace(what, instead)
    assert changed != good
    with pytest.raises(ValueError, match="cannot be read"):
        read_certificate(changed)
    with pytest.raises(ValueError, match="cannot be read"):
        read_certificates(pem_of(good) + pem_of(changed))
    assert read_certificates(pem_of(good) * 2) == [certificate] * 2


def pem_of(der: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n%s-----END CERTIFICATE-----\n" % base64.encodebytes(der)
