"""What a key's holder does with it, beside signing: each act confirmed by the second factor first.

A PIN that comes with an act is judged after that, so that a found access token or session neither
guesses PINs nor locks a key. Officers do some of it without either (:mod:`.credentials`), confirmed
in their own way.
"""

from __future__ import annotations

from signing.credentials.credential import Credential
from signing.credentials.credentials import Credentials
from signing.credentials.making import KeyMaking
from signing.credentials.second_factor import KeyAct, SecondFactors


class HolderActs:
    """Acts of holders. ``proof``: what the second factor answers about the very act.

    Each raises SecondFactorRefused, CredentialUnknown and CredentialStateRefused.
    """

    def __init__(
        self, *, credentials: Credentials, making: KeyMaking, second_factors: SecondFactors
    ) -> None:
        self._credentials = credentials
        self._making = making
        self._second_factors = second_factors

    def question(self, act: KeyAct) -> str | None:
        """Return what the holder's authenticator is asked about an act, None where none is."""
        self._credentials.find(act.credential_id, holder=act.holder)
        return self._second_factors.of(act.holder).question(act)

    def change_pin(self, act: KeyAct, proof: str | None, *, old: str, new: str) -> None:
        """Give a key another PIN. Raises as ``Credentials.change_pin`` too."""
        self._credentials.check_new_pin(new)
        self._confirm(act, proof)
        self._credentials.change_pin(act.credential_id, old=old, new=new, holder=act.holder)

    def request(self, act: KeyAct, proof: str | None, *, pin: str) -> bytes:
        """Return a certification request, DER. Raises as ``PinGate.open`` too."""
        self._confirm(act, proof)
        return self._making.request(act.credential_id, pin=pin, holder=act.holder)

    def unlock(self, act: KeyAct, proof: str | None, *, by: str) -> Credential:
        """Open the holder's own locked key, a few times. Raises TooManyUnlockings."""
        self._confirm(act, proof)
        return self._credentials.unlock_own(act.credential_id, by=by, holder=act.holder)

    def suspend(self, act: KeyAct, proof: str | None, *, by: str) -> Credential:
        """Let a key rest."""
        self._confirm(act, proof)
        return self._credentials.suspend(act.credential_id, by=by, holder=act.holder)

    def destroy(self, act: KeyAct, proof: str | None, *, by: str) -> Credential:
        """Erase a key for ever."""
        self._confirm(act, proof)
        return self._credentials.destroy(act.credential_id, by=by, holder=act.holder)

    def _confirm(self, act: KeyAct, proof: str | None) -> None:
        self._credentials.find(act.credential_id, holder=act.holder)
        self._second_factors.of(act.holder).verify(act, proof)
