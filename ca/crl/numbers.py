"""CRL numbers: one rising sequence for a scope, that a restored backup cannot turn back.

RFC 5280, Section 5.2.3: monotonically increasing, at most 20 octets, one sequence for complete
and delta CRLs of a scope. A number is max(last + 1, nanoseconds since 1970): after an old backup
is restored, the clock alone lifts it above whatever was issued since the backup.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, select, update

from ca.models import crls
from ca.revocation.models import status_scopes
from ca.revocation.scopes import lock_scopes

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Longer than any CRL takes; after it, a claim without a CRL counts as given up.
CLAIM = timedelta(minutes=10)


@dataclass(frozen=True)
class Claim:
    """A number that is ours alone, and the instant that divides changes before and after."""

    authority: str
    shard: int
    number: int
    this_update: datetime


def claim_number(connection: Connection, *, authority: str, shard: int, now: datetime) -> Claim:
    """Take the next number of a scope, within the caller's transaction."""
    this_update = lock_scopes(connection, [(authority, shard)], now)
    number = max(last_number(connection, authority, shard) + 1, nanoseconds(now))
    connection.execute(
        update(status_scopes)
        .where(_scope(authority, shard))
        .values(last_number=number, claimed_until=now + CLAIM)
    )
    return Claim(authority, shard, number, this_update)


def last_number(connection: Connection, authority: str, shard: int) -> int:
    """Return the newest number taken, whether or not a CRL came of it; 0 for none."""
    claimed = connection.scalar(select(status_scopes.c.last_number).where(_scope(authority, shard)))
    return max(claimed or 0, newest_stored(connection, authority, shard))


def newest_stored(connection: Connection, authority: str, shard: int) -> int:
    """Return the number of the newest CRL of a scope, complete or delta; 0 for none."""
    stored = connection.scalar(
        select(func.max(crls.c.number)).where(crls.c.authority == authority, crls.c.shard == shard)
    )
    return stored or 0


def end_claim(connection: Connection, claim: Claim) -> None:
    """Say that nobody is at work with this number any more; it stays taken."""
    connection.execute(
        update(status_scopes)
        .where(_scope(claim.authority, claim.shard), status_scopes.c.last_number == claim.number)
        .values(claimed_until=None)
    )


def is_being_issued(connection: Connection, authority: str, shard: int, now: datetime) -> bool:
    """Tell whether another process took a number a moment ago and is still at work."""
    until = connection.scalar(select(status_scopes.c.claimed_until).where(_scope(authority, shard)))
    # Not for long: a claim of a clock that ran ahead would otherwise last until its day.
    return until is not None and now < until <= now + 2 * CLAIM


def was_set_back(connection: Connection, authority: str, shard: int, this_update: datetime) -> bool:
    """Tell whether a scope goes on from before a CRL's date, which was in the future then."""
    last = connection.scalar(select(status_scopes.c.last_change).where(_scope(authority, shard)))
    return last is not None and last < this_update


def nanoseconds(instant: datetime) -> int:
    """Return nanoseconds since 1970."""
    return (instant - _EPOCH) // timedelta(microseconds=1) * 1000


def _scope(authority: str, shard: int) -> ColumnElement[bool]:
    return (status_scopes.c.authority == authority) & (status_scopes.c.shard == shard)
