"""Certificates of signers and of authorities, as far as passes ask of them.

Read with asn1crypto: Japan's barcode signers carry NULL parameters and octets behind the end,
which ``cryptography`` refuses and OpenSSL takes. What counts is that the authority signed it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from asn1crypto import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_public_key

from signing.passes.errors import PassRefused, bad_encoding

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


@dataclass(frozen=True)
class PassCertificate:
    """One certificate; times are aware UTC, ``extended_key_usage`` holds dotted OIDs.

    ``country`` is the subject's, ``issuer_country`` that of the authority whom it names.
    """

    der: bytes
    subject: str
    country: str | None
    issuer_country: str | None
    not_before: datetime
    not_after: datetime
    extended_key_usage: frozenset[str]
    is_authority: bool
    key: PublicKeyTypes = field(compare=False)
    parsed: x509.Certificate = field(compare=False, repr=False)

    @cached_property
    def key_id(self) -> bytes:
        """The kid of HCERT: the first 8 octets of SHA-256 over the certificate."""
        return hashlib.sha256(self.der).digest()[:8]

    def is_valid_at(self, moment: datetime) -> bool:
        """Tell whether ``moment`` is within the validity (RFC 5280, Section 4.1.2.5)."""
        return self.not_before <= moment <= self.not_after

    def is_issued_by(self, authority: PassCertificate) -> bool:
        """Tell whether ``authority`` signed this certificate, and is named as its issuer."""
        if not authority.is_authority or self.parsed.issuer != authority.parsed.subject:
            return False
        algorithm = self.parsed["signature_algorithm"]
        signature = self.parsed["signature_value"].native
        return is_signed_by(authority.key, algorithm, signature, _to_be_signed(self.parsed))


def read_certificate(octets: bytes) -> PassCertificate:
    """Read a certificate in DER; octets behind its end are left aside.

    Raises PassRefused (INVALID_ENCODING).
    """
    try:
        return _read(octets)
    except PassRefused:
        raise
    # asn1crypto raises whatever the octets lead it to.
    except Exception as error:
        raise bad_encoding("The signer's certificate cannot be read.") from error


def is_signed_by(
    key: PublicKeyTypes,
    algorithm: x509.SignedDigestAlgorithm,
    signature: bytes,
    octets: bytes,
) -> bool:
    """Tell whether ``key`` signed ``octets``, a certificate's or a CRL's, by SHA-2."""
    try:
        _verify(key, algorithm, signature, octets)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, KeyError, TypeError):
        return False
    return True


def _verify(
    key: PublicKeyTypes,
    algorithm: x509.SignedDigestAlgorithm,
    signature: bytes,
    octets: bytes,
) -> None:
    hash_function = _HASHES[algorithm.hash_algo]
    kind = algorithm.signature_algo
    if kind == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, octets, ec.ECDSA(hash_function))
    elif kind == "rsassa_pkcs1v15" and isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, octets, padding.PKCS1v15(), hash_function)
    elif kind == "rsassa_pss" and isinstance(key, rsa.RSAPublicKey):
        salt = algorithm["parameters"]["salt_length"].native
        scheme = padding.PSS(padding.MGF1(hash_function), salt)
        key.verify(signature, octets, scheme, hash_function)
    else:
        raise UnsupportedAlgorithm(kind)


def _read(octets: bytes) -> PassCertificate:
    parsed = x509.Certificate.load(octets)
    der = parsed.dump()
    _ = parsed.native
    usage = parsed.extended_key_usage_value
    constraints = parsed.basic_constraints_value
    is_authority = bool(constraints and constraints["ca"].native)
    # RFC 4518 has letters that no name may have: what will be compared has to be without them.
    for name in (parsed.issuer, parsed.subject) if is_authority else (parsed.issuer,):
        _ = name.hashable
    return PassCertificate(
        der=der,
        subject=parsed.subject.human_friendly,
        country=_country(parsed.subject),
        issuer_country=_country(parsed.issuer),
        not_before=parsed.not_valid_before,
        not_after=parsed.not_valid_after,
        extended_key_usage=frozenset(one.dotted for one in usage) if usage else frozenset(),
        is_authority=is_authority,
        key=load_der_public_key(parsed.public_key.dump()),
        parsed=parsed,
    )


def _to_be_signed(parsed: x509.Certificate) -> bytes:
    octets: bytes = parsed["tbs_certificate"].dump()
    return octets


def _country(name: x509.Name) -> str | None:
    found = name.native.get("country_name")
    return found if isinstance(found, str) else None
