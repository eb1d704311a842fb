"""The port: what the rest of camtrust may ask of keys, whoever makes the token.

A key is named by its ``key_id``: the SHA-256 of its public key's SubjectPublicKeyInfo DER,
which is also its CKA_ID in the token. Nothing here speaks PKCS#11.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PublicKey = EllipticCurvePublicKey | RSAPublicKey | Ed25519PublicKey


class KeyAlgorithm(StrEnum):
    """The key types that camtrust makes, each with the one signature algorithm that it uses.

    P-256 signs with ECDSA and SHA-256, P-384 with ECDSA and SHA-384, RSA with PKCS #1 v1.5 and
    SHA-256 (RSA-4096: SHA-512), Ed25519 with PureEdDSA (RFC 8410).
    """

    EC_P256 = "ec-p256"
    EC_P384 = "ec-p384"
    RSA_3072 = "rsa-3072"
    RSA_4096 = "rsa-4096"
    ED25519 = "ed25519"


class KeyState(StrEnum):
    """The states of NIST SP 800-57 Part 1, Section 7; only an active key signs."""

    PRE_ACTIVE = "pre-active"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DEACTIVATED = "deactivated"
    COMPROMISED = "compromised"
    DESTROYED = "destroyed"


@dataclass(frozen=True)
class KeyPolicy:
    """What may be done with a key beside signing.

    ``may_be_wrapped``: the key may leave its token wrapped under a key-encryption key, for
    backup or for keeping it in the database; without it the key is not EXTRACTABLE.
    """

    may_be_wrapped: bool = False


@dataclass(frozen=True)
class KeyRecord:
    """What is known of a key: where it lives, how it was made, and its state."""

    key_id: bytes
    token: str
    label: str
    algorithm: KeyAlgorithm
    public_key_der: bytes
    state: KeyState
    policy: KeyPolicy
    created_at: datetime


class SigningKey(Protocol):
    """A private key in a token, ready for use."""

    @property
    def key_id(self) -> bytes:
        """SHA-256 of the public key's SubjectPublicKeyInfo DER, 32 bytes."""

    @property
    def algorithm(self) -> KeyAlgorithm:
        """The key's type, which fixes its signature algorithm."""

    @property
    def public_key(self) -> PublicKey:
        """The public half."""

    def sign(self, message: bytes) -> bytes:
        """Sign ``message`` (not its digest), as X.509 carries it.

        ECDSA returns the DER ``Ecdsa-Sig-Value`` (RFC 3279, Section 2.2.3), RSA and Ed25519
        the raw octets. Raises KeyNotActive, KeyNotFound or TokenUnavailable.
        """

    def sign_parts(self, parts: Iterable[bytes]) -> bytes:
        """Sign the message that ``parts`` make up, as :meth:`sign` does.

        For messages that are not to be held in memory; Ed25519 alone, which reads a message
        twice (RFC 8032, Section 5.1.6), has to join it. ``parts`` is no iterator: it is gone
        through again when a session turns out void.
        """


class MacKey(Protocol):
    """A secret key in a token that computes HMAC-SHA-256 (RFC 2104)."""

    def mac(self, message: bytes) -> bytes:
        """Return the 32 octets of the MAC. Raises KeyNotFound or TokenUnavailable."""


class AgreementKey(Protocol):
    """A private key in a token that agrees on secrets with others' public keys, and signs nothing.

    ECDH on P-384 (NIST SP 800-56A, Section 5.7.1.2).
    """

    @property
    def key_id(self) -> bytes:
        """SHA-256 of the public key's SubjectPublicKeyInfo DER, 32 bytes."""

    @property
    def public_key(self) -> EllipticCurvePublicKey:
        """The public half."""

    def agree(self, peer: EllipticCurvePublicKey) -> bytes:
        """Return the 48 octets of the shared secret. Raises KeyNotFound or TokenUnavailable."""


class KeyStore(Protocol):
    """Makes, finds and ends keys in named tokens.

    Tokens are named in the settings (``[hsm.tokens.NAME]``). Every change of state is recorded
    in the database before it has effect.
    """

    def generate(
        self, *, token: str, label: str, algorithm: KeyAlgorithm, policy: KeyPolicy | None = None
    ) -> KeyRecord:
        """Make a key in ``token``, in state pre-active, and record how it was made."""

    def signing_key(self, key_id: bytes) -> SigningKey:
        """Return the key for use; its state is checked here and again at each signature.

        Raises KeyNotFound, KeyNotActive or TokenUnavailable.
        """

    def record(self, key_id: bytes) -> KeyRecord:
        """Return what is known of a key. Raises KeyNotFound."""

    def records(self) -> list[KeyRecord]:
        """Return every key ever made, oldest first, destroyed ones too."""

    def is_online(self, key_id: bytes) -> bool:
        """Tell whether the settings say that a key's token is at hand, not at ceremonies alone.

        It asks no token, which may be away for the moment all the same. Raises KeyNotFound.
        """

    def change_state(self, key_id: bytes, state: KeyState, *, reason: str) -> KeyRecord:
        """Move a key to ``state``. Raises Conflict where NIST SP 800-57 knows no such step."""

    def destroy(self, key_id: bytes, *, reason: str) -> KeyRecord:
        """Erase the private key from its token; the record stays, in state destroyed."""


def key_id_of(public_key: PublicKey) -> bytes:
    """Return the name of a key: SHA-256 over its SubjectPublicKeyInfo DER."""
    der = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(der).digest()
