"""The gate that each PIN passes: counted before it is tried, and judged without an oracle.

1. In one transaction, under the row's lock, the try is counted: wrong ones and those that are being
   judged together are never more than the settings say. A locked key goes no further than the work.
2. The same work is done for every PIN: stretching, the HSM's part, opening.
3. The last wrong one locks the key, for every process; a right one sets the count back.

So however many processes and threads guess at once, no more PINs are judged than the settings say,
and a process that dies in the middle has used its try up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, update

from core.clock import Clock
from core.database import Database
from core.transparency.log import TransparencyLog
from hsm.key_encryption import WrappedKey
from signing.credentials.credential import (
    Credential,
    CredentialState,
    Holder,
    credential_of,
    credential_row,
    locked,
    pin_seal_of,
    row_sealed_as,
    wrapped_key_of,
)
from signing.credentials.ending import end_activations
from signing.credentials.errors import PinBusy, PinRefused
from signing.credentials.log_entries import log_of_key
from signing.credentials.models import signing_credentials
from signing.credentials.sealing import Sealing

# Longer than any judgement takes: after it, the processes that were judging are dead, and their
# tries count as wrong.
_JUDGED_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True)
class OpenedKey:
    """A key that a right PIN opened: still wrapped, of use in its token alone."""

    credential: Credential
    wrapped: WrappedKey
    token: str
    pin_salt: bytes


class PinGate:
    """Opens keys by PIN."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        sealing: Sealing,
        most_wrong: int,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._sealing = sealing
        self._most_wrong = most_wrong
        self._clock = clock

    def open(
        self,
        credential_id: str,
        pin: str,
        *,
        holder: Holder | None = None,
        usable: Callable[[Credential], None] = Credential.check_active,
    ) -> OpenedKey:
        """Return the key that a right PIN opens.

        Raises CredentialUnknown, CredentialStateRefused, CredentialLocked, PinRefused, PinBusy and
        TokenUnavailable.
        """
        row, may_be_judged = self._count(credential_id, holder, usable)
        blob = self._sealing.open_with_pin(pin_seal_of(row), pin, bound_to=row_sealed_as(row))
        if not may_be_judged:
            raise locked()
        if blob is None:
            raise self._refuse(credential_id)
        self._set_back(credential_id)
        return OpenedKey(credential_of(row), wrapped_key_of(row, blob), row.token, row.pin_salt)

    def _count(
        self,
        credential_id: str,
        holder: Holder | None,
        usable: Callable[[Credential], None],
    ) -> tuple[Row[Any], bool]:
        now = self._clock.now()
        with self._database.begin() as connection:
            row = credential_row(connection, credential_id, holder=holder, lock=True)
            if row.state == CredentialState.LOCKED:
                return row, False
            usable(credential_of(row))
            wrong, on_trial = row.wrong_pins, row.pins_on_trial
            if on_trial and now - row.pin_tried_at >= _JUDGED_WITHIN:
                wrong, on_trial = wrong + on_trial, 0
            if wrong >= self._most_wrong:
                self._lock(connection, row)
                return row, False
            if wrong + on_trial >= self._most_wrong:
                raise PinBusy(
                    "Other attempts with this key are being judged. Try again in a moment.",
                    kept="This attempt was not counted.",
                    retry_after_seconds=2,
                )
            connection.execute(
                _of(credential_id).values(
                    wrong_pins=wrong, pins_on_trial=on_trial + 1, pin_tried_at=now
                )
            )
        return row, True

    def _refuse(self, credential_id: str) -> Exception:
        with self._database.begin() as connection:
            row = credential_row(connection, credential_id, lock=True)
            wrong = row.wrong_pins + 1
            connection.execute(
                _of(credential_id).values(
                    wrong_pins=wrong, pins_on_trial=max(row.pins_on_trial - 1, 0)
                )
            )
            left = max(self._most_wrong - wrong, 0)
            if not left and row.state == CredentialState.ACTIVE:
                self._lock(connection, row)
        if not left:
            return locked()
        return PinRefused(
            f"The PIN is wrong. After {left} more wrong ones the key is locked.",
            kept="Nothing was signed.",
            tries_left=left,
        )

    def _lock(self, connection: Connection, row: Row[Any]) -> None:
        now = self._clock.now()
        connection.execute(_of(row.id).values(state=CredentialState.LOCKED))
        end_activations(connection, row.id)
        log_of_key(self._log, connection, "signing-key-locked", now, row, {})

    def _set_back(self, credential_id: str) -> None:
        with self._database.begin() as connection:
            row = credential_row(connection, credential_id, lock=True)
            # A key that others' wrong PINs locked meanwhile stays locked.
            if row.state == CredentialState.ACTIVE:
                on_trial = max(row.pins_on_trial - 1, 0)
                connection.execute(
                    _of(credential_id).values(
                        wrong_pins=0, pins_on_trial=on_trial, own_unlockings=0
                    )
                )


def _of(credential_id: str) -> Any:
    return update(signing_credentials).where(signing_credentials.c.id == credential_id)
