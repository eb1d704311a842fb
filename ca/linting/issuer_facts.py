"""What rules need to know of an issuer's own certificate, read once."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ca.der import read_element
from ca.linting.throwaway import algorithm_of
from ca.profiles.extensions import authority_key_identifier
from hsm.signature_identifiers import SIGNATURE_ALGORITHM_DER

# More authorities than there will ever be.
_MOST_ISSUERS = 1024
_SUBJECT = 5


class IssuerFacts(NamedTuple):
    """Encodings that the issuer's certificate fixes for what it issues."""

    subject_der: bytes
    key_identifier_extension: bytes
    signature_algorithm: bytes
    not_before: datetime
    not_after: datetime
    path_length: int | None
    is_authority: bool


@lru_cache(maxsize=_MOST_ISSUERS)
def issuer_facts(certificate: x509.Certificate) -> IssuerFacts:
    """Read an issuer's certificate."""
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey):
        raise TypeError("an authority's key is RSA, EC or Ed25519")
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        constraints = x509.BasicConstraints(ca=False, path_length=None)
    fields = list(read_element(certificate.tbs_certificate_bytes).children())
    return IssuerFacts(
        subject_der=fields[_SUBJECT].der,
        key_identifier_extension=authority_key_identifier(certificate).public_bytes(),
        signature_algorithm=SIGNATURE_ALGORITHM_DER[algorithm_of(key)],
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        path_length=constraints.path_length,
        is_authority=constraints.ca,
    )
