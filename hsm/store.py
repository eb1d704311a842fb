"""The key store: the port of :mod:`hsm.keys`, kept by PKCS #11 tokens and the database."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pkcs11 import ObjectClass
from pkcs11.exceptions import NoSuchKey

from core.clock import Clock
from core.database import Database
from core.errors import CamtrustError
from hsm.agreement_keys import AgreementKeys
from hsm.canary import Canaries
from hsm.errors import KeyNotFound, KeyStateRefused
from hsm.generation import attributes_of, generate_pair, provenance_of
from hsm.key_encryption import WrappedKey, unwrapped
from hsm.keys import (
    KeyAlgorithm,
    KeyPolicy,
    KeyRecord,
    KeyState,
    PublicKey,
    SigningKey,
    key_id_of,
)
from hsm.mac_keys import MacKeys, Pkcs11MacKey
from hsm.portable_keys import PortableKeys
from hsm.registry import KeyRegistry, KeyStateChange
from hsm.sessions import Worker
from hsm.settings import OPERATIONS_TOKEN, HsmSettings
from hsm.signing_keys import Pkcs11SigningKey
from hsm.tokens import TokenHealth, Tokens
from hsm.unrecorded import erase_unrecorded_keys
from hsm.wrapped_keys import WrappedKeys

T = TypeVar("T")


class Pkcs11KeyStore:
    """Makes, finds, uses and ends keys. Safe in many threads; usable after a fork as before."""

    def __init__(self, *, settings: HsmSettings, database: Database, clock: Clock) -> None:
        self.settings = settings
        self._database = database
        self._registry = KeyRegistry(database=database, clock=clock)
        self._tokens = Tokens(settings=settings, canaries=Canaries(database=database, clock=clock))
        self._wrapped_keys = WrappedKeys(
            database=database, clock=clock, tokens=self._tokens, registry=self._registry
        )
        self._mac_keys = MacKeys(database=database, clock=clock, tokens=self._tokens)
        self.portable_keys = PortableKeys(tokens=self._tokens, wrapped_keys=self._wrapped_keys)
        self.agreement_keys = AgreementKeys(database=database, clock=clock, tokens=self._tokens)

    def generate(
        self, *, token: str, label: str, algorithm: KeyAlgorithm, policy: KeyPolicy | None = None
    ) -> KeyRecord:
        """Make a key in ``token``, in state pre-active, and record how it was made.

        Raises AlgorithmNotOffered, TokenUnavailable, SettingsRefused.
        """
        policy = policy or KeyPolicy()
        # A token in which a key is made has a canary from then on.
        self._tokens.check(token)

        def make(worker: Worker) -> tuple[PublicKey, dict[str, object]]:
            public_key, private = generate_pair(
                worker,
                algorithm=algorithm,
                label=label,
                stored=True,
                extractable=policy.may_be_wrapped,
            )
            return public_key, provenance_of(worker, algorithm, private)

        public_key, provenance = self._tokens.use(token, make, writing=True)
        try:
            with self._database.begin() as connection:
                return self._registry.add(
                    connection,
                    public_key=public_key,
                    token=token,
                    label=label,
                    algorithm=algorithm,
                    policy=policy,
                    kept_in="token",
                    provenance=provenance,
                )
        except Exception:
            # A key that no record names could never be used, nor found to be destroyed.
            with contextlib.suppress(CamtrustError):
                self._erase(token, key_id_of(public_key))
            raise

    def generate_wrapped(
        self, *, label: str, algorithm: KeyAlgorithm, token: str = OPERATIONS_TOKEN
    ) -> KeyRecord:
        """Make a key that is kept in the database, wrapped under a key of ``token``; pre-active.

        It is used as any other: each signature unwraps it in the token, signs and destroys it.
        Raises AlgorithmNotOffered, TokenUnavailable, SettingsRefused.
        """
        return self._wrapped_keys.generate(token=token, label=label, algorithm=algorithm)

    def signing_key(self, key_id: bytes) -> SigningKey:
        """Return the key for use. Raises KeyNotFound, KeyNotActive or TokenUnavailable."""
        record = self._registry.place(key_id).record
        self._registry.check_active(key_id)
        use = self._use_of(record)
        # Found now, so that a missing key or token is known before anything is built upon it.
        use(lambda private: None)
        return Pkcs11SigningKey(record=record, registry=self._registry, use=use)

    def mac_key(self, name: str, *, token: str = OPERATIONS_TOKEN) -> Pkcs11MacKey:
        """Return the secret key of a name for MACs, made in ``token`` where there is none yet.

        Raises TokenUnavailable or SettingsRefused.
        """
        return self._mac_keys.get(name, token=token)

    def record(self, key_id: bytes) -> KeyRecord:
        """Return what is known of a key. Raises KeyNotFound."""
        return self._registry.get(key_id)

    def records(self) -> list[KeyRecord]:
        """Return every key ever made, oldest first, destroyed ones too."""
        return self._registry.all()

    def is_online(self, key_id: bytes) -> bool:
        """Tell whether the settings say that a key's token is at hand, not at ceremonies alone.

        Raises KeyNotFound.
        """
        return self._tokens.is_online(self._registry.get(key_id).token)

    def provenance(self, key_id: bytes) -> Mapping[str, object]:
        """Return how a key was made, as recorded then: ``made_by``, ``mechanism``, ``token`` and
        ``attributes`` by CKA_ name.

        An unwrapped or restored key no longer says so itself. Raises KeyNotFound.
        """
        return self._registry.provenance(key_id)

    def history(self, key_id: bytes) -> list[KeyStateChange]:
        """Return every state that a key has had, with when and why. Raises KeyNotFound."""
        return self._registry.history(key_id)

    def attributes(self, key_id: bytes) -> Mapping[str, bool]:
        """Return what the token says of a private key now, by CKA_ name. Raises KeyNotFound."""
        return self._use_of(self._registry.get(key_id))(attributes_of)

    def change_state(self, key_id: bytes, state: KeyState, *, reason: str) -> KeyRecord:
        """Move a key to ``state``. Raises KeyStateRefused where NIST SP 800-57 knows no such step.

        A key is destroyed by :meth:`destroy` alone, which erases it as well.
        """
        if state is KeyState.DESTROYED:
            raise KeyStateRefused("A key is destroyed by erasing it.", kept="Nothing was changed.")
        return self._change(key_id, state, reason)

    def destroy(self, key_id: bytes, *, reason: str) -> KeyRecord:
        """Erase the private key from its token; the record stays, in state destroyed.

        Its wrapped copies in this database go as well. When the token is away, the record says
        destroyed already and the key is not used again: call this once more to erase it.
        """
        record = self._registry.get(key_id)
        if record.state is not KeyState.DESTROYED or self._registry.is_erased(key_id):
            record = self._change(key_id, KeyState.DESTROYED, reason)
        if self._registry.is_kept_in_token(key_id):
            # Not found: it was erased before, by a run that could not record it.
            with contextlib.suppress(KeyNotFound):
                self._erase(record.token, key_id)
        with self._database.begin() as connection:
            self._wrapped_keys.erase(connection, key_id)
            self._registry.set_erased(connection, key_id)
        return record

    def back_up(self, key_id: bytes) -> WrappedKey:
        """Wrap a key that stays in its token, and keep the blob in the database.

        Raises KeyNotWrappable when its policy forbids it, KeyNotFound, TokenUnavailable.
        """
        return self._wrapped_keys.back_up(self._registry.get(key_id))

    def restore(self, key_id: bytes) -> None:
        """Unwrap a backed-up key into its token, not EXTRACTABLE this time.

        Does nothing when the token still holds it. Raises KeyNotFound, KeyStateRefused when the
        key was destroyed, WrappedKeyDamaged, TokenUnavailable.
        """
        record = self._registry.get(key_id)
        if record.state is KeyState.DESTROYED:
            raise KeyStateRefused("A destroyed key does not come back.", kept="It stays destroyed.")
        try:
            self._use_of(record)(attributes_of)
        except KeyNotFound:
            self._wrapped_keys.restore(record)

    def erase_unrecorded(self, *, token: str, label: str) -> int:
        """Erase keys of this label that a crash kept out of the records; return how many.

        For who knows that no process is making a key of that label at this moment.
        """
        known = {record.key_id for record in self._registry.all()}
        return self._tokens.use(
            token,
            lambda worker: erase_unrecorded_keys(
                worker, label=label, is_recorded=known.__contains__
            ),
            writing=True,
        )

    def check_canary(self) -> None:
        """Have the canary of every online token sign. Raises TokenUnavailable or WrongPin."""
        for token in self._tokens.names():
            if self._tokens.is_online(token):
                self._tokens.check(token)

    def health(self) -> list[TokenHealth]:
        """Ask every token's canary, offline tokens too."""
        return self._tokens.health()

    def renew_canary(self, token: str) -> None:
        """Make a new canary in a token that was replaced."""
        self._tokens.renew_canary(token)

    def close(self) -> None:
        """End every session of this process."""
        self._tokens.close()

    def _use_of(self, record: KeyRecord) -> Callable[[Callable[[Any], T]], T]:
        """Return a function that lets another work with the private key of ``record``."""
        token, key_id = record.token, record.key_id
        if self._registry.is_kept_in_token(key_id):
            return lambda act: self._tokens.use(
                token, lambda worker: act(worker.private_key(key_id))
            )
        wrapped = self._wrapped_keys.get(key_id)

        def use(act: Callable[[Any], T]) -> T:
            def unwrap_and_act(worker: Worker) -> T:
                with unwrapped(worker, wrapped) as private:
                    return act(private)

            return self._tokens.use(token, unwrap_and_act)

        return use

    def _erase(self, token: str, key_id: bytes) -> None:
        self._tokens.use(token, lambda worker: _erase_pair(worker, key_id), writing=True)

    def _change(self, key_id: bytes, state: KeyState, reason: str) -> KeyRecord:
        try:
            with self._database.begin() as connection:
                return self._registry.change_state(connection, key_id, state, reason)
        finally:
            self._registry.forget(key_id)


def _erase_pair(worker: Worker, key_id: bytes) -> None:
    worker.find(ObjectClass.PRIVATE_KEY, key_id).destroy()
    # A token may keep no public half.
    with contextlib.suppress(NoSuchKey):
        worker.find(ObjectClass.PUBLIC_KEY, key_id).destroy()
