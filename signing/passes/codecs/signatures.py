"""Signatures of passes: a closed table of algorithms, and what each asks of key and octets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

# NIST SP 800-57 Part 1, Table 2: 112 bits.
_SMALLEST_RSA = 2048
# A verifier raises a public exponent's power: a huge one is a way to keep it busy.
_LARGEST_RSA = 8192
# ASN.1's SEQUENCE, with which a signature in DER begins.
_DER = 0x30


class Algorithm(StrEnum):
    """JOSE's names (RFC 7518, RFC 8037); COSE's numbers are in :data:`COSE_ALGORITHMS`."""

    ES256 = "ES256"
    ES384 = "ES384"
    ES512 = "ES512"
    PS256 = "PS256"
    EDDSA = "EdDSA"


# RFC 9053, Sections 2.1 and 2.2; RFC 8230, Section 2.
COSE_ALGORITHMS = {
    -7: Algorithm.ES256,
    -35: Algorithm.ES384,
    -36: Algorithm.ES512,
    -37: Algorithm.PS256,
    -8: Algorithm.EDDSA,
}


class SignatureWrong(Exception):  # noqa: N818 - one key's no; the verifier may try another
    """This key did not make this signature; ``args[0]`` is a sentence."""


@dataclass(frozen=True)
class Signed:
    """What was signed, how, and the signature."""

    algorithm: Algorithm
    octets: bytes
    signature: bytes


def check_signature(key: PublicKeyTypes, signed: Signed) -> None:
    """Verify. Raises SignatureWrong, whatever was wrong about it."""
    try:
        _CHECKS[signed.algorithm](key, signed)
    except InvalidSignature as error:
        raise SignatureWrong("The content was altered after signing, or is forged.") from error
    except (UnsupportedAlgorithm, ValueError) as error:
        raise SignatureWrong("The signer's key cannot verify this signature.") from error


@dataclass(frozen=True)
class _Ecdsa:
    curve: type[ec.EllipticCurve]
    hash_function: hashes.HashAlgorithm
    half: int

    def __call__(self, key: PublicKeyTypes, signed: Signed) -> None:
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, self.curve):
            raise _other_key(signed)
        signature = signed.signature
        # RFC 9053, Section 2.1: r and s, each as long as the curve's order.
        if len(signature) != 2 * self.half:
            der = len(signature) > 2 * self.half and signature[0] == _DER
            raise SignatureWrong(
                "The signature is written in DER, not as r and s."
                if der
                else f"The signature has {len(signature)} octets, not {2 * self.half}."
            )
        r, s = (
            int.from_bytes(one, "big") for one in (signature[: self.half], signature[self.half :])
        )
        key.verify(encode_dss_signature(r, s), signed.octets, ec.ECDSA(self.hash_function))


def _check_pss(key: PublicKeyTypes, signed: Signed) -> None:
    if not isinstance(key, rsa.RSAPublicKey):
        raise _other_key(signed)
    if not _SMALLEST_RSA <= key.key_size <= _LARGEST_RSA:
        raise SignatureWrong(f"The signer's RSA key has {key.key_size} bits; 2048 are the least.")
    # RFC 8230, Section 2: MGF1 and a salt, both by SHA-256.
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)
    key.verify(signed.signature, signed.octets, scheme, hashes.SHA256())


def _check_eddsa(key: PublicKeyTypes, signed: Signed) -> None:
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise _other_key(signed)
    key.verify(signed.signature, signed.octets)


def _other_key(signed: Signed) -> SignatureWrong:
    return SignatureWrong(
        f"The code names {signed.algorithm}; the signer's key is of another kind."
    )


_CHECKS: dict[Algorithm, Callable[[PublicKeyTypes, Signed], None]] = {
    Algorithm.ES256: _Ecdsa(ec.SECP256R1, hashes.SHA256(), 32),
    Algorithm.ES384: _Ecdsa(ec.SECP384R1, hashes.SHA384(), 48),
    Algorithm.ES512: _Ecdsa(ec.SECP521R1, hashes.SHA512(), 66),
    Algorithm.PS256: _check_pss,
    Algorithm.EDDSA: _check_eddsa,
}
