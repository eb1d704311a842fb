"""Signatures over a digest that was made elsewhere: what a document's signer asks a token for.

Everything else in this package hashes for itself. Here the caller has only the digest, so its
length is held against its algorithm before a token sees it: SoftHSM's raw ECDSA takes a "digest" of
any length without a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pkcs11 import MGF, Mechanism
from pkcs11.exceptions import PKCS11Error

from hsm.algorithms import TOKEN_ALGORITHMS, ecdsa_der
from hsm.errors import AlgorithmNotOffered
from hsm.keys import KeyAlgorithm


class DigestAlgorithm(StrEnum):
    """The hash functions that a signed digest may come from (FIPS 180-4)."""

    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"

    @property
    def octets(self) -> int:
        """How long its digests are."""
        return int(self.removeprefix("sha")) // 8


class SignatureScheme(StrEnum):
    """How a digest is signed."""

    ECDSA = "ecdsa"
    RSA_PKCS1 = "rsa-pkcs1"  # RFC 8017, Section 8.2
    RSA_PSS = "rsa-pss"  # RFC 8017, Section 8.1


@dataclass(frozen=True)
class SigningRequest:
    """A digest, where it comes from, and how it is to be signed.

    ``salt_octets``: how long the salt of RSA-PSS is; None for as long as the digest.
    """

    digest: bytes
    digest_algorithm: DigestAlgorithm
    scheme: SignatureScheme
    salt_octets: int | None = None

    @property
    def salt(self) -> int:
        """How long the salt of RSA-PSS is, in octets."""
        return self.digest_algorithm.octets if self.salt_octets is None else self.salt_octets


# RFC 8017, Section 9.2, Note 1: DigestInfo up to the digest.
_DIGEST_INFO = {
    DigestAlgorithm.SHA256: bytes.fromhex("3031300d060960864801650304020105000420"),
    DigestAlgorithm.SHA384: bytes.fromhex("3041300d060960864801650304020205000430"),
    DigestAlgorithm.SHA512: bytes.fromhex("3051300d060960864801650304020305000440"),
}
_PSS = {
    DigestAlgorithm.SHA256: (Mechanism.SHA256, MGF.SHA256),
    DigestAlgorithm.SHA384: (Mechanism.SHA384, MGF.SHA384),
    DigestAlgorithm.SHA512: (Mechanism.SHA512, MGF.SHA512),
}
SCHEMES = {
    KeyAlgorithm.EC_P256: (SignatureScheme.ECDSA,),
    KeyAlgorithm.EC_P384: (SignatureScheme.ECDSA,),
    KeyAlgorithm.RSA_3072: (SignatureScheme.RSA_PKCS1, SignatureScheme.RSA_PSS),
    KeyAlgorithm.RSA_4096: (SignatureScheme.RSA_PKCS1, SignatureScheme.RSA_PSS),
}
# FIPS 186-5, Section 6.4: a hash at least as strong as the curve's order is long, or the
# signature is only as strong as the hash.
_SHORTEST_DIGEST = {KeyAlgorithm.EC_P384: DigestAlgorithm.SHA384.octets}


def check_request(algorithm: KeyAlgorithm, request: SigningRequest) -> None:
    """Let a request pass that a key of ``algorithm`` may answer. Raises AlgorithmNotOffered."""
    if request.scheme not in SCHEMES.get(algorithm, ()):
        raise AlgorithmNotOffered(
            f"A key of type {algorithm} does not sign digests by {request.scheme}.",
            kept="Nothing was signed.",
        )
    if len(request.digest) != request.digest_algorithm.octets:
        raise AlgorithmNotOffered(
            f"A digest of {request.digest_algorithm} has {request.digest_algorithm.octets} octets, "
            f"and this one has {len(request.digest)}.",
            kept="Nothing was signed.",
        )
    if len(request.digest) < _SHORTEST_DIGEST.get(algorithm, 0):
        raise AlgorithmNotOffered(
            f"{request.digest_algorithm} is too short for a key of type {algorithm}.",
            kept="Nothing was signed.",
        )
    if request.scheme is SignatureScheme.RSA_PSS:
        _check_salt(algorithm, request)


def _check_salt(algorithm: KeyAlgorithm, request: SigningRequest) -> None:
    # RFC 8017, Section 9.1.1, step 3, for a modulus whose bits are a multiple of 8; and no salt
    # shorter than the digest, as RFC 4055, Section 3.1 recommends.
    longest = TOKEN_ALGORITHMS[algorithm].octets - request.digest_algorithm.octets - 2
    if not request.digest_algorithm.octets <= request.salt <= longest:
        raise AlgorithmNotOffered(
            f"The salt of RSA-PSS has {request.digest_algorithm.octets} to {longest} octets here.",
            kept="Nothing was signed.",
        )


def sign_digest(private: Any, *, algorithm: KeyAlgorithm, request: SigningRequest) -> bytes:
    """Sign a digest with a token's key, as X.509 and CMS carry signatures.

    ECDSA returns the DER ``Ecdsa-Sig-Value``. The mask of RSA-PSS is made with the
    same hash (RFC 4055, Section 3.1). Raises AlgorithmNotOffered,
    PKCS11Error.
    """
    check_request(algorithm, request)
    octets = TOKEN_ALGORITHMS[algorithm].octets
    raw: bytes = private.sign(_input(request), buffer_size=octets, **_mechanism(request))
    if len(raw) != octets:
        raise PKCS11Error("the token returned a signature of another length")
    return ecdsa_der(raw) if request.scheme is SignatureScheme.ECDSA else raw


def _input(request: SigningRequest) -> bytes:
    if request.scheme is SignatureScheme.RSA_PKCS1:
        # PKCS #11 v2.40, Section 2.1.6: CKM_RSA_PKCS pads, and knows no DigestInfo.
        return _DIGEST_INFO[request.digest_algorithm] + request.digest
    return request.digest


def _mechanism(request: SigningRequest) -> dict[str, Any]:
    if request.scheme is SignatureScheme.ECDSA:
        return {"mechanism": Mechanism.ECDSA}
    if request.scheme is SignatureScheme.RSA_PKCS1:
        return {"mechanism": Mechanism.RSA_PKCS}
    hashed, mask = _PSS[request.digest_algorithm]
    parameter = (hashed, mask, request.salt)
    return {"mechanism": Mechanism.RSA_PKCS_PSS, "mechanism_param": parameter}
