"""Seals: what lies around a wrapped key so that the database and the HSM alone do not open it.

Under a PIN (steps of :meth:`Sealing.under_pin`):

1. The PIN is stretched by Argon2id with a salt of its own (RFC 9106).
2. The HSM computes HMAC-SHA-256 over that with a secret key that never leaves it. So guessing a PIN
   of a stolen database takes the HSM, and finding it with the HSM takes the stretching.
3. The result is the key of AES-256-GCM (NIST SP 800-38D), whose additional data says whose key
   this is and how it is wrapped: no row can be put in another's place.

Under a secret, for an authorization: the same without step 1, for 256 random bits need no
stretching; the additional data is all that was authorized (:mod:`signing.credentials.binding`).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hsm.keys import MacKey
from signing.credentials.pins import Stretching, pin_octets, stretched

MAC_KEY = "signing-credentials"
SALT_OCTETS = 32
SECRET_OCTETS = 32
_NONCE_OCTETS = 12  # NIST SP 800-38D, Section 5.2.1.1: the length without another hash
# What the HSM's key is asked about: one word for each use, so that none answers another's.
_PIN_USE = b"camtrust signing key under PIN 1\x00"
_SECRET_USE = b"camtrust signing key under SAD 1\x00"


@dataclass(frozen=True)
class PinSeal:
    """A wrapped key under a PIN, as the database keeps it."""

    salt: bytes
    stretching: Stretching
    sealed_key: bytes


class Sealing:
    """Seals wrapped keys and opens them; the HSM's part is asked for each time."""

    def __init__(self, *, mac_key: Callable[[], MacKey]) -> None:
        self._mac_key = mac_key

    def under_pin(
        self, key: bytes, pin: str, *, bound_to: bytes, stretching: Stretching
    ) -> PinSeal:
        """Seal ``key`` under a PIN. Raises TokenUnavailable."""
        salt = secrets.token_bytes(SALT_OCTETS)
        sealed = _seal(self._pin_key(pin, salt, stretching), key, bound_to)
        return PinSeal(salt, stretching, sealed)

    def open_with_pin(self, seal: PinSeal, pin: str, *, bound_to: bytes) -> bytes | None:
        """Return what was sealed; None for a wrong PIN, for the same work.

        Raises TokenUnavailable.
        """
        return _open(self._pin_key(pin, seal.salt, seal.stretching), seal.sealed_key, bound_to)

    def under_secret(self, key: bytes, secret: bytes, *, bound_to: bytes) -> bytes:
        """Seal ``key`` under a random secret. Raises TokenUnavailable."""
        return _seal(self._mac_key().mac(_SECRET_USE + secret), key, bound_to)

    def open_with_secret(self, sealed: bytes, secret: bytes, *, bound_to: bytes) -> bytes | None:
        """Return what was sealed, None if it was not so. Raises TokenUnavailable."""
        return _open(self._mac_key().mac(_SECRET_USE + secret), sealed, bound_to)

    def _pin_key(self, pin: str, salt: bytes, stretching: Stretching) -> bytes:
        return self._mac_key().mac(_PIN_USE + stretched(pin_octets(pin), salt, stretching))


def _seal(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_OCTETS)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def _open(key: bytes, sealed: bytes, bound_to: bytes) -> bytes | None:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_OCTETS], sealed[_NONCE_OCTETS:], bound_to)
    except (InvalidTag, ValueError):
        # ValueError: a row that was cut short.
        return None
