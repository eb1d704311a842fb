"""Algorithms by their object identifiers (RFC 4055, RFC 5754, RFC 5758)."""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass

from asn1crypto.algos import RSASSAPSSParams

from hsm.digests import DigestAlgorithm, SignatureScheme
from hsm.keys import KeyAlgorithm
from signing.csc.errors import CscNotOffered, CscRequestRefused

DIGESTS = {
    "2.16.840.1.101.3.4.2.1": DigestAlgorithm.SHA256,
    "2.16.840.1.101.3.4.2.2": DigestAlgorithm.SHA384,
    "2.16.840.1.101.3.4.2.3": DigestAlgorithm.SHA512,
}
RSA_ENCRYPTION = "1.2.840.113549.1.1.1"
RSA_PSS = "1.2.840.113549.1.1.10"
EC_PUBLIC_KEY = "1.2.840.10045.2.1"
# By OID: the scheme, and the hash where the OID says it.
SIGNATURES: dict[str, tuple[SignatureScheme, DigestAlgorithm | None]] = {
    "1.2.840.113549.1.1.11": (SignatureScheme.RSA_PKCS1, DigestAlgorithm.SHA256),
    "1.2.840.113549.1.1.12": (SignatureScheme.RSA_PKCS1, DigestAlgorithm.SHA384),
    "1.2.840.113549.1.1.13": (SignatureScheme.RSA_PKCS1, DigestAlgorithm.SHA512),
    RSA_ENCRYPTION: (SignatureScheme.RSA_PKCS1, None),
    RSA_PSS: (SignatureScheme.RSA_PSS, None),
    "1.2.840.10045.4.3.2": (SignatureScheme.ECDSA, DigestAlgorithm.SHA256),
    "1.2.840.10045.4.3.3": (SignatureScheme.ECDSA, DigestAlgorithm.SHA384),
    "1.2.840.10045.4.3.4": (SignatureScheme.ECDSA, DigestAlgorithm.SHA512),
    EC_PUBLIC_KEY: (SignatureScheme.ECDSA, None),
}
_SHORTEST = {KeyAlgorithm.EC_P384: DigestAlgorithm.SHA384}


@dataclass(frozen=True)
class ChosenAlgorithm:
    """How hashes are to be signed."""

    scheme: SignatureScheme
    digest: DigestAlgorithm
    salt_octets: int | None = None


def algorithms_of(key: KeyAlgorithm, schemes: tuple[SignatureScheme, ...]) -> list[str]:
    """Return the object identifiers by which a key signs."""
    shortest = _SHORTEST.get(key, DigestAlgorithm.SHA256).octets
    return [
        oid
        for oid, (scheme, digest) in SIGNATURES.items()
        if scheme in schemes and (digest is None or digest.octets >= shortest)
    ]


def digest_algorithm(oid: str) -> DigestAlgorithm:
    """Return a hash function by its OID. Raises CscNotOffered."""
    try:
        return DIGESTS[oid]
    except KeyError:
        raise CscNotOffered(
            f"hashAlgorithmOID is one of {', '.join(DIGESTS)} (SHA-256, SHA-384, SHA-512)."
        ) from None


def digest_algorithm_of_length(octets: int) -> DigestAlgorithm:
    """Return the hash function whose digests are so long. Raises CscRequestRefused."""
    for one in DigestAlgorithm:
        if one.octets == octets:
            return one
    raise CscRequestRefused("Invalid parameter hashes: no hash of this length is signed here.")


def chosen_algorithm(
    sign_algo: str, parameters: str | None, hash_oid: str | None, hash_octets: int
) -> ChosenAlgorithm:
    """Return what ``signAlgo``, ``signAlgoParams`` and ``hashAlgorithmOID`` say together.

    Where none of them says the hash, its length does. Raises CscNotOffered, CscRequestRefused.
    """
    if sign_algo not in SIGNATURES:
        raise CscNotOffered("Invalid parameter signAlgo: see key.algo of credentials/info.")
    scheme, said = SIGNATURES[sign_algo]
    salt = None
    if scheme is SignatureScheme.RSA_PSS and parameters is not None:
        said, salt = _pss_parameters(parameters)
    named = None if hash_oid is None else digest_algorithm(hash_oid)
    if said is not None and named is not None and said is not named:
        raise CscRequestRefused("signAlgo and hashAlgorithmOID name different hashes.")
    chosen = said or named or digest_algorithm_of_length(hash_octets)
    return ChosenAlgorithm(scheme, chosen, salt)


def _pss_parameters(parameters: str) -> tuple[DigestAlgorithm, int]:
    # RFC 4055, Section 3.1; the mask is made with the same hash.
    try:
        read = RSASSAPSSParams.load(b64decode(parameters, validate=True), strict=True)
        hashed = read["hash_algorithm"]["algorithm"].native
        mask = read["mask_gen_algorithm"]["parameters"]["algorithm"].native
        salt, trailer = read["salt_length"].native, read["trailer_field"].native
        digest = DigestAlgorithm(hashed)
    except (binascii.Error, ValueError, TypeError, KeyError) as error:
        raise CscRequestRefused("Invalid parameter signAlgoParams.") from error
    if (mask, trailer) != (hashed, "trailer_field_bc") or not 0 <= salt < 1_000:
        raise CscNotOffered("RSA-PSS is made with one hash for the message and the mask.")
    return digest, salt
