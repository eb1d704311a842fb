"""Deputies: who acts for whom, in which institution and from when to when.

A deputy signs with the deputy's own key. What reaches somebody as a deputy goes no further: one who
is away themselves passes on what is their own alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from signing.approval.directory import Directory
from signing.approval.errors import NOTHING_DONE, DeputyRefused, DeputyUnknown
from signing.approval.models import approval_deputies
from signing.approval.notices import Notices

# Of one person at once: more is a mistake, or somebody filling the table.
_MOST_NAMED = 20


@dataclass(frozen=True)
class Deputy:
    """That ``deputy`` acts for ``person``, from ``begins_at`` to before ``ends_at``."""

    id: str
    institution: str
    person: str
    deputy: str
    begins_at: datetime
    ends_at: datetime
    named_at: datetime
    revoked_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        """Tell whether it holds now, or will."""
        return self.revoked_at is None and now < self.ends_at


class Deputies:
    """Names deputies, and says who acts for whom."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        directory: Directory,
        notices: Notices,
        longest: timedelta,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._directory = directory
        self._notices = notices
        self._longest = longest
        self._clock = clock

    def name(
        self,
        *,
        deputy_id: str,
        person: str,
        institution: str,
        staff_number: str,
        begins_at: datetime,
        ends_at: datetime,
    ) -> Deputy:
        """Name the one whom ``institution`` lists under a number; sent again, it is the same.

        Raises DeputyRefused, and DeputyUnknown where another person's has this id.
        """
        if (known := self._known(deputy_id, person)) is not None:
            return known
        deputy = self._checked(person, institution, staff_number)
        now = self._clock.now()
        self._check_period(now, begins_at, ends_at)
        salt = new_salt()
        entry = _entry_of(person, deputy, (begins_at, ends_at), now, salt)
        row = {
            "id": deputy_id,
            "institution": institution,
            "person": person,
            "deputy": deputy,
            "begins_at": begins_at,
            "ends_at": ends_at,
            "named_at": now,
            "salt": salt,
        }
        try:
            with self._database.begin() as connection:
                self._check_others(connection, person, deputy, begins_at, ends_at, now)
                [index] = self._log.append(connection, [entry])
                connection.execute(insert(approval_deputies).values(log_index=index, **row))
                self._notices.deputy(connection, deputy_id, deputy, institution, begins_at, ends_at)
                return _deputy_of(_row(connection, deputy_id))
        except IntegrityError:
            # The same form, sent twice at once.
            return self._known(deputy_id, person) or self._unknown()

    def revoke(self, deputy_id: str, person: str) -> Deputy:
        """End it: by whoever named the deputy, or by the deputy. Again, it changes nothing.

        Raises DeputyUnknown.
        """
        with self._database.begin() as connection:
            row = _row(connection, deputy_id, locked=True)
            if person not in {row.person, row.deputy}:
                raise DeputyUnknown("There is no such deputy of yours.")
            if row.revoked_at is None:
                now = self._clock.now()
                facts = {
                    "by": commitment(row.salt, person.encode()),
                    "deputy": commitment(row.salt, row.deputy.encode()),
                    "person": commitment(row.salt, row.person.encode()),
                }
                self._log.append(connection, [LogEntry("approval-deputy-revoked", now, facts)])
                connection.execute(
                    update(approval_deputies)
                    .where(approval_deputies.c.id == deputy_id)
                    .values(revoked_at=now)
                )
            return _deputy_of(_row(connection, deputy_id))

    def of(self, person: str) -> Sequence[Deputy]:
        """Return those whom somebody named or is, that hold now or will, the soonest first."""
        now = self._clock.now()
        query = (
            select(approval_deputies)
            .where(
                (approval_deputies.c.person == person) | (approval_deputies.c.deputy == person),
                approval_deputies.c.revoked_at.is_(None),
                approval_deputies.c.ends_at > now,
            )
            .order_by(approval_deputies.c.begins_at, approval_deputies.c.id)
        )
        with self._database.read() as connection:
            return [_deputy_of(row) for row in connection.execute(query)]

    def _checked(self, person: str, institution: str, staff_number: str) -> str:
        if institution not in self._directory.institutions_of(person):
            raise DeputyRefused("You do not serve in this institution.", kept=NOTHING_DONE)
        deputy = self._directory.find(institution, staff_number)
        found = None if deputy is None else self._directory.colleague(deputy, institution)
        if deputy is None or found is None or not found.is_serving:
            raise DeputyRefused(
                "Your institution lists nobody under this staff number who may sign in.",
                kept=NOTHING_DONE,
            )
        if deputy == person:
            raise DeputyRefused("You cannot be your own deputy.", kept=NOTHING_DONE)
        return deputy

    def _check_period(self, now: datetime, begins_at: datetime, ends_at: datetime) -> None:
        if not now < ends_at or not begins_at < ends_at:
            raise DeputyRefused("The period ends before it begins, or is over.", kept=NOTHING_DONE)
        if ends_at - begins_at > self._longest or begins_at - now > self._longest:
            raise DeputyRefused(
                f"A deputy stands in for {self._longest.days} days at most, and is named as long "
                "before at most.",
                kept=NOTHING_DONE,
            )

    def _check_others(
        self,
        connection: Connection,
        person: str,
        deputy: str,
        begins_at: datetime,
        ends_at: datetime,
        now: datetime,
    ) -> None:
        table = approval_deputies.c
        is_open = (table.revoked_at.is_(None)) & (table.ends_at > now)
        named = select(func.count()).select_from(approval_deputies)
        if (connection.scalar(named.where(table.person == person, is_open)) or 0) >= _MOST_NAMED:
            raise DeputyRefused("You have named too many deputies.", kept=NOTHING_DONE)
        away = named.where(
            table.person == deputy, is_open, table.begins_at < ends_at, table.ends_at > begins_at
        )
        if connection.scalar(away):
            raise DeputyRefused(
                "This person has named a deputy for that time, so is away too.", kept=NOTHING_DONE
            )

    def _known(self, deputy_id: str, person: str) -> Deputy | None:
        query = select(approval_deputies).where(approval_deputies.c.id == deputy_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is not None and row.person != person:
            self._unknown()
        return None if row is None else _deputy_of(row)

    def _unknown(self) -> Deputy:
        raise DeputyUnknown("There is no such deputy of yours.")


def represented_by(connection: Connection, deputy: str, now: datetime) -> Sequence[tuple[str, str]]:
    """Return for whom somebody acts now: pairs of a person and an institution."""
    query = select(approval_deputies.c.person, approval_deputies.c.institution).where(
        approval_deputies.c.deputy == deputy, *_holds(now)
    )
    return [(row.person, row.institution) for row in connection.execute(query)]


def deputies_of(
    connection: Connection, person: str, institution: str, now: datetime
) -> Sequence[str]:
    """Return who acts for somebody now."""
    query = select(approval_deputies.c.deputy).where(
        approval_deputies.c.person == person,
        approval_deputies.c.institution == institution,
        *_holds(now),
    )
    return sorted(set(connection.scalars(query)))


def _entry_of(
    person: str, deputy: str, period: tuple[datetime, datetime], now: datetime, salt: bytes
) -> LogEntry:
    begins_at, ends_at = period
    facts: dict[str, JsonValue] = {
        "deputy": commitment(salt, deputy.encode()),
        "period": commitment(salt, f"{begins_at.isoformat()}/{ends_at.isoformat()}".encode()),
        "person": commitment(salt, person.encode()),
    }
    return LogEntry("approval-deputy-named", now, facts)


def _holds(now: datetime) -> tuple[ColumnElement[bool], ...]:
    table = approval_deputies.c
    return (table.revoked_at.is_(None), table.begins_at <= now, table.ends_at > now)


def _row(connection: Connection, deputy_id: str, *, locked: bool = False) -> Row[Any]:
    query = select(approval_deputies).where(approval_deputies.c.id == deputy_id)
    row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    if row is None:
        raise DeputyUnknown("There is no such deputy of yours.")
    return row


def _deputy_of(row: Row[Any]) -> Deputy:
    return Deputy(
        id=row.id,
        institution=row.institution,
        person=row.person,
        deputy=row.deputy,
        begins_at=row.begins_at,
        ends_at=row.ends_at,
        named_at=row.named_at,
        revoked_at=row.revoked_at,
    )
