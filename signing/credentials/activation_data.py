"""Signature activation data (SAD): the bearer's half of an authorization, and what it is bound to.

A SAD is base64url of 16 octets that name the authorization and 32 random ones that open it. The
database has the secret's digest, and the wrapped key sealed under the secret and the HSM's key; the
seal's additional data is everything that was authorized, so that a changed row opens nothing.
"""

from __future__ import annotations

import binascii
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from core.canonical_json import canonical_json
from signing.credentials.sealing import SECRET_OCTETS

_ID_OCTETS = 16


@dataclass(frozen=True)
class ActivationData:
    """A SAD, read."""

    activation_id: str
    secret: bytes

    def encode(self) -> str:
        """Return the SAD as its bearer gets it: 64 characters."""
        return urlsafe_b64encode(bytes.fromhex(self.activation_id) + self.secret).decode()

    @property
    def secret_sha256(self) -> bytes:
        """What the database knows of the secret."""
        return sha256(self.secret).digest()

    def is_of(self, secret_sha256: bytes) -> bool:
        """Tell whether the database means this secret."""
        return hmac.compare_digest(self.secret_sha256, secret_sha256)


def new_activation_data() -> ActivationData:
    """Return a fresh SAD."""
    return ActivationData(secrets.token_hex(_ID_OCTETS), secrets.token_bytes(SECRET_OCTETS))


def read_activation_data(text: str) -> ActivationData | None:
    """Return what a SAD says, None for what is none of ours."""
    if len(text) != (_ID_OCTETS + SECRET_OCTETS) * 4 // 3:
        return None
    try:
        octets = urlsafe_b64decode(text)
    except (binascii.Error, ValueError):
        return None
    if len(octets) != _ID_OCTETS + SECRET_OCTETS:
        return None
    return ActivationData(octets[:_ID_OCTETS].hex(), octets[_ID_OCTETS:])


def authorized_as(
    *,
    activation_id: str,
    credential_id: str,
    key_id: bytes,
    client: str | None,
    digest_algorithm: str,
    hashes: Sequence[bytes],
    expires_at: datetime,
    certificate_sha256: bytes | None,
) -> bytes:
    """Return what the seal of an authorization is bound to."""
    bound = {} if certificate_sha256 is None else {"certificate": certificate_sha256.hex()}
    return canonical_json(
        {
            **bound,
            "activation": activation_id,
            "client": client,
            "credential": credential_id,
            "digest_algorithm": digest_algorithm,
            "expires_at": expires_at.astimezone(UTC).isoformat(timespec="microseconds"),
            "hashes": [one.hex() for one in hashes],
            "key": key_id.hex(),
        }
    )
