"""Certificates that somebody sends: read whole at once, so that nothing of them surprises later."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm


def read_certificate(certificate_der: bytes) -> x509.Certificate:
    """Return a certificate of DER, all of which can be asked for. Raises ValueError."""
    try:
        return _whole(x509.load_der_x509_certificate(certificate_der))
    except _FLAWS as error:
        raise ValueError(f"The certificate cannot be read: {error}") from error


def read_certificates(pem: bytes) -> Sequence[x509.Certificate]:
    """Return the certificates of PEM, at least one. Raises ValueError."""
    try:
        return [_whole(one) for one in x509.load_pem_x509_certificates(pem)]
    except _FLAWS as error:
        raise ValueError(f"The certificates cannot be read: {error}") from error


# cryptography reads a part when it is asked for, and has errors of its own for the first three:
# they are no ValueError.
_FLAWS = (
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    UnsupportedAlgorithm,
    ValueError,
)


def _whole(certificate: x509.Certificate) -> x509.Certificate:
    certificate.public_key()
    for part in ("subject", "issuer", "extensions", "not_valid_before_utc", "not_valid_after_utc"):
        getattr(certificate, part)
    return certificate
