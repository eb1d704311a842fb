"""Public keys of API clients as JWKs (RFC 7517): read strictly, and named by their thumbprint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from core.web.bodies import JsonMalformed, parse_json
from enrollment.clients.errors import ClientKeyRefused
from hsm.jose import public_jwk, thumbprint
from hsm.keys import PublicKey

# NIST SP 800-57 Part 1, Section 5.6.1: 112 bits of security, and what a verifier works for.
SMALLEST_RSA_BITS, LARGEST_RSA_BITS = 2048, 4096
# RFC 7518, Sections 6.2.2, 6.3.2 and 6.4: what a public key has none of.
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


@dataclass(frozen=True)
class ClientKey:
    """A key that assertions are verified with. ``algorithms`` are the names of RFC 7518."""

    thumbprint: str
    public_key: PublicKey
    algorithms: tuple[str, ...]

    @property
    def jwk(self) -> dict[str, str]:
        """The members that the thumbprint covers."""
        return public_jwk(self.public_key)


def read_client_key(jwk: Mapping[str, Any]) -> ClientKey:
    """Read a JWK, whatever else stands in it. Raises ClientKeyRefused."""
    if PRIVATE_MEMBERS & set(jwk):
        raise ClientKeyRefused(
            "This is a private key. Make another pair, and register its public key alone.",
            kept="Nothing of it was stored.",
        )
    try:
        key: object = PyJWK.from_dict({**jwk, "alg": _algorithm_for(jwk)}).key
    except (PyJWTError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ClientKeyRefused("The JWK cannot be read as a public key.") from error
    return _client_key(key)


def read_keys_in_text(text: str) -> list[ClientKey]:
    """Read a JWK, a JWK Set, or a public key in PEM. Raises ClientKeyRefused."""
    if text.lstrip().startswith("-----BEGIN PUBLIC KEY-----"):
        try:
            return [_client_key(load_pem_public_key(text.strip().encode()))]
        except (ValueError, UnsupportedAlgorithm) as error:
            raise ClientKeyRefused("The public key in PEM cannot be read.") from error
    try:
        document = parse_json(text)
    except JsonMalformed as error:
        raise ClientKeyRefused("This is neither a JWK nor a public key in PEM.") from error
    found = document.get("keys", [document]) if isinstance(document, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ClientKeyRefused("This is neither a JWK nor a JWK Set.")
    return [read_client_key(one) for one in found]


def _client_key(key: object) -> ClientKey:
    algorithms = _algorithms_of(key)
    if not algorithms:
        raise ClientKeyRefused(
            "Use P-256, P-384, Ed25519, or RSA with 2048 to 4096 bits and the exponent 65537."
        )
    assert isinstance(key, EllipticCurvePublicKey | RSAPublicKey | Ed25519PublicKey)  # noqa: S101
    return ClientKey(thumbprint(key), key, algorithms)


def _algorithm_for(jwk: Mapping[str, Any]) -> str:
    names = {"RSA": "RS256", "OKP": "EdDSA", "EC": "ES256"}
    if jwk.get("crv") == "P-384":
        return "ES384"
    return names.get(str(jwk.get("kty")), "")


def _algorithms_of(key: object) -> tuple[str, ...]:
    if isinstance(key, EllipticCurvePublicKey):
        return {"secp256r1": ("ES256",), "secp384r1": ("ES384",)}.get(key.curve.name, ())
    if isinstance(key, RSAPublicKey):
        fits = SMALLEST_RSA_BITS <= key.key_size <= LARGEST_RSA_BITS
        return ("PS256", "RS256") if fits and key.public_numbers().e == 65_537 else ()
    return ("EdDSA",) if isinstance(key, Ed25519PublicKey) else ()
