"""A delivered certificate in the forms that clients ask for."""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from enrollment.delivery import DeliveredCertificate
from enrollment.messages import CertificateView, LogView

DER_TYPE = "application/pkix-cert"  # RFC 2585, Section 4.1
PEM_CHAIN_TYPE = "application/pem-certificate-chain"  # RFC 8555, Section 9.1
CHAIN_TYPES = (PEM_CHAIN_TYPE, DER_TYPE)
CERTIFICATE_RESPONSES: dict[int | str, dict[str, str | dict[str, dict[str, Any]]]] = {
    200: {"content": {media_type: {} for media_type in CHAIN_TYPES}}
}


def as_message(delivered: DeliveredCertificate) -> CertificateView:
    """Return the certificate with everything that belongs to it."""
    return CertificateView(
        certificate=_pem(x509.load_der_x509_certificate(delivered.certificate_der)),
        chain=tuple(map(_pem, delivered.chain)),
        authority=delivered.authority,
        serial_number=f"{delivered.serial_number:x}",
        log=LogView(index=delivered.log_index, proof=delivered.proof),
    )


def in_type(delivered: DeliveredCertificate, media_type: str) -> bytes:
    """Return the certificate in one of :data:`CHAIN_TYPES`."""
    if media_type == DER_TYPE:
        return delivered.certificate_der
    leaf = x509.load_der_x509_certificate(delivered.certificate_der)
    # The anchor is left out: who relies on it has it already, from elsewhere.
    return "".join(map(_pem, [leaf, *delivered.chain[:-1]])).encode()


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode("ascii")
