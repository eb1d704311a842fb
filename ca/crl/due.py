"""When a CRL is due."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, func, select

from ca.authorities import Authority
from ca.crl.numbers import was_set_back
from ca.crl.record import IssuedCrl, find_newest
from ca.crl.settings import CrlSettings
from ca.models import revocations

# RFC 5280, Section 5.1.2.5 asks for nextUpdate; that of a CRL which none will follow is the
# end of time (ETSI EN 319 411-2, CSS-6.3.9; the value is that of RFC 5280, Section 4.1.2.5).
NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
# When a CRL was due that there has never been.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def has_deltas(settings: CrlSettings, found: Authority) -> bool:
    """Tell whether an authority's complete CRLs promise delta CRLs."""
    # An anchor certifies few: its complete CRL is as short as a delta would be.
    return settings.deltas and found.parent is not None


def is_due(
    connection: Connection,
    settings: CrlSettings,
    authority: str,
    shard: int,
    now: datetime,
    *,
    delta: bool,
) -> bool:
    """Tell whether the complete CRL of a shard, or its delta CRL, has to be replaced now."""
    complete = find_newest(connection, authority, shard, delta=False)
    if delta:
        newest = find_newest(connection, authority, shard, delta=True)
        due_at = delta_due_at(settings, complete, newest)
    else:
        due_at = complete_due_at(connection, settings, complete)
    return due_at is not None and due_at <= now


def complete_due_at(
    connection: Connection, settings: CrlSettings, complete: IssuedCrl | None
) -> datetime | None:
    """Return when the newest complete CRL of a scope has to be replaced; None: never."""
    if complete is None:
        return LONG_AGO
    if complete.next_update == NEVER:
        return None
    if was_set_back(connection, complete.authority, complete.shard, complete.this_update):
        return LONG_AGO
    regularly = complete.this_update + settings.complete_every
    changed = _first_change(connection, complete)
    if changed is None:
        return regularly
    return min(regularly, max(changed, complete.this_update + settings.changes_within))


def delta_due_at(
    settings: CrlSettings, complete: IssuedCrl | None, delta: IssuedCrl | None
) -> datetime | None:
    """Return when the newest delta CRL of a scope has to be replaced; None: not as things are."""
    if not settings.deltas or complete is None or complete.next_update == NEVER:
        return None
    newest = complete if delta is None or delta.number < complete.number else delta
    return newest.this_update + settings.delta_every


def _first_change(connection: Connection, complete: IssuedCrl) -> datetime | None:
    first: datetime | None = connection.scalar(
        select(func.min(revocations.c.changed_at)).where(
            revocations.c.authority == complete.authority,
            revocations.c.crl_shard == complete.shard,
            revocations.c.changed_at > complete.this_update,
        )
    )
    return first
