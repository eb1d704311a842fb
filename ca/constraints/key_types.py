"""Which keys a profile takes."""

from __future__ import annotations

from collections.abc import Collection

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ca.constraints.refusals import KEPT, KeyTypeNotAllowed
from hsm.keys import PublicKey

_CURVES = {"secp256r1": "ec-p256", "secp384r1": "ec-p384"}


def key_type(public_key: PublicKey) -> str:
    """Return ec-p256, ec-p384, rsa or ed25519; another curve by its own name."""
    if isinstance(public_key, RSAPublicKey):
        return "rsa"
    if isinstance(public_key, EllipticCurvePublicKey):
        return _CURVES.get(public_key.curve.name, public_key.curve.name)
    return "ed25519"


def check_key_type(public_key: PublicKey, allowed: Collection[str]) -> None:
    """Raise KeyTypeNotAllowed unless the key's type is among ``allowed``."""
    found = key_type(public_key)
    if found not in allowed:
        raise KeyTypeNotAllowed(
            f"The key is {found}; this kind of certificate takes {', '.join(allowed)}.",
            kept=KEPT,
            key_type=found,
            allowed=list(allowed),
        )
