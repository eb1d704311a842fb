"""The lock of a CRL scope, and the instants that order what happens in it.

A status change takes the lock of its shard before it reads the clock; a CRL takes it when it
begins. So of a change and a CRL of one shard, one is first, on every machine and whatever the
clocks say. Locks are taken in the order (authority, shard), and before the log's own lock:
nobody who keeps to that can deadlock.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from ca.revocation.models import status_scopes

Scope = tuple[str, int]

# What UtcDateTime tells apart on both databases.
TICK = timedelta(microseconds=1)


def lock_scopes(connection: Connection, scopes: Iterable[Scope], now: datetime) -> datetime:
    """Lock the scopes until the transaction ends; return an instant later than all in them.

    It is ``now``, unless a clock ran ahead before.
    """
    wanted = sorted(set(scopes))
    if not wanted:
        return now
    _make_missing(connection, wanted, now)
    rows = connection.execute(
        select(status_scopes.c.last_change)
        .where(_among(wanted))
        .order_by(status_scopes.c.authority, status_scopes.c.shard)
        .with_for_update()
    ).all()
    instant: datetime = max([now, *(row.last_change + TICK for row in rows)])
    connection.execute(update(status_scopes).where(_among(wanted)).values(last_change=instant))
    return instant


def _among(scopes: list[Scope]) -> ColumnElement[bool]:
    return tuple_(status_scopes.c.authority, status_scopes.c.shard).in_(scopes)


def _make_missing(connection: Connection, scopes: list[Scope], now: datetime) -> None:
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    rows = [
        {"authority": authority, "shard": shard, "last_change": now - TICK, "last_number": 0}
        for authority, shard in scopes
    ]
    connection.execute(insert(status_scopes).values(rows).on_conflict_do_nothing())
