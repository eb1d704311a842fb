"""Account keys as JWK, and what they sign (RFC 7517, RFC 7518, RFC 8037)."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from enrollment.acme import base64url
from enrollment.acme.errors import AccountKeyRefused, JwsAlgorithmRefused, JwsSignatureWrong
from hsm.jose import public_jwk, thumbprint
from hsm.keys import PublicKey

# RFC 7518, Section 3.3: 2048 bits at least. It signs requests for minutes, not documents for
# years, and X-Road's client makes no larger one. Above 8192 only the work grows.
RSA_LEAST_BITS = 2048
RSA_MOST_BITS = 8192
ALGORITHMS = ("ES256", "ES384", "RS256", "EdDSA")
_CURVES: dict[str, tuple[ec.EllipticCurve, str, HashAlgorithm]] = {
    "P-256": (ec.SECP256R1(), "ES256", SHA256()),
    "P-384": (ec.SECP384R1(), "ES384", SHA384()),
}
_BY_CURVE_NAME = {curve.name: (name, hashed) for curve, name, hashed in _CURVES.values()}


def read_jwk(jwk: object) -> PublicKey:
    """Return the public key of a JWK. Raises AccountKeyRefused and JwsMalformed."""
    if not isinstance(jwk, Mapping):
        raise AccountKeyRefused("The JWK is no object.")
    if {"d", "k", "p", "q"} & set(jwk):
        raise AccountKeyRefused("The JWK is not public: this key is known to others now.")
    try:
        if jwk.get("kty") == "EC":
            return _read_ec(jwk)
        if jwk.get("kty") == "RSA":
            return _read_rsa(jwk)
        if jwk.get("kty") == "OKP" and jwk.get("crv") == "Ed25519":
            return Ed25519PublicKey.from_public_bytes(base64url.decode(jwk.get("x")))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise AccountKeyRefused("The JWK holds no key that can be read.") from error
    raise AccountKeyRefused("Account keys are on P-256 or P-384, RSA, or Ed25519.")


def jwk_of(key: PublicKey) -> dict[str, str]:
    """Return the JWK with the members that the thumbprint covers, and no others."""
    return public_jwk(key)


def thumbprint_of(key: PublicKey) -> str:
    """Return the thumbprint as key authorizations have it (RFC 8555, Section 8.1)."""
    return thumbprint(key)


def thumbprint_octets(key: PublicKey) -> bytes:
    """Return the thumbprint's 32 octets (RFC 7638)."""
    return base64url.decode(thumbprint(key))


def key_sha256(key: PublicKey) -> bytes:
    """Return SHA-256 over the key's SubjectPublicKeyInfo, as certificates are registered by."""
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def algorithm_of(key: PublicKey) -> str:
    """Return the one ``alg`` that a key signs with here."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _BY_CURVE_NAME[key.curve.name][0]
    return "RS256" if isinstance(key, RSAPublicKey) else "EdDSA"


def check_algorithm(algorithm: object) -> None:
    """Refuse an ``alg`` that is not accepted; also ``none`` and MACs. Raises as named."""
    if algorithm not in ALGORITHMS:
        raise JwsAlgorithmRefused(
            f"Accepted are {', '.join(ALGORITHMS)}.", algorithms=list(ALGORITHMS)
        )


def verify_signature(key: PublicKey, algorithm: str, signature: bytes, message: bytes) -> None:
    """Verify a JWS signature. Raises JwsAlgorithmRefused and JwsSignatureWrong."""
    check_algorithm(algorithm)
    if algorithm != algorithm_of(key):
        raise JwsAlgorithmRefused(
            f"This key signs with {algorithm_of(key)}.", algorithms=[algorithm_of(key)]
        )
    try:
        _verify(key, signature, message)
    except (InvalidSignature, ValueError) as error:
        raise JwsSignatureWrong("The JWS is not signed with the key that it names.") from error


def _verify(key: PublicKey, signature: bytes, message: bytes) -> None:
    if isinstance(key, RSAPublicKey):
        key.verify(signature, message, padding.PKCS1v15(), SHA256())
    elif isinstance(key, ec.EllipticCurvePublicKey):
        # RFC 7518, Section 3.4: r and s side by side, each as long as the curve's order.
        octets = (key.curve.key_size + 7) // 8
        if len(signature) != 2 * octets:
            raise InvalidSignature
        r, s = (int.from_bytes(part, "big") for part in (signature[:octets], signature[octets:]))
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(_BY_CURVE_NAME[key.curve.name][1]))
    else:
        key.verify(signature, message)


def _read_ec(jwk: Mapping[str, Any]) -> PublicKey:
    crv = jwk.get("crv")
    if not isinstance(crv, str) or crv not in _CURVES:
        raise AccountKeyRefused("Account keys on curves are on P-256 or P-384.")
    curve = _CURVES[crv][0]
    octets = (curve.key_size + 7) // 8
    x, y = base64url.decode(jwk.get("x")), base64url.decode(jwk.get("y"))
    if len(x) != octets or len(y) != octets:  # RFC 7518, Section 6.2.1.2
        raise AccountKeyRefused("A coordinate of the JWK has a wrong length.")
    # It refuses a point that is not on the curve.
    return ec.EllipticCurvePublicKey.from_encoded_point(curve, b"\x04" + x + y)


def _read_rsa(jwk: Mapping[str, Any]) -> PublicKey:
    n = int.from_bytes(base64url.decode(jwk.get("n")), "big")
    e = int.from_bytes(base64url.decode(jwk.get("e")), "big")
    if not RSA_LEAST_BITS <= n.bit_length() <= RSA_MOST_BITS or n % 2 == 0:
        raise AccountKeyRefused(f"An RSA account key has {RSA_LEAST_BITS} to {RSA_MOST_BITS} bits.")
    if not 65537 <= e < 2**32 or e % 2 == 0:
        raise AccountKeyRefused("The exponent of an RSA account key is odd and at least 65537.")
    return RSAPublicNumbers(e, n).public_key()
