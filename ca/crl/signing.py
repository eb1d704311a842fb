"""Sign what was linted, and believe nobody: verify what came back."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from ca.crl.building import BuiltCrl
from ca.crl.errors import CrlSignatureError
from ca.crl.linting import LintedCrl
from ca.crl.octets import Octets
from ca.der import BIT_STRING, SEQUENCE, encode_element, encode_header
from hsm.keys import SigningKey
from hsm.private_keys import hash_for
from hsm.signature_identifiers import SIGNATURE_ALGORITHM_DER


@dataclass(frozen=True)
class SignedCrl:
    """A CRL whose signature was verified with its issuer's key, not yet stored."""

    built: BuiltCrl
    content: Octets
    sha256: bytes


def sign_crl(linted: LintedCrl, key: SigningKey) -> SignedCrl:
    """Sign the linted bytes. Raises CrlSignatureError, or what the key raises."""
    built = linted.built
    signature = key.sign_parts(built.tbs)
    _verify(linted, signature)
    # RFC 5280, Section 5.1: CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm,
    # signatureValue }. A BIT STRING begins with the number of unused bits in its last octet: none.
    after = SIGNATURE_ALGORITHM_DER[built.algorithm] + encode_element(
        BIT_STRING, b"\x00" + signature
    )
    size = len(built.tbs) + len(after)
    content = Octets(encode_header(SEQUENCE, size) + built.opening, built.listed, built.tail, after)
    digest = sha256()
    for part in content:
        digest.update(part)
    return SignedCrl(built, content, digest.digest())


def _verify(linted: LintedCrl, signature: bytes) -> None:
    # Read once more, for both: the token may have been given other bytes than the lint was.
    built, plain = linted.built, sha256()
    hash_algorithm = hash_for(built.algorithm)
    digest = hashes.Hash(hash_algorithm or hashes.SHA256())
    for part in built.tbs:
        plain.update(part)
        digest.update(part)
    if plain.digest() != linted.tbs_sha256:
        raise CrlSignatureError("The signed bytes differ from the linted bytes.")
    # RFC 5280, Section 6.3.3 (g): with the key of the issuer's own certificate.
    issuer_key = built.scope.issuer.certificate.public_key()
    try:
        if isinstance(issuer_key, ed25519.Ed25519PublicKey):
            # RFC 8032: PureEdDSA has no hash to verify by.
            issuer_key.verify(signature, b"".join(built.tbs))
        else:
            _verify_digest(issuer_key, signature, digest.finalize(), hash_algorithm)
    except (InvalidSignature, TypeError) as error:
        raise CrlSignatureError(
            "The CRL does not verify with its issuer's key.",
            authority=built.scope.issuer.authority,
        ) from error


def _verify_digest(
    issuer_key: CertificatePublicKeyTypes,
    signature: bytes,
    digest: bytes,
    algorithm: hashes.HashAlgorithm | None,
) -> None:
    if algorithm is None:
        raise TypeError("the CRL names another algorithm than its issuer's")
    hashed = Prehashed(algorithm)
    if isinstance(issuer_key, ec.EllipticCurvePublicKey):
        issuer_key.verify(signature, digest, ec.ECDSA(hashed))
    elif isinstance(issuer_key, rsa.RSAPublicKey):
        issuer_key.verify(signature, digest, padding.PKCS1v15(), hashed)
    else:
        raise TypeError("no key of ours")
