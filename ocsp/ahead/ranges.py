"""Who signs what again, and when: ranges of serial numbers, worked off under leases."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, insert, or_, select, update

from core.database import Database
from ocsp.models import signing_ranges as table

# RFC 5280, Section 4.1.2.2: at most 20 octets. Ours are evenly spread over 159 bits.
LARGEST = (1 << 160) - 1
_BITS = 159
# Longer than a page takes on a slow token; a walker that died is followed by another after it.
LEASE = timedelta(minutes=2)
# Stores that nobody has signed into for so long are gone for good.
_FORGOTTEN_AFTER = timedelta(days=90)


@dataclass(frozen=True)
class SigningRange:
    """A range as a walker has it: what to sign, and how far it came.

    ``is_full``: every answer is signed again; else what is missing, or was signed before
    ``signed_since``. ``walk_holds_until`` is the earliest nextUpdate signed on this walk.
    """

    store_id: str
    authority: str
    number: int
    upper: int
    holder: str
    started_at: datetime
    progress: int
    is_full: bool
    serving: int
    signed_since: datetime | None
    holds_until: datetime | None
    walk_holds_until: datetime | None

    @property
    def same(self) -> ColumnElement[bool]:
        """Match the row while this walker holds it."""
        return and_(
            table.c.store_id == self.store_id,
            table.c.authority == self.authority,
            table.c.number == self.number,
            table.c.holder == self.holder,
        )


class SigningRanges:
    """The table of ranges. Every method is one transaction; raises DatabaseUnavailable."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def divide(self, store_id: str, wanted: Mapping[str, int], *, now: datetime) -> None:
        """Make the ranges of authorities that have none, or another number; all are due then."""
        mine = table.c.store_id == store_id
        with self._database.read() as connection:
            found: dict[str, int] = {}
            for name in connection.scalars(select(table.c.authority).where(mine)):
                found[name] = found.get(name, 0) + 1
        others = {name: count for name, count in wanted.items() if found.get(name) != count}
        if not others:
            return
        rows = [row for name, count in others.items() for row in _rows(store_id, name, count, now)]
        with self._database.begin() as connection:
            connection.execute(delete(table).where(mine, table.c.authority.in_(others)))
            connection.execute(delete(table).where(~mine, table.c.due_at < now - _FORGOTTEN_AFTER))
            connection.execute(insert(table), rows)

    def claim(
        self, store_id: str, *, holder: str, now: datetime, authorities: Collection[str] = ()
    ) -> SigningRange | None:
        """Take a range with something to do, the most urgent first; None where there is none.

        ``authorities``: only of these, unless it is empty.
        """
        conditions = [table.c.store_id == store_id, _is_free(now), _has_work(now)]
        if authorities:
            conditions.append(table.c.authority.in_(authorities))
        query = (
            select(table)
            .where(*conditions)
            # Wrong or missing answers before old ones.
            .order_by((table.c.wanted > table.c.mended).desc(), table.c.due_at)
            .limit(1)
        )
        with self._database.read() as connection:
            if connection.execute(query).one_or_none() is None:
                return None
        with self._database.begin() as connection:
            row = connection.execute(query.with_for_update(skip_locked=True)).one_or_none()
            return None if row is None else _take(connection, row, holder, now)

    def advance(
        self, one: SigningRange, *, progress: int, holds_until: datetime | None, now: datetime
    ) -> bool:
        """Note that answers up to ``progress`` are stored; False if another has the range now."""
        return self._update(
            one, progress=progress, walk_holds_until=holds_until, lease_until=now + LEASE
        )

    def finish(self, one: SigningRange, *, holds_until: datetime | None, due_at: datetime) -> bool:
        """Note that the walk is over; ``due_at`` counts after a full one."""
        values: dict[str, Any] = {"mended": one.serving}
        if one.is_full:
            values |= {"due_at": due_at, "signed_since": one.started_at}
            values["holds_until"] = holds_until
        else:
            values["holds_until"] = earliest(one.holds_until, holds_until)
        return self._update(one, **values, **_NOBODY)

    def release(self, one: SigningRange, *, until: datetime) -> None:
        """Leave a range to whoever goes on with it after ``until``."""
        self._update(one, holder=None, lease_until=until)

    def want(self, store_id: str, wanted: Iterable[tuple[str, int]]) -> None:
        """Have the missing answers signed soon in the ranges of (authority, serial number)."""
        numbers: dict[str, set[int]] = {}
        for authority, serial_number in wanted:
            numbers.setdefault(authority, set()).add(serial_number)
        with self._database.begin() as connection:
            for authority, serials in numbers.items():
                _want_some(connection, store_id, authority, serials)

    def want_all(self, store_id: str, authority: str) -> None:
        """Have all answers of an authority looked through soon."""
        with self._database.begin() as connection:
            _add_wish(connection, table.c.store_id == store_id, table.c.authority == authority)

    def all(self, store_id: str) -> list[Row[Any]]:
        """Return every range of a store."""
        with self._database.read() as connection:
            query = select(table).where(table.c.store_id == store_id)
            return list(connection.execute(query.order_by(table.c.authority, table.c.number)))

    def _update(self, one: SigningRange, **values: Any) -> bool:
        with self._database.begin() as connection:
            changed = connection.execute(update(table).where(one.same).values(**values))
            return changed.rowcount == 1


_NOBODY: Mapping[str, Any] = {
    "holder": None,
    "lease_until": None,
    "started_at": None,
    "progress": None,
    "is_full": None,
    "serving": None,
    "walk_holds_until": None,
}


def earliest(*instants: datetime | None) -> datetime | None:
    """Return the earliest of the instants that there are."""
    return min((one for one in instants if one is not None), default=None)


def bounds(count: int) -> list[tuple[int, int]]:
    """Return ``count`` ranges (lower, upper] that together hold every serial number."""
    edges = [(number << _BITS) // count for number in range(count)]
    return list(pairwise([*edges, LARGEST]))


def _rows(store_id: str, authority: str, count: int, now: datetime) -> Iterable[dict[str, Any]]:
    for number, (lower, upper) in enumerate(bounds(count)):
        yield {
            "store_id": store_id,
            "authority": authority,
            "number": number,
            "lower": lower,
            "upper": upper,
            "due_at": now,
            "wanted": 0,
            "mended": 0,
        }


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(table.c.lease_until.is_(None), table.c.lease_until <= now)


def _has_work(now: datetime) -> ColumnElement[bool]:
    return or_(table.c.due_at <= now, table.c.wanted > table.c.mended)


def _take(connection: Connection, row: Row[Any], holder: str, now: datetime) -> SigningRange:
    begun: dict[str, Any] = {"holder": holder, "lease_until": now + LEASE}
    if row.started_at is None:
        begun |= {"started_at": now, "progress": row.lower, "serving": row.wanted}
        begun["is_full"] = row.due_at <= now or row.signed_since is None
    same = and_(
        table.c.store_id == row.store_id,
        table.c.authority == row.authority,
        table.c.number == row.number,
    )
    connection.execute(update(table).where(same).values(**begun))
    known = {**row._mapping, **begun}
    return SigningRange(**{name: known[name] for name in SigningRange.__dataclass_fields__})


def _want_some(
    connection: Connection, store_id: str, authority: str, serials: Collection[int]
) -> None:
    mine = and_(table.c.store_id == store_id, table.c.authority == authority)
    rows = connection.execute(select(table.c.number, table.c.lower, table.c.upper).where(mine))
    hit = [row.number for row in rows if any(row.lower < one <= row.upper for one in serials)]
    _add_wish(connection, mine, table.c.number.in_(hit))


def _add_wish(connection: Connection, *conditions: ColumnElement[bool]) -> None:
    connection.execute(update(table).where(*conditions).values(wanted=table.c.wanted + 1))
