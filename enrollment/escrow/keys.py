"""The escrow keys: what mail-encryption keys are encrypted to. Their private halves stay in a token
of their own, which is asked at recoveries alone and may be away all other time.
"""

from __future__ import annotations

from typing import Protocol

from enrollment.escrow.escrowed_key import PROFILE
from hsm.errors import KeyNotFound
from hsm.keys import AgreementKey
from hsm.settings import ESCROW_TOKEN

# The name of the agreement keys in hsm.
NAME = "mail-encryption escrow"


class EscrowKey(AgreementKey, Protocol):
    """An agreement key whose public half is handed out."""

    @property
    def public_key_der(self) -> bytes:
        """Its SubjectPublicKeyInfo."""


class AgreementKeyStore(Protocol):
    """Finds agreement keys by name; asks no token for that."""

    def newest(self, name: str) -> EscrowKey:
        """Return the key for what is new. Raises KeyNotFound."""

    def find(self, key_id: bytes, name: str) -> EscrowKey:
        """Return a key, new or old. Raises KeyNotFound."""

    def make(self, name: str, *, token: str) -> EscrowKey:
        """Make a key in a token; it is the newest of its name. Raises TokenUnavailable."""


class EscrowKeys:
    """Makes and finds the escrow keys."""

    def __init__(self, store: AgreementKeyStore) -> None:
        self._store = store

    def make(self, token: str = ESCROW_TOKEN) -> EscrowKey:
        """Make the key that browsers encrypt to from now on; what was kept stays readable.

        Raises AlgorithmNotOffered, TokenUnavailable or SettingsRefused.
        """
        return self._store.make(NAME, token=token)

    def is_there(self) -> bool:
        """Tell whether there is one."""
        return self.offered_for(PROFILE) is not None

    def offered_for(self, profile: str) -> bytes | None:
        """Return the SubjectPublicKeyInfo that a browser encrypts to, None where nothing is kept.

        That is every other kind of certificate, and a service that has no escrow key.
        """
        if profile != PROFILE:
            return None
        try:
            return self._store.newest(NAME).public_key_der
        except KeyNotFound:
            return None

    def find(self, key_id: bytes) -> EscrowKey:
        """Return an escrow key, new or old. Raises KeyNotFound."""
        return self._store.find(key_id, NAME)
