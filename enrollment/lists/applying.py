"""Apply a list: a job in batches that can be killed at any moment and goes on where it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, LogEntry, commitment
from core.transparency.log import TransparencyLog
from enrollment.institutions.errors import InstitutionNotActive
from enrollment.institutions.institution import InstitutionState
from enrollment.institutions.institutions import find_institution
from enrollment.jurisdiction import NATION, Jurisdiction
from enrollment.lists.errors import (
    ListChanged,
    ListNotReady,
    ListOutdated,
    SecondListOfficerNeeded,
)
from enrollment.lists.findings import Finding
from enrollment.lists.judging import judge
from enrollment.lists.known_people import know_people
from enrollment.lists.models import departures, staff_list_leavers, staff_list_rows, staff_lists
from enrollment.lists.settings import ListSettings
from enrollment.lists.staff_list import (
    CHANGING,
    ListState,
    Outcome,
    StaffList,
    StoredRow,
    count_rows,
    find_list,
    findings_json,
    is_not_taken,
    is_taken,
    row_of,
)
from enrollment.lists.taking_up import take_up
from enrollment.officers import person_behind
from enrollment.people.models import employments
from enrollment.people.people import employment_entry, find_person
from enrollment.people.person import EmploymentState

BATCH = 500
# Of each list in a run of the job, so that a CRL does not wait for a ministry.
BATCHES_A_RUN = 4
# Another list may take somebody up while a batch is at work; then it is judged again.
ATTEMPTS = 3

Report = Callable[[StaffList], None]


class ListApplying:
    """Approves and applies lists."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        settings: ListSettings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._settings = settings
        self._clock = clock

    def begin(
        self,
        list_id: str,
        jurisdiction: Jurisdiction,
        *,
        officer: str | None,
        revision: int | None = None,
    ) -> StaffList:
        """Let a list be applied, as it stands; again, it changes nothing.

        A list that drops many people is approved by this: the table refuses whoever uploaded it,
        and whoever sits at the machine alone. ``revision``, where given, is what the officer looked
        at. Raises ListUnknown, ListNotReady, ListChanged, ListOutdated, InstitutionNotActive and
        SecondListOfficerNeeded.
        """
        with self._database.begin() as connection:
            found = find_list(connection, list_id, jurisdiction)
            # One list of an institution at a time: its row orders them.
            institution = find_institution(connection, found.institution, locked=True)
            found = find_list(connection, list_id, jurisdiction, locked=True)
            if found.state in {ListState.APPLYING, ListState.APPLIED}:
                return found
            if institution.state is not InstitutionState.ACTIVE:
                raise InstitutionNotActive(f"The institution {found.institution} is not active.")
            _check_ready(connection, found, revision)
            self._approve(connection, found, officer)
            return find_list(connection, list_id, jurisdiction)

    def continue_applying(self) -> int:
        """Do some batches of every list that is being applied; return how many there are."""
        with self._database.read() as connection:
            waiting = connection.scalars(
                select(staff_lists.c.id)
                .where(staff_lists.c.state == ListState.APPLYING)
                .order_by(staff_lists.c.id)
            ).all()
        for list_id in waiting:
            self.run(list_id, most_batches=BATCHES_A_RUN)
        return len(waiting)

    def run(
        self, list_id: str, *, most_batches: int | None = None, report: Report | None = None
    ) -> StaffList:
        """Go on applying, to the end or for so many batches. Raises as :meth:`run_batch`."""
        found = self.run_batch(list_id)
        done = 1
        while found.state is ListState.APPLYING and done != most_batches:
            if report is not None:
                report(found)
            found = self.run_batch(list_id)
            done += 1
        return found

    def run_batch(self, list_id: str, *, batch: int = BATCH) -> StaffList:
        """Do the next rows, then the next leavers, then end. One that is not begun stays so.

        Raises ListUnknown, and Unavailable when database or log is away: run it again.
        """
        for _attempt in range(ATTEMPTS - 1):
            try:
                return self._run_batch(list_id, batch)
            except IntegrityError:
                # Nothing of the batch was written.
                continue
        return self._run_batch(list_id, batch)

    def _approve(self, connection: Connection, found: StaffList, officer: str | None) -> None:
        now = self._clock.now()
        values: dict[str, object] = {
            "state": ListState.APPLYING,
            "applied_by": officer,
            "applied_at": now,
        }
        if found.needs_second_officer and officer is not None:
            values |= {
                "approved_by": officer,
                "approved_by_person": person_behind(connection, officer),
            }
        try:
            with connection.begin_nested():
                # The rule of the second officer is the table's constraint.
                connection.execute(
                    update(staff_lists).where(staff_lists.c.id == found.id).values(**values)
                )
        except IntegrityError as error:
            raise SecondListOfficerNeeded(
                f"The list drops {found.gone} of {found.listed} people. Another officer than the "
                "one who uploaded it has to approve that.",
                kept="The list waits for a second officer.",
            ) from error
        self._log.append(connection, [LogEntry("staff-list-approved", now, _facts(found, officer))])

    def _run_batch(self, list_id: str, batch: int) -> StaffList:
        with self._database.begin() as connection:
            found = find_list(connection, list_id, NATION, locked=True)
            if found.state is not ListState.APPLYING:
                return found
            now = self._clock.now()
            rows = _next_rows(connection, found, batch)
            if rows:
                self._take_up(connection, found, rows, now)
            elif not self._let_leave(connection, found, batch, now):
                self._finish(connection, found, now)
            return find_list(connection, list_id, NATION)

    def _take_up(
        self, connection: Connection, found: StaffList, rows: list[StoredRow], now: datetime
    ) -> None:
        # Judged again: since the list was read, another institution may have taken somebody up.
        known = know_people(connection, found.institution, [one.values for one in rows])
        entries: list[LogEntry] = []
        for row in rows:
            judged = judge(row.values, known)
            if row.person is not None and judged.person != row.person:
                _reject(connection, found.id, row, Finding("two-people"))
            elif judged.outcome is Outcome.REJECTED:
                _reject(connection, found.id, row, *judged.findings)
            elif judged.outcome is not Outcome.UNCHANGED:
                entries += take_up(connection, found.institution, row.values, judged, now)
        if entries:
            self._log.append(connection, entries)
        connection.execute(
            update(staff_lists)
            .where(staff_lists.c.id == found.id)
            .values(rows_applied=rows[-1].number)
        )

    def _let_leave(
        self, connection: Connection, found: StaffList, batch: int, now: datetime
    ) -> bool:
        """Let the next leavers leave; tell whether there were any."""
        leaving = connection.execute(
            select(employments)
            .join(staff_list_leavers, staff_list_leavers.c.employment == employments.c.id)
            .where(
                staff_list_leavers.c.list_id == found.id,
                employments.c.state == EmploymentState.LISTED,
            )
            .order_by(employments.c.id)
            .limit(batch)
        ).all()
        if not leaving:
            return False
        ids = [row.id for row in leaving]
        connection.execute(
            update(employments)
            .where(employments.c.id.in_(ids))
            .values(state=EmploymentState.LEFT, left_at=now)
        )
        due = now + self._settings.grace
        connection.execute(
            insert(departures),
            [
                {
                    "employment": one,
                    "list_id": found.id,
                    "state": "waiting",
                    "left_at": now,
                    "due_at": due,
                    "held": 0,
                }
                for one in ids
            ],
        )
        people = [find_person(connection, row.person) for row in leaving]
        self._log.append(
            connection,
            [employment_entry("person-left", one, found.institution, now) for one in people],
        )
        return True

    def _finish(self, connection: Connection, found: StaffList, now: datetime) -> None:
        facts: dict[str, JsonValue] = {"list": found.id, "rejected": _rejected(connection, found)}
        self._log.append(connection, [LogEntry("staff-list-applied", now, facts)])
        connection.execute(
            update(staff_lists)
            .where(staff_lists.c.id == found.id)
            .values(state=ListState.APPLIED, finished_at=now, **count_rows(connection, found.id))
        )


def _check_ready(connection: Connection, found: StaffList, revision: int | None) -> None:
    if found.state is not ListState.READY:
        raise ListNotReady(f"The list is {found.state}.", state=str(found.state))
    if revision is not None and revision != found.revision:
        raise ListChanged(
            "Since you looked at the list, other proposals of it were accepted.",
            kept="The list waits; look at it again.",
            revision=found.revision,
        )
    others = select(staff_lists.c.state).where(
        staff_lists.c.institution == found.institution, staff_lists.c.id != found.id
    )
    applying = others.where(staff_lists.c.state == ListState.APPLYING)
    if connection.execute(applying.limit(1)).one_or_none() is not None:
        raise ListNotReady("Another list of this institution is being applied.")
    later = others.where(staff_lists.c.finished_at > found.uploaded_at)
    applied = later.where(staff_lists.c.state == ListState.APPLIED)
    if connection.execute(applied.limit(1)).one_or_none() is not None:
        raise ListOutdated(
            "Since this list was uploaded, another list of the institution was applied. Upload "
            "the file again: what is right already stays as it is.",
            kept="This list waits and can be given up.",
        )


def _next_rows(connection: Connection, found: StaffList, batch: int) -> list[StoredRow]:
    rows = connection.execute(
        select(staff_list_rows)
        .where(
            staff_list_rows.c.list_id == found.id,
            staff_list_rows.c.number > found.rows_applied,
            staff_list_rows.c.outcome.in_(CHANGING),
            is_taken(),
        )
        .order_by(staff_list_rows.c.number)
        .limit(batch)
    )
    return [row_of(row) for row in rows]


def _reject(connection: Connection, list_id: str, row: StoredRow, *found: Finding) -> None:
    connection.execute(
        update(staff_list_rows)
        .where(staff_list_rows.c.list_id == list_id, staff_list_rows.c.number == row.number)
        .values(outcome=Outcome.REJECTED, findings=findings_json((*row.findings, *found)))
    )


def _rejected(connection: Connection, found: StaffList) -> int:
    query = (
        select(func.count())
        .select_from(staff_list_rows)
        .where(staff_list_rows.c.list_id == found.id, is_not_taken())
    )
    return connection.execute(query).scalar_one()


def _facts(found: StaffList, officer: str | None) -> dict[str, JsonValue]:
    # What the log commits to: the file, by its hash, the numbers, and who let it happen.
    people = (found.uploaded_by, officer)
    return {
        "counts": {str(one): count for one, count in found.counts.items()},
        "file": commitment(found.salt, found.sha256),
        "gone": found.gone,
        "institution": found.institution,
        "list": found.id,
        "listed": found.listed,
        "officers": [one and commitment(found.salt, one.encode()) for one in people],
        "unaccepted": found.unaccepted,
    }
