"""Read an uploaded list into rows, and compare it with the people that are known.

Reading is a job in batches: each stores its rows and how far it came in one transaction. Cut short,
it begins the file again and stores what was not stored; run twice at once, a batch is stored once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, delete, func, insert, literal, select, update

from core.clock import Clock
from core.database import Database
from core.errors import CamtrustError, Unavailable
from core.transparency.entry import JsonValue, LogEntry
from core.transparency.log import TransparencyLog
from core.web.languages import PHNOM_PENH
from enrollment.institutions.institutions import find_institution
from enrollment.jurisdiction import NATION
from enrollment.lists.findings import Finding
from enrollment.lists.judging import Judged, judge
from enrollment.lists.known_people import know_people
from enrollment.lists.models import (
    staff_list_files,
    staff_list_leavers,
    staff_list_rows,
    staff_lists,
)
from enrollment.lists.reader import ListReader
from enrollment.lists.rows import ReadRow
from enrollment.lists.staff_list import (
    ListState,
    Outcome,
    StaffList,
    count_rows,
    find_list,
    findings_json,
)
from enrollment.people.models import employments
from enrollment.people.person import EmploymentState

# DESIGN: batches of 500 to 1,000 items a task.
BATCH = 500

Report = Callable[[int], None]


def _report_nothing(_rows: int) -> None:
    return None


class ListReading:
    """Reads lists that were uploaded."""

    def __init__(
        self, *, database: Database, log: TransparencyLog, reader: ListReader, clock: Clock
    ) -> None:
        self._database = database
        self._log = log
        self._reader = reader
        self._clock = clock

    def read_waiting(self) -> int:
        """Read every list that waits for it; return how many."""
        with self._database.read() as connection:
            waiting = connection.scalars(
                select(staff_lists.c.id)
                .where(staff_lists.c.state == ListState.READING)
                .order_by(staff_lists.c.id)
            ).all()
        for list_id in waiting:
            self.read(list_id)
        return len(waiting)

    def read(self, list_id: str, *, report: Report = _report_nothing) -> StaffList:
        """Read a list to its end, from wherever it stands; one that is read stays as it is.

        A file that cannot be read to its end is not raised: the list says so. Raises ListUnknown,
        and Unavailable when the database or the log is away.
        """
        found, octets, domains = self._begin(list_id)
        if found.state is not ListState.READING or octets is None:
            return found
        # The day of the upload: read on another day, the same file says the same.
        today = found.uploaded_at.astimezone(PHNOM_PENH).date()
        try:
            rows = self._reader.read(octets, mail_domains=domains, today=today)
            count = 0
            while batch := list(islice(rows, BATCH)):
                self._store(found, count, batch)
                count += len(batch)
                report(count)
        except Unavailable:
            raise
        except CamtrustError as refusal:
            return self._give_up(list_id, refusal)
        return self._finish(list_id)

    def _begin(self, list_id: str) -> tuple[StaffList, bytes | None, Sequence[str]]:
        with self._database.read() as connection:
            found = find_list(connection, list_id, NATION)
            octets = connection.execute(
                select(staff_list_files.c.octets).where(staff_list_files.c.list_id == list_id)
            ).scalar_one_or_none()
            institution = find_institution(connection, found.institution)
        return found, octets, institution.details.mail_domains

    def _store(self, found: StaffList, begin: int, batch: Sequence[ReadRow]) -> None:
        with self._database.begin() as connection:
            present = _locked(connection, found.id)
            if present.state is not ListState.READING or present.rows_read > begin:
                # Withdrawn meanwhile, or stored before.
                return
            known = know_people(connection, found.institution, [one.values for one in batch])
            judged = [judge(one.values, known) for one in batch]
            twice = _named_twice(connection, found.id, judged)
            rows = [
                _row(found.id, read, _twice(one) if number in twice else one)
                for number, (read, one) in enumerate(zip(batch, judged, strict=True))
            ]
            connection.execute(insert(staff_list_rows), rows)
            connection.execute(
                update(staff_lists)
                .where(staff_lists.c.id == found.id)
                .values(rows_read=begin + len(batch))
            )

    def _give_up(self, list_id: str, refusal: CamtrustError) -> StaffList:
        with self._database.begin() as connection:
            if _locked(connection, list_id).state is ListState.READING:
                now = self._clock.now()
                facts = {"list": list_id, "problem": refusal.problem}
                self._log.append(connection, [LogEntry("staff-list-unreadable", now, facts)])
                for table in (staff_list_rows, staff_list_files):
                    connection.execute(delete(table).where(table.c.list_id == list_id))
                connection.execute(
                    update(staff_lists)
                    .where(staff_lists.c.id == list_id)
                    .values(
                        state=ListState.UNREADABLE,
                        problem=refusal.problem,
                        problem_detail=refusal.detail,
                        finished_at=now,
                    )
                )
            return find_list(connection, list_id, NATION)

    def _finish(self, list_id: str) -> StaffList:
        now = self._clock.now()
        with self._database.begin() as connection:
            found = _locked(connection, list_id)
            if found.state is ListState.READING:
                self._compare(connection, found, now)
            return find_list(connection, list_id, NATION)

    def _compare(self, connection: Connection, found: StaffList, now: datetime) -> None:
        listed = _listed(connection, found.institution)
        gone = _note_leavers(connection, found)
        connection.execute(delete(staff_list_files).where(staff_list_files.c.list_id == found.id))
        facts: dict[str, JsonValue] = {
            "gone": gone,
            "list": found.id,
            "listed": listed,
            "rows": found.rows_read,
        }
        self._log.append(connection, [LogEntry("staff-list-read", now, facts)])
        connection.execute(
            update(staff_lists)
            .where(staff_lists.c.id == found.id)
            .values(
                state=ListState.READY,
                listed=listed,
                gone=gone,
                **count_rows(connection, found.id),
            )
        )


def _locked(connection: Connection, list_id: str) -> StaffList:
    return find_list(connection, list_id, NATION, locked=True)


def _row(list_id: str, read: ReadRow, judged: Judged) -> dict[str, object]:
    # What was read of a rejected row is not whole: what it would mean is not said.
    findings = read.findings if read.is_rejected else (*read.findings, *judged.findings)
    return {
        "list_id": list_id,
        "number": read.number,
        "outcome": Outcome.REJECTED if read.is_rejected else judged.outcome,
        "proposed": read.is_proposed,
        "accepted": False,
        "cells": dict(read.cells),
        "read_values": dict(read.values),
        "findings": findings_json(findings),
        # Of a rejected row too: whoever stands in the list did not leave.
        "person": judged.person,
    }


def _named_twice(connection: Connection, list_id: str, judged: Sequence[Judged]) -> set[int]:
    """Return the places in a batch of those whom an earlier row names already, in other words."""
    people = {one.person for one in judged if one.person is not None}
    earlier = select(staff_list_rows.c.person).where(
        staff_list_rows.c.list_id == list_id, staff_list_rows.c.person.in_(sorted(people))
    )
    seen = set(connection.scalars(earlier)) if people else set()
    found = set()
    for place, one in enumerate(judged):
        if one.person in seen:
            found.add(place)
        if one.person is not None:
            seen.add(one.person)
    return found


def _twice(judged: Judged) -> Judged:
    return Judged(Outcome.REJECTED, judged.person, (Finding("duplicate-person"),))


def _listed(connection: Connection, institution: str) -> int:
    query = (
        select(func.count())
        .select_from(employments)
        .where(
            employments.c.institution == institution,
            employments.c.state == EmploymentState.LISTED,
        )
    )
    return connection.execute(query).scalar_one()


def _note_leavers(connection: Connection, found: StaffList) -> int:
    named = select(staff_list_rows.c.person).where(
        staff_list_rows.c.list_id == found.id, staff_list_rows.c.person.is_not(None)
    )
    leaving = select(literal(found.id), employments.c.id).where(
        employments.c.institution == found.institution,
        employments.c.state == EmploymentState.LISTED,
        employments.c.person.not_in(named),
    )
    connection.execute(insert(staff_list_leavers).from_select(["list_id", "employment"], leaving))
    count = (
        select(func.count())
        .select_from(staff_list_leavers)
        .where(staff_list_leavers.c.list_id == found.id)
    )
    return connection.execute(count).scalar_one()
