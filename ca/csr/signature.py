"""Verify that whoever made the request holds its key (RFC 2986, Section 3)."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ca.csr.parsing import ParsedCsr
from ca.csr.refusals import (
    KEPT,
    CsrSignatureAlgorithmRefused,
    CsrSignatureWrong,
    CsrWeakSignature,
)
from ca.der import NULL_DER
from core import oids
from hsm.keys import PublicKey

_WEAK = {
    oids.MD2_WITH_RSA: "MD2",
    oids.MD5_WITH_RSA: "MD5",
    oids.SHA1_WITH_RSA: "SHA-1",
    oids.SHA1_WITH_RSA_OIW: "SHA-1",
    oids.ECDSA_WITH_SHA1: "SHA-1",
}
_RSA: dict[str, hashes.HashAlgorithm] = {
    oids.SHA256_WITH_RSA: hashes.SHA256(),
    oids.SHA384_WITH_RSA: hashes.SHA384(),
    oids.SHA512_WITH_RSA: hashes.SHA512(),
}
_ECDSA: dict[str, hashes.HashAlgorithm] = {
    oids.ECDSA_WITH_SHA256: hashes.SHA256(),
    oids.ECDSA_WITH_SHA384: hashes.SHA384(),
    oids.ECDSA_WITH_SHA512: hashes.SHA512(),
}


def check_signature_algorithm(parsed: ParsedCsr) -> None:
    """Refuse hashes of the past before anything is computed. Raises CsrWeakSignature."""
    hash_name = _WEAK.get(parsed.signature_algorithm)
    if hash_name is not None:
        raise CsrWeakSignature(
            f"The request is signed with {hash_name}; sign it with SHA-256 or better.",
            kept=KEPT,
            hash=hash_name,
        )


def verify_signature(parsed: ParsedCsr, key: PublicKey) -> None:
    """Verify the request under its own key.

    Raises CsrSignatureWrong, or CsrSignatureAlgorithmRefused where key and algorithm do not fit.
    """
    try:
        verify_octets(
            parsed.info_der,
            parsed.signature,
            (parsed.signature_algorithm, parsed.signature_parameters),
            key,
        )
    except InvalidSignature as error:
        raise CsrSignatureWrong(
            "The request is not signed with the key that it contains.", kept=KEPT
        ) from error


def verify_octets(
    message: bytes, signature: bytes, algorithm: tuple[str, bytes], key: PublicKey
) -> None:
    """Verify a signature by an AlgorithmIdentifier: its OID, and the DER of its parameters.

    Raises InvalidSignature, or CsrSignatureAlgorithmRefused where key and algorithm do not fit.
    """
    oid, parameters = algorithm
    if isinstance(key, RSAPublicKey):
        # RFC 4055, Section 5: NULL, though some programs leave it out.
        if oid in _RSA and parameters in {NULL_DER, b""}:
            return key.verify(signature, message, padding.PKCS1v15(), _RSA[oid])
    elif isinstance(key, ec.EllipticCurvePublicKey):
        if oid in _ECDSA and not parameters:  # RFC 5758, Section 3.2
            return key.verify(signature, message, ec.ECDSA(_ECDSA[oid]))
    elif oid == oids.ED25519 and not parameters:  # RFC 8410, Section 3
        return key.verify(signature, message)
    raise CsrSignatureAlgorithmRefused(
        "The request's signature algorithm is not accepted for its key. Use PKCS #1 v1.5 or "
        "ECDSA with SHA-256, SHA-384 or SHA-512, or Ed25519.",
        kept=KEPT,
        algorithm=oid,
    )
