"""Which CRLs should have been replaced and were not: long before anybody is refused for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from ca.authorities import Authorities, Authority
from ca.crl.due import LONG_AGO, complete_due_at, delta_due_at, has_deltas
from ca.crl.record import IssuedCrl, find_all
from ca.crl.settings import CrlSettings
from core.clock import Clock
from core.database import Database
from hsm.keys import KeyStore

# Longer than one try takes that is cut short and taken over by another process
# (ca.crl.numbers.CLAIM), and than the scheduler needs to come round.
GRACE = timedelta(minutes=15)
# An offline authority's CRL needs people to come together.
CEREMONY_MARGIN = timedelta(days=30)
# Machines' clocks differ by less than this. Clients refuse a CRL that is not valid yet.
CLOCK_TOLERANCE = timedelta(minutes=5)

_Newest = Mapping[tuple[str, int, bool], IssuedCrl]


@dataclass(frozen=True)
class CrlState:
    """The newest CRL of one kind and scope, if there is any, and how it stands.

    ``due_at`` is when it has to be replaced, None for never.
    """

    authority: str
    shard: int
    is_delta: bool
    newest: IssuedCrl | None
    due_at: datetime | None
    is_overdue: bool
    is_ahead: bool

    @property
    def kind(self) -> str:
        """``complete`` or ``delta``."""
        return "delta" if self.is_delta else "complete"


class CrlWatch:
    """Looks at the newest CRLs of all authorities that are not terminated."""

    def __init__(
        self,
        *,
        database: Database,
        authorities: Authorities,
        keys: KeyStore,
        settings: CrlSettings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._authorities = authorities
        self._keys = keys
        self._settings = settings
        self._clock = clock

    def states(self) -> list[CrlState]:
        """Return the state of every CRL that there should be, by authority, kind and shard.

        Raises DatabaseUnavailable.
        """
        with self._database.read() as connection:
            newest = {(o.authority, o.shard, o.is_delta): o for o in find_all(connection, None)}
            return [
                state
                for found in self._authorities.all()
                if found.state != "terminated"
                for state in self._states_of(connection, found, newest)
            ]

    def _states_of(
        self, connection: Connection, found: Authority, newest: _Newest
    ) -> Iterator[CrlState]:
        deltas = has_deltas(self._settings, found)
        for shard in range(found.crl_shards):
            complete = newest.get((found.name, shard, False))
            due_at = self._complete_due_at(connection, found, complete)
            yield self._state(found, shard, complete, due_at, delta=False)
        for shard in range(found.crl_shards if deltas else 0):
            complete = newest.get((found.name, shard, False))
            delta = newest.get((found.name, shard, True))
            due_at = delta_due_at(self._settings, complete, delta)
            yield self._state(found, shard, delta, due_at, delta=True)

    def _complete_due_at(
        self, connection: Connection, found: Authority, complete: IssuedCrl | None
    ) -> datetime | None:
        if complete is None or self._keys.is_online(found.key_id):
            return complete_due_at(connection, self._settings, complete)
        return complete.next_update - CEREMONY_MARGIN

    def _state(
        self,
        found: Authority,
        shard: int,
        newest: IssuedCrl | None,
        due_at: datetime | None,
        *,
        delta: bool,
    ) -> CrlState:
        now = self._clock.now()
        is_ahead = newest is not None and newest.this_update - now > CLOCK_TOLERANCE
        if is_ahead and due_at is not None:
            # Nobody can use it yet.
            due_at = LONG_AGO
        return CrlState(
            authority=found.name,
            shard=shard,
            is_delta=delta,
            newest=newest,
            due_at=due_at,
            is_overdue=due_at is not None and now - due_at > GRACE,
            is_ahead=is_ahead,
        )
