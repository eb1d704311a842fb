"""JSON Web Signatures by HSM keys (RFC 7515, RFC 7518, RFC 8037), and their public JWKs."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hsm.keys import KeyAlgorithm, PublicKey, SigningKey

# RFC 7518, Section 3.1 and RFC 8037, Section 3.1: the name of each key type's one algorithm.
JWS_ALGORITHMS = {
    KeyAlgorithm.EC_P256: "ES256",
    KeyAlgorithm.EC_P384: "ES384",
    KeyAlgorithm.RSA_3072: "RS256",
    KeyAlgorithm.RSA_4096: "RS512",
    KeyAlgorithm.ED25519: "EdDSA",
}
# RFC 7518, Section 6.2.1.1.
_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384"}
# RFC 7518, Section 3.4: r and s, each as long as the curve's order.
_SCALAR_OCTETS = {KeyAlgorithm.EC_P256: 32, KeyAlgorithm.EC_P384: 48}


def sign_jws(
    signing_key: SigningKey, payload: bytes, *, header: Mapping[str, object] | None = None
) -> str:
    """Return the compact JWS over ``payload``: three base64url parts.

    The header gets ``alg`` of the key and, unless it has one, ``kid``: the key's JWK thumbprint.
    An ``alg`` in ``header`` is overruled. Raises what the key itself raises.
    """
    protected = {
        "kid": thumbprint(signing_key.public_key),
        **(header or {}),
        "alg": JWS_ALGORITHMS[signing_key.algorithm],
    }
    signing_input = f"{_base64url(_json(protected))}.{_base64url(payload)}"
    signature = jws_signature(signing_key, signing_input.encode("ascii"))
    return f"{signing_input}.{_base64url(signature)}"


def jws_signature(signing_key: SigningKey, signing_input: bytes) -> bytes:
    """Return the signature octets as JWS (and COSE) carry them: ECDSA as r and s side by side."""
    signature = signing_key.sign(signing_input)
    octets = _SCALAR_OCTETS.get(signing_key.algorithm)
    if octets is None:
        return signature
    r, s = decode_dss_signature(signature)
    return r.to_bytes(octets, "big") + s.to_bytes(octets, "big")


def public_jwk(public_key: PublicKey) -> dict[str, str]:
    """Return the members of a public key's JWK that its thumbprint covers, and no others."""
    if isinstance(public_key, EllipticCurvePublicKey):
        numbers = public_key.public_numbers()
        octets = (public_key.key_size + 7) // 8
        return {
            "crv": _CURVES[public_key.curve.name],
            "kty": "EC",
            "x": _base64url(numbers.x.to_bytes(octets, "big")),
            "y": _base64url(numbers.y.to_bytes(octets, "big")),
        }
    if isinstance(public_key, RSAPublicKey):
        rsa = public_key.public_numbers()
        return {"e": _base64url_integer(rsa.e), "kty": "RSA", "n": _base64url_integer(rsa.n)}
    raw = public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)}


def thumbprint(public_key: PublicKey) -> str:
    """Return the JWK thumbprint with SHA-256 (RFC 7638, Section 3)."""
    return _base64url(sha256(_json(public_jwk(public_key))).digest())


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def _base64url(value: bytes) -> str:
    # RFC 7515, Section 2: without padding.
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def _base64url_integer(value: int) -> str:
    # RFC 7518, Section 2 (Base64urlUInt): as few octets as hold it.
    return _base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))
