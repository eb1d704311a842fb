"""The certificates and CRLs of a ceremony's folder, and which of them signed which."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from ca.foreign_certificates import read_certificate


def certificates_in(files: Mapping[str, bytes]) -> dict[str, x509.Certificate]:
    """Return the certificates among files by path. Raises ValueError for what is none."""
    return {
        path: read_certificate(content)
        for path, content in sorted(files.items())
        if path.endswith(".cer")
    }


def crls_in(files: Mapping[str, bytes]) -> dict[str, x509.CertificateRevocationList]:
    """Return the CRLs among files by path. Raises ValueError for what is none."""
    return {
        path: x509.load_der_x509_crl(content)
        for path, content in sorted(files.items())
        if path.endswith(".crl")
    }


def issuer_of(
    certificate: x509.Certificate, certificates: Mapping[str, x509.Certificate]
) -> str | None:
    """Return the path of a certificate whose key signed this one, or None."""
    return next(
        (path for path, issuer in certificates.items() if _certifies(issuer, certificate)), None
    )


def signer_of(
    crl: x509.CertificateRevocationList, certificates: Mapping[str, x509.Certificate]
) -> str | None:
    """Return the path of a certificate whose key signed this CRL, or None."""
    return next(
        (
            path
            for path, issuer in certificates.items()
            # RFC 5280, Section 6.3.3 (f) and (g): the issuer's name, and its key.
            if issuer.subject == crl.issuer and _signs(issuer, crl)
        ),
        None,
    )


def _certifies(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _signs(issuer: x509.Certificate, crl: x509.CertificateRevocationList) -> bool:
    try:
        # The union holds key types that sign no CRL; those raise TypeError.
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return False
