"""Ask which certificates were issued: by filters, a page at a time, at a bounded price.

A page looks through one window of an index, and no further, whatever the filters leave of it: so
it costs the same among a thousand certificates and among a million. Where the window ends before
the page is full, the page is short and says where to go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, or_, select, tuple_

from ca.models import certificates, revocations
from ca.register import GOOD, ISSUED, RegisteredCertificate, registered
from core.clock import Clock
from core.database import Database

EXPIRED = "expired"
STANDINGS = (GOOD, "on-hold", "revoked", EXPIRED)
# Rows of an index that one page looks through: some milliseconds.
WINDOW = 1000
# Numbers are given in the order of reservation, but for those that were reserved at once.
SKEW = timedelta(minutes=10)


@dataclass(frozen=True)
class Inquiry:
    """Certificates that fulfil every filter that is set; without any, all of them.

    ``standing`` is one of ``STANDINGS``, as of now: ``good`` and ``expired`` are told apart by the
    end of the validity. Ranges include their beginning and not their end.
    """

    profile: str | None = None
    holder: str | None = None
    institution: str | None = None
    standing: str | None = None
    issued_from: datetime | None = None
    issued_until: datetime | None = None
    expires_from: datetime | None = None
    expires_until: datetime | None = None

    @property
    def by_expiry(self) -> bool:
        """Tell whether its list is ordered by the end of validity, else it is by issuance."""
        asked = self.expires_from is not None or self.expires_until is not None
        return asked and self.holder is None and self.institution is None


@dataclass(frozen=True)
class Place:
    """Where a list goes on: after this certificate. ``not_after`` where it is ordered by it."""

    number: int
    not_after: datetime | None = None


@dataclass(frozen=True)
class Answer:
    """A page of certificates, newest or latest-ending first; ``following`` is None at the end.

    Their ``standing`` is one of ``STANDINGS``.
    """

    certificates: Sequence[RegisteredCertificate]
    following: Place | None


class CertificateInquiries:
    """Answers inquiries."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def page(self, inquiry: Inquiry, *, limit: int, after: Place | None = None) -> Answer:
        """Return up to ``limit`` certificates after a place; fewer do not mean the end."""
        now = self._clock.now()
        with self._database.read() as connection:
            driving = _driving(connection, inquiry)
            if after is not None:
                driving.append(_position(inquiry) < _values(inquiry, after))
            end = _window_end(connection, inquiry, driving)
            query = ISSUED.where(*driving, *_remaining(inquiry, now))
            if end is not None:
                query = query.where(_position(inquiry) >= _values(inquiry, end))
            rows = connection.execute(_ordered(query, inquiry).limit(limit + 1)).all()
        found = [_standing_now(registered(row), now) for row in rows[:limit]]
        if len(rows) <= limit:
            return Answer(found, end)
        return Answer(found, Place(found[-1].number, found[-1].not_after))

    def all(self, inquiry: Inquiry) -> Iterator[RegisteredCertificate]:
        """Yield every certificate that the inquiry means, window by window."""
        answer = self.page(inquiry, limit=WINDOW)
        yield from answer.certificates
        while answer.following is not None:
            answer = self.page(inquiry, limit=WINDOW, after=answer.following)
            yield from answer.certificates


def _standing_now(one: RegisteredCertificate, now: datetime) -> RegisteredCertificate:
    over = one.standing == GOOD and one.not_after < now
    return replace(one, standing=EXPIRED) if over else one


def _position(inquiry: Inquiry) -> Any:
    columns = certificates.c
    return tuple_(columns.not_after, columns.id) if inquiry.by_expiry else columns.id


def _values(inquiry: Inquiry, place: Place) -> Any:
    if inquiry.by_expiry:
        return tuple_(literal(place.not_after, certificates.c.not_after.type), place.number)
    return place.number


def _ordered(query: Select[Any], inquiry: Inquiry) -> Select[Any]:
    columns = certificates.c
    if inquiry.by_expiry:
        return query.order_by(columns.not_after.desc(), columns.id.desc())
    return query.order_by(columns.id.desc())


def _window_end(
    connection: Connection, inquiry: Inquiry, driving: Sequence[ColumnElement[bool]]
) -> Place | None:
    query = select(certificates.c.id, certificates.c.not_after).where(*driving)
    row = connection.execute(_ordered(query, inquiry).offset(WINDOW - 1).limit(1)).one_or_none()
    return None if row is None else Place(row.id, row.not_after)


def _driving(connection: Connection, inquiry: Inquiry) -> list[ColumnElement[bool]]:
    """Return the conditions that one index answers."""
    columns = certificates.c
    if inquiry.by_expiry:
        return list(_between(columns.not_after, inquiry.expires_from, inquiry.expires_until))
    found = list(_issued_between(connection, inquiry.issued_from, inquiry.issued_until))
    for column, wanted in (
        (columns.holder, inquiry.holder),
        (columns.institution, inquiry.institution),
        (columns.profile, inquiry.profile),
    ):
        if wanted is not None:
            return [column == wanted, *found]
    return found


def _remaining(inquiry: Inquiry, now: datetime) -> list[ColumnElement[bool]]:
    """Return every condition, written so that no index but the window's is taken for them."""
    columns = certificates.c
    found: list[ColumnElement[bool]] = []
    for column, wanted in (
        (columns.holder, inquiry.holder),
        (columns.institution, inquiry.institution),
        (columns.profile, inquiry.profile),
    ):
        if wanted is not None:
            found.append(_unindexed(column) == wanted)
    reserved, ends = _unindexed(columns.reserved_at), _unindexed(columns.not_after)
    found += _between(reserved, inquiry.issued_from, inquiry.issued_until)
    found += _between(ends, inquiry.expires_from, inquiry.expires_until)
    if inquiry.standing is not None:
        found.append(_stands(inquiry.standing, ends, now))
    return found


def _unindexed(column: Any) -> Any:
    return func.coalesce(column, column, type_=column.type)


def _stands(standing: str, ends: Any, now: datetime) -> ColumnElement[bool]:
    if standing == GOOD:
        return and_(revocations.c.state.is_(None), ends >= now)
    if standing == EXPIRED:
        return and_(
            or_(revocations.c.state.is_(None), revocations.c.state != "revoked"), ends < now
        )
    return revocations.c.state == standing


def _between(
    column: Any, first: datetime | None, end: datetime | None
) -> Iterator[ColumnElement[bool]]:
    if first is not None:
        yield column >= first
    if end is not None:
        yield column < end


def _issued_between(
    connection: Connection, first: datetime | None, end: datetime | None
) -> Iterator[ColumnElement[bool]]:
    # The range of time as one of numbers, a little wider; what is too much goes afterwards.
    columns = certificates.c
    known = select(columns.id).where(columns.state == "issued").limit(1)
    if first is not None:
        before = known.where(columns.reserved_at < first - SKEW)
        last = before.order_by(columns.reserved_at.desc(), columns.id.desc())
        yield columns.id > (connection.scalar(last) or 0)
    if end is not None:
        later = known.where(columns.reserved_at >= end + SKEW)
        number = connection.scalar(later.order_by(columns.reserved_at, columns.id))
        if number is not None:
            yield columns.id < number
