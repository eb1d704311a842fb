"""JSON Web Keys (RFC 7517) of signers: EC, RSA and Ed25519, with or without a certificate."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signing.passes.codecs import base64url
from signing.passes.errors import PassRefused, bad_encoding
from signing.passes.pass_format import PassFormat
from signing.passes.trust.certificates import PassCertificate, read_certificate
from signing.passes.trust.signers import Signer

_CURVES: dict[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}


def signer_of_jwk(
    jwk: Any,
    *,
    source: str,
    issuer: str | None = None,
    domain: str | None = None,
    formats: frozenset[PassFormat] | None = None,
) -> Signer:
    """Return the signer that a JWK describes. Raises PassRefused (INVALID_ENCODING).

    A certificate in ``x5c`` has to be for the key that the JWK says.
    """
    if not isinstance(jwk, dict):
        raise bad_encoding("A key of the list is not an object.")
    key = _key(jwk)
    certificate = _certificate(jwk.get("x5c"))
    if certificate is not None and _der(certificate.key) != _der(key):
        raise bad_encoding("A key of the list has another key's certificate in x5c.")
    name = jwk.get("kid")
    return Signer(
        key=key,
        source=source,
        certificate=certificate,
        issuer=issuer or (certificate.country if certificate is not None else None),
        domain=domain,
        formats=formats,
        named_key_ids=key_ids_of(name) if isinstance(name, str) else frozenset(),
    )


def key_ids_of(name: str) -> frozenset[bytes]:
    """Return the octets that a kid in text may stand for: itself, and what it is base64 of."""
    found = {name.encode()}
    try:
        bare = name.replace("-", "+").replace("_", "/").rstrip("=")
        found.add(base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True))
    except (binascii.Error, ValueError):
        pass
    return frozenset(one for one in found if one)


def _key(jwk: dict[str, Any]) -> PublicKeyTypes:
    try:
        match jwk.get("kty"):
            case "EC":
                x, y = _integer(jwk, "x"), _integer(jwk, "y")
                return ec.EllipticCurvePublicNumbers(x, y, _CURVES[jwk["crv"]]).public_key()
            case "RSA":
                return rsa.RSAPublicNumbers(_integer(jwk, "e"), _integer(jwk, "n")).public_key()
            case "OKP" if jwk.get("crv") == "Ed25519":
                return ed25519.Ed25519PublicKey.from_public_bytes(_octets(jwk, "x"))
    except PassRefused:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise bad_encoding("A key of the list is broken.") from error
    raise bad_encoding("A key of the list is of a kind that signs no passes.")


def _integer(jwk: dict[str, Any], member: str) -> int:
    # GDHCN writes coordinates with a zero octet before them, as DER does; the number is the same.
    return int.from_bytes(_octets(jwk, member), "big")


def _octets(jwk: dict[str, Any], member: str) -> bytes:
    value = jwk.get(member)
    if not isinstance(value, str):
        raise bad_encoding(f"A key of the list lacks its {member}.")
    return base64url.decode(value, what=f"The {member} of a key")


def _certificate(chain: Any) -> PassCertificate | None:
    if chain is None:
        return None
    if not isinstance(chain, list) or not chain or not isinstance(chain[0], str):
        raise bad_encoding("x5c of a key is not a list of certificates.")
    try:
        return read_certificate(base64.b64decode(chain[0], validate=True))
    except (binascii.Error, ValueError) as error:
        raise bad_encoding("x5c of a key is not base64.") from error


def _der(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
