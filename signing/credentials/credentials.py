"""Signing keys as they are kept: found, given another PIN, suspended, opened again, destroyed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, select, update

from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, commitment
from core.transparency.log import TransparencyLog
from signing.credentials.credential import (
    Credential,
    CredentialState,
    Holder,
    credential_of,
    credential_row,
    row_sealed_as,
)
from signing.credentials.ending import end_activations, forget_expired
from signing.credentials.errors import (
    NOTHING_CHANGED,
    CredentialStateRefused,
    TooManyUnlockings,
)
from signing.credentials.log_entries import log_of_key
from signing.credentials.making import pin_columns, stretching_of
from signing.credentials.models import signing_credentials
from signing.credentials.pin_gate import PinGate
from signing.credentials.pins import check_new_pin
from signing.credentials.sealing import Sealing
from signing.credentials.settings import CredentialSettings

# What each act starts from, where it leads, and what the log calls it.
_SUSPEND = ({CredentialState.ACTIVE}, CredentialState.SUSPENDED, "signing-key-suspended")
_RESUME = ({CredentialState.SUSPENDED}, CredentialState.ACTIVE, "signing-key-resumed")
_UNLOCK = ({CredentialState.LOCKED}, CredentialState.ACTIVE, "signing-key-unlocked")
_DESTROY = (
    {CredentialState.ACTIVE, CredentialState.SUSPENDED, CredentialState.LOCKED},
    CredentialState.DESTROYED,
    "signing-key-destroyed",
)
_NO_WRONG_PINS = {"wrong_pins": 0, "pins_on_trial": 0}
_Step = tuple[set[CredentialState], CredentialState, str]


class Credentials:
    """Keeps signing keys. ``holder`` limits each method to one holder's keys.

    Who may call which method, the routes decide; ``by`` is the principal who asked.
    """

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        sealing: Sealing,
        gate: PinGate,
        settings: CredentialSettings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._sealing = sealing
        self._gate = gate
        self._settings = settings
        self._clock = clock

    def find(self, credential_id: str, *, holder: Holder | None = None) -> Credential:
        """Return a key. Raises CredentialUnknown."""
        with self._database.read() as connection:
            return credential_of(credential_row(connection, credential_id, holder=holder))

    def of_holder(self, holder: Holder) -> list[Credential]:
        """Return a holder's keys that are not destroyed, oldest first."""
        query = (
            select(signing_credentials)
            .where(
                signing_credentials.c.holder_kind == holder.kind,
                signing_credentials.c.holder == holder.id,
                signing_credentials.c.state != CredentialState.DESTROYED,
            )
            .order_by(signing_credentials.c.id)
        )
        with self._database.read() as connection:
            return [credential_of(row) for row in connection.execute(query)]

    def check_new_pin(self, new: str) -> None:
        """Let a PIN pass that a key may be sealed under. Raises PinUnsuitable."""
        check_new_pin(new, shortest=self._settings.shortest_pin)

    def change_pin(
        self, credential_id: str, *, old: str, new: str, holder: Holder | None = None
    ) -> None:
        """Seal a key under another PIN; open authorizations end.

        Raises PinUnsuitable, what ``PinGate.open`` raises, and CredentialStateRefused when the
        key was changed at the same time.
        """
        self.check_new_pin(new)
        opened = self._gate.open(credential_id, old, holder=holder)
        with self._database.read() as connection:
            bound_to = row_sealed_as(credential_row(connection, credential_id))
        seal = self._sealing.under_pin(
            opened.wrapped.blob, new, bound_to=bound_to, stretching=stretching_of(self._settings)
        )
        with self._database.begin() as connection:
            row = credential_row(connection, credential_id, lock=True)
            if row.state != CredentialState.ACTIVE or row.pin_salt != opened.pin_salt:
                raise CredentialStateRefused(
                    "The signing key was changed by somebody else just now.",
                    kept="Its PIN was not changed by this.",
                )
            now = self._clock.now()
            self._set(connection, row, {**pin_columns(seal), "pin_set_at": now})
            end_activations(connection, row.id)
            log_of_key(self._log, connection, "signing-key-pin-changed", now, row, {})

    def suspend(self, credential_id: str, *, by: str, holder: Holder | None = None) -> Credential:
        """Let a key rest; open authorizations end. Raises CredentialStateRefused."""
        return self._step(credential_id, _SUSPEND, by, holder)

    def resume(self, credential_id: str, *, by: str, holder: Holder | None = None) -> Credential:
        """Let a suspended key sign again. Raises CredentialStateRefused."""
        return self._step(credential_id, _RESUME, by, holder)

    def unlock(self, credential_id: str, *, by: str, holder: Holder | None = None) -> Credential:
        """Open a key that wrong PINs locked; its PIN stays. For officers alone.

        Raises CredentialStateRefused.
        """
        return self._step(credential_id, _UNLOCK, by, holder, **_NO_WRONG_PINS, own_unlockings=0)

    def unlock_own(self, credential_id: str, *, by: str, holder: Holder) -> Credential:
        """Open a key that its holder locked, a few times until a right PIN comes.

        So a passkey that was stolen with its device guesses a bounded number of PINs. Raises
        TooManyUnlockings and CredentialStateRefused.
        """
        with self._database.begin() as connection:
            row = credential_row(connection, credential_id, holder=holder, lock=True)
            # Counted by itself: of two windows that open it at once, the second finds it open.
            if row.state == CredentialState.LOCKED:
                if row.own_unlockings >= self._settings.own_unlockings:
                    raise TooManyUnlockings(
                        "You opened this key as often as you can without typing its PIN right. An "
                        "officer can open it now.",
                        kept="The key stays locked.",
                    )
                self._set(connection, row, {"own_unlockings": row.own_unlockings + 1})
            return self._take_step(connection, row, _UNLOCK, by, **_NO_WRONG_PINS)

    def destroy(self, credential_id: str, *, by: str, holder: Holder | None = None) -> Credential:
        """Erase a key for ever: its sealed key is the only copy. Raises CredentialStateRefused."""
        return self._step(credential_id, _DESTROY, by, holder, sealed_key=None)

    def forget_expired(self) -> int:
        """Erase the keys in authorizations whose time is over; return how many."""
        with self._database.begin() as connection:
            return forget_expired(connection, self._clock.now())

    def _step(
        self,
        credential_id: str,
        step: _Step,
        by: str,
        holder: Holder | None,
        **values: object,
    ) -> Credential:
        with self._database.begin() as connection:
            row = credential_row(connection, credential_id, holder=holder, lock=True)
            return self._take_step(connection, row, step, by, **values)

    def _take_step(
        self, connection: Connection, row: Row[Any], step: _Step, by: str, **values: object
    ) -> Credential:
        before, after, kind = step
        if row.state == after:
            # The same again, whose first answer was lost.
            return credential_of(row)
        if row.state not in before:
            raise CredentialStateRefused(
                f"The signing key is {row.state}.", kept=NOTHING_CHANGED, state=str(row.state)
            )
        self._set(connection, row, {"state": after, **values})
        end_activations(connection, row.id)
        facts: dict[str, JsonValue] = {"by": commitment(row.salt, by.encode())}
        log_of_key(self._log, connection, kind, self._clock.now(), row, facts)
        return credential_of(credential_row(connection, row.id))

    def _set(self, connection: Connection, row: Row[Any], values: Mapping[str, object]) -> None:
        connection.execute(
            update(signing_credentials).where(signing_credentials.c.id == row.id).values(**values)
        )
