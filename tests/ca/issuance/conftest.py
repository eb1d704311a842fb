"""Requests for certificates of devices, with keys of their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from ca.csr import verify_csr
from ca.plan import CertificateRequest

Ask = Callable[..., CertificateRequest]


@pytest.fixture
def ask() -> Ask:
    """Return a request for a device's certificate; another key, holder or reference on demand."""

    def request(
        name: str,
        *,
        key: ec.EllipticCurvePrivateKey | None = None,
        holder: str | None = None,
        reference: str | None = None,
        authority: str | None = None,
        organization_name: str = "Test Ministry",
    ) -> CertificateRequest:
        builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
        csr = builder.sign(key or ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
        return CertificateRequest(
            profile="device",
            csr=verify_csr(csr.public_bytes(Encoding.DER)),
            holder=holder or f"device:{name}",
            facts={
                "common_name": name,
                "device_serial_number": name,
                "organization_name": organization_name,
            },
            reference=reference,
            authority=authority,
        )

    return request
