"""Sign what was linted, and believe nobody: compare and verify what came back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from ca.issuance.errors import SignatureMismatch
from ca.linting import LintedCertificate
from ca.plan import CertificatePlan
from hsm.keys import KeyAlgorithm, SigningKey
from hsm.signature_identifiers import SIGNATURE_ALGORITHM_DER


@dataclass(frozen=True)
class SignedCertificate:
    """What the token signed: believed by nobody before :func:`verify_signed`."""

    plan: CertificatePlan
    tbs_der: bytes
    certificate_der: bytes


@dataclass(frozen=True)
class VerifiedCertificate:
    """A certificate whose signature was verified with the issuer's key, not yet stored."""

    plan: CertificatePlan
    certificate_der: bytes

    @cached_property
    def sha256(self) -> bytes:
        """SHA-256 of the certificate's DER."""
        return sha256(self.certificate_der).digest()


def sign_linted(linted: LintedCertificate, key: SigningKey) -> SignedCertificate:
    """Redeem the lint and sign its bytes. Raises what the key raises."""
    tbs_der = linted.redeem(authority=linted.plan.authority)
    certificate_der = assemble(tbs_der, key.algorithm, key.sign(tbs_der))
    return SignedCertificate(linted.plan, tbs_der, certificate_der)


def verify_signed(signed: SignedCertificate) -> VerifiedCertificate:
    """Compare the signed bytes with those linted, and verify. Raises SignatureMismatch."""
    plan = signed.plan
    certificate = x509.load_der_x509_certificate(signed.certificate_der)
    if certificate.tbs_certificate_bytes != signed.tbs_der:
        raise SignatureMismatch("The signed bytes differ from the linted bytes.")
    issuer = plan.issuer
    try:
        # RFC 5280, Section 6.1.3 (a)(1) and (4): signature, and name chaining.
        certificate.verify_directly_issued_by(issuer.certificate if issuer else certificate)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise SignatureMismatch(
            "The certificate does not verify with its issuer's key.", authority=plan.authority
        ) from error
    return VerifiedCertificate(plan, signed.certificate_der)


def assemble(tbs_der: bytes, algorithm: KeyAlgorithm, signature: bytes) -> bytes:
    """Return SEQUENCE { tbsCertificate, signatureAlgorithm, signature } (RFC 5280, 4.1.1)."""
    # A BIT STRING begins with the number of unused bits in its last octet: none.
    bits = b"\x00" + signature
    body = tbs_der + SIGNATURE_ALGORITHM_DER[algorithm] + b"\x03" + _length(len(bits)) + bits
    return b"\x30" + _length(len(body)) + body


def _length(octets: int) -> bytes:
    # X.690, Section 8.1.3: short form below 128, else the count of length octets first.
    if octets < 0x80:
        return bytes([octets])
    encoded = octets.to_bytes((octets.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(encoded)]) + encoded
