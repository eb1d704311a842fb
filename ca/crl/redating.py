"""Set right what a clock that ran ahead has dated in the future.

Within a scope instants only rise (:mod:`ca.revocation.scopes`), so one clock that ran ahead once
dates all that follows. No process can tell such a clock from its own being slow: a person has to
say that this machine's clock is right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from ca.crl.watch import CLOCK_TOLERANCE
from ca.models import revocations
from ca.revocation.changes import entry_of, record_of, upsert
from ca.revocation.models import status_scopes
from ca.revocation.scopes import lock_scopes
from ca.revocation.standing import RevocationRecord
from core.clock import Clock
from core.database import Database
from core.transparency.log import TransparencyLog

# One transaction's work; the log is locked meanwhile.
ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class ScopeAhead:
    """A scope whose instants lie in the future, and how far."""

    authority: str
    shard: int
    by: timedelta


class Redating:
    """Finds scopes that are ahead, and brings them back to the present."""

    def __init__(self, *, database: Database, log: TransparencyLog, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._clock = clock

    def ahead(self) -> list[ScopeAhead]:
        """Return the scopes that are ahead of this machine's clock by more than clocks differ."""
        now = self._clock.now()
        with self._database.read() as connection:
            scopes = connection.execute(
                select(status_scopes)
                .where(status_scopes.c.last_change > now + CLOCK_TOLERANCE)
                .order_by(status_scopes.c.authority, status_scopes.c.shard)
            ).all()
        return [ScopeAhead(row.authority, row.shard, row.last_change - now) for row in scopes]

    def redate(self, authority: str, shard: int) -> int:
        """Date a scope's future changes now, and let it go on from here; return their number.

        For someone who knows that this machine's clock is right. Each changed record gets a log
        entry of its own, as a change has; what is done stays done if it is cut short. The next
        complete CRL, which is due at once, is the first with a date that holds. Raises
        Unavailable when database or log is away.
        """
        count = 0
        while redated := self._redate_some(authority, shard):
            count += redated
        return count

    def _redate_some(self, authority: str, shard: int) -> int:
        now = self._clock.now()
        with self._database.begin() as connection:
            lock_scopes(connection, [(authority, shard)], now)
            rows = connection.execute(
                select(revocations)
                .where(
                    revocations.c.authority == authority,
                    revocations.c.crl_shard == shard,
                    revocations.c.changed_at > now,
                )
                .limit(ROWS_AT_ONCE)
            ).all()
            if not rows:
                _go_on_from(connection, authority, shard, now)
                return 0
            records = [_redated(record_of(row), now) for row in rows]
            upsert(connection, records)
            index = self._log.append(connection, [entry_of(one) for one in records])[-1]
        self._log.ensure_published(index)
        return len(rows)


def _redated(record: RevocationRecord, now: datetime) -> RevocationRecord:
    since = record.invalidity_date
    return replace(
        record,
        changed_at=now,
        revoked_at=min(record.revoked_at, now),
        invalidity_date=None if since is None else min(since, now),
    )


def _go_on_from(connection: Connection, authority: str, shard: int, now: datetime) -> None:
    # A number that was taken stays taken; whoever is at work with it is overtaken.
    connection.execute(
        update(status_scopes)
        .where(status_scopes.c.authority == authority, status_scopes.c.shard == shard)
        .values(last_change=now, claimed_until=None)
    )
