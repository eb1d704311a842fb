"""The register of keys in the database, and a short memory of their states."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Connection, Row, bindparam, insert, select, update

from core.clock import Clock
from core.database import Database
from hsm import models
from hsm.errors import KeyNotActive, KeyNotFound
from hsm.keys import KeyAlgorithm, KeyPolicy, KeyRecord, KeyState, PublicKey, key_id_of
from hsm.states import check_transition

# For how long a state is believed without asking the database: so soon does a key that another
# process suspended or another machine destroyed cease to sign here. In this process at once.
STATE_MEMORY_SECONDS = 1.0

# Asked at every issuance: built once.
_KEY = select(models.keys).where(models.keys.c.key_id == bindparam("wanted"))


@dataclass(frozen=True)
class KeyStateChange:
    """A key came into ``state``, when and why."""

    state: KeyState
    at: datetime
    reason: str


@dataclass(frozen=True)
class KeyPlace:
    """A key with its token; ``record.state`` is that of when it was read.

    ``kept_in_token``: the private key lies there, not wrapped in the database.
    """

    record: KeyRecord
    kept_in_token: bool


class KeyRegistry:
    """Records keys and their states; knows nothing of tokens."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        # key_id → (state, until when it is believed). Single dict operations are atomic, so no
        # lock is needed, and none can be inherited locked by a fork.
        self._states: dict[bytes, tuple[KeyState, float]] = {}
        self._places: dict[bytes, KeyPlace] = {}
        self._changes = 0

    def add(
        self,
        connection: Connection,
        *,
        public_key: PublicKey,
        token: str,
        label: str,
        algorithm: KeyAlgorithm,
        policy: KeyPolicy,
        kept_in: str,
        provenance: Mapping[str, object],
    ) -> KeyRecord:
        """Record a new key, pre-active, with how it was made."""
        now = self._clock.now()
        record = KeyRecord(
            key_id=key_id_of(public_key),
            token=token,
            label=label,
            algorithm=algorithm,
            public_key_der=public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            state=KeyState.PRE_ACTIVE,
            policy=policy,
            created_at=now,
        )
        connection.execute(
            insert(models.keys).values(
                key_id=record.key_id,
                token=token,
                label=label,
                algorithm=algorithm.value,
                public_key_der=record.public_key_der,
                state=record.state.value,
                may_be_wrapped=policy.may_be_wrapped,
                kept_in=kept_in,
                created_at=now,
                provenance=dict(provenance),
            )
        )
        self._record_change(connection, record.key_id, None, record.state, "generated")
        return record

    def get(self, key_id: bytes) -> KeyRecord:
        """Return the record of a key. Raises KeyNotFound."""
        return _record(self._row(key_id))

    def place(self, key_id: bytes) -> KeyPlace:
        """Return where a key is, which never changes: asked once. Raises KeyNotFound."""
        place = self._places.get(key_id)
        if place is None:
            row = self._row(key_id)
            place = self._places[key_id] = KeyPlace(_record(row), bool(row.kept_in == "token"))
        return place

    def is_kept_in_token(self, key_id: bytes) -> bool:
        """Tell whether the private key lies in its token, not wrapped in the database."""
        return self.place(key_id).kept_in_token

    def provenance(self, key_id: bytes) -> dict[str, object]:
        """Return how a key was made. Raises KeyNotFound."""
        return dict(self._row(key_id).provenance)

    def history(self, key_id: bytes) -> list[KeyStateChange]:
        """Return every state that a key has had, oldest first. Raises KeyNotFound."""
        self._row(key_id)
        changes = models.key_state_changes
        with self._database.read() as connection:
            rows = connection.execute(
                select(changes).where(changes.c.key_id == key_id).order_by(changes.c.id)
            ).all()
        return [KeyStateChange(KeyState(row.after), row.at, row.reason) for row in rows]

    def all(self) -> list[KeyRecord]:
        """Return every record, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(models.keys).order_by(models.keys.c.id)).all()
        return [_record(row) for row in rows]

    def is_erased(self, key_id: bytes) -> bool:
        """Tell whether the private key is known to be gone from its token."""
        return self._row(key_id).erased_at is not None

    def check_active(self, key_id: bytes) -> None:
        """Let an active key pass. Raises KeyNotActive or KeyNotFound.

        Called before every signature: the database is asked once a second for each key.
        """
        known = self._states.get(key_id)
        if known is None or known[1] < time.monotonic():
            state = self._ask_state(key_id)
        else:
            state = known[0]
        if state is not KeyState.ACTIVE:
            raise KeyNotActive(
                f"The key is {state}, and only an active key signs.",
                kept="Nothing was signed.",
                key_id=key_id.hex(),
                state=state.value,
            )

    def change_state(
        self, connection: Connection, key_id: bytes, state: KeyState, reason: str
    ) -> KeyRecord:
        """Record a step in a key's life. Raises KeyNotFound or KeyStateRefused.

        Call :meth:`forget` when the transaction has ended.
        """
        row = connection.execute(
            select(models.keys).where(models.keys.c.key_id == key_id).with_for_update()
        ).one_or_none()
        if row is None:
            raise _unknown(key_id)
        before = KeyState(row.state)
        check_transition(before, state)
        connection.execute(
            update(models.keys).where(models.keys.c.key_id == key_id).values(state=state.value)
        )
        self._record_change(connection, key_id, before, state, reason)
        return _record(row, state)

    def set_erased(self, connection: Connection, key_id: bytes) -> None:
        """Record that the private key no longer exists."""
        connection.execute(
            update(models.keys)
            .where(models.keys.c.key_id == key_id)
            .values(erased_at=self._clock.now())
        )

    def forget(self, key_id: bytes) -> None:
        """Drop what is remembered of a key's state, after it changed."""
        self._changes += 1
        self._states.pop(key_id, None)

    def _ask_state(self, key_id: bytes) -> KeyState:
        changes = self._changes
        until = time.monotonic() + STATE_MEMORY_SECONDS
        state = KeyState(self._row(key_id).state)
        # What was read while another thread changed a state may be the past.
        if changes == self._changes:
            self._states[key_id] = (state, until)
        return state

    def _row(self, key_id: bytes) -> Row[Any]:
        with self._database.read() as connection:
            row = connection.execute(_KEY, {"wanted": key_id}).one_or_none()
        if row is None:
            raise _unknown(key_id)
        return row

    def _record_change(
        self,
        connection: Connection,
        key_id: bytes,
        before: KeyState | None,
        after: KeyState,
        reason: str,
    ) -> None:
        connection.execute(
            insert(models.key_state_changes).values(
                key_id=key_id,
                before=None if before is None else before.value,
                after=after.value,
                reason=reason,
                at=self._clock.now(),
            )
        )


def _record(row: Row[Any], state: KeyState | None = None) -> KeyRecord:
    return KeyRecord(
        key_id=row.key_id,
        token=row.token,
        label=row.label,
        algorithm=KeyAlgorithm(row.algorithm),
        public_key_der=row.public_key_der,
        state=state or KeyState(row.state),
        policy=KeyPolicy(may_be_wrapped=row.may_be_wrapped),
        created_at=row.created_at,
    )


def _unknown(key_id: bytes) -> KeyNotFound:
    return KeyNotFound("No key of this name was ever recorded.", key_id=key_id.hex())
