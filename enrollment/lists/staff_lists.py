"""Take lists, show them, accept what they propose, give them up."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.database import Database
from core.transparency.entry import LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from enrollment.institutions.institutions import check_active
from enrollment.jurisdiction import Jurisdiction
from enrollment.lists.errors import ListNotReady
from enrollment.lists.models import (
    staff_list_files,
    staff_list_leavers,
    staff_list_rows,
    staff_lists,
)
from enrollment.lists.reader import ListReader
from enrollment.lists.settings import ListSettings
from enrollment.lists.staff_list import (
    ListState,
    Outcome,
    StaffList,
    StoredRow,
    count_rows,
    find_list,
    is_not_taken,
    list_of,
    row_of,
)
from enrollment.officers import person_behind
from enrollment.people.models import employments, people

LONGEST_FILE_NAME = 128
REJECTS_AT_ONCE = 500
# From these a list goes nowhere any more.
CLOSED = (ListState.APPLIED, ListState.WITHDRAWN, ListState.UNREADABLE)


@dataclass(frozen=True)
class Upload:
    """A file as it came. ``uploaded_by`` is None for whoever sits at the machine."""

    institution: str
    file_name: str
    octets: bytes
    uploaded_by: str | None


@dataclass(frozen=True)
class Leaver:
    """Somebody whom a list drops. Personal data."""

    employment: str
    staff_number: str | None
    name_km: str
    name_latin: str


class StaffLists:
    """Keeps the lists and their rows."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        reader: ListReader,
        settings: ListSettings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._reader = reader
        self._settings = settings
        self._clock = clock

    def upload(self, upload: Upload, *, list_id: str) -> StaffList:
        """Take a file, or return the list that already has this id. It is not read yet.

        Raises ListUnreadable, ListTooLarge and ListColumnsMissing for what can be seen at once,
        InstitutionUnknown and InstitutionNotActive.
        """
        layout = self._reader.layout_of(upload.octets)
        try:
            self._store(upload, layout.ignored, list_id)
        except IntegrityError:
            # The id came before: the same request, whose first answer was lost.
            return self.find(list_id, Jurisdiction(upload.institution))
        return self.find(list_id, Jurisdiction(upload.institution))

    def find(self, list_id: str, jurisdiction: Jurisdiction) -> StaffList:
        """Return a list. Raises ListUnknown, also for another institution's."""
        with self._database.read() as connection:
            return find_list(connection, list_id, jurisdiction)

    def page(
        self,
        jurisdiction: Jurisdiction,
        *,
        limit: int,
        after: str | None = None,
        institution: str | None = None,
    ) -> Sequence[StaffList]:
        """Return up to ``limit`` lists, newest first, that come after the id ``after``."""
        query = jurisdiction.narrow(select(staff_lists), staff_lists.c.institution)
        query = query.order_by(staff_lists.c.id.desc()).limit(limit)
        if after is not None:
            query = query.where(staff_lists.c.id < after)
        if institution is not None:
            query = query.where(staff_lists.c.institution == institution)
        with self._database.read() as connection:
            return [list_of(row) for row in connection.execute(query)]

    def rows(
        self,
        list_id: str,
        *,
        limit: int,
        after: int = 0,
        outcomes: Collection[Outcome] = (),
        proposed: bool | None = None,
    ) -> Sequence[StoredRow]:
        """Return up to ``limit`` rows after the number ``after``, of a list that was found."""
        query = (
            select(staff_list_rows)
            .where(staff_list_rows.c.list_id == list_id, staff_list_rows.c.number > after)
            .order_by(staff_list_rows.c.number)
            .limit(limit)
        )
        if outcomes:
            query = query.where(staff_list_rows.c.outcome.in_(sorted(outcomes)))
        if proposed is not None:
            query = query.where(staff_list_rows.c.proposed.is_(proposed))
        with self._database.read() as connection:
            return [row_of(row) for row in connection.execute(query)]

    def rejects(self, list_id: str, *, limit: int, after: int = 0) -> Sequence[StoredRow]:
        """Return rows that applying leaves out: errors, and proposals without a yes."""
        query = (
            select(staff_list_rows)
            .where(
                staff_list_rows.c.list_id == list_id,
                staff_list_rows.c.number > after,
                is_not_taken(),
            )
            .order_by(staff_list_rows.c.number)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [row_of(row) for row in connection.execute(query)]

    def all_rejects(self, list_id: str) -> Iterator[StoredRow]:
        """Yield every such row, asked for in parts."""
        after = 0
        while rows := self.rejects(list_id, limit=REJECTS_AT_ONCE, after=after):
            yield from rows
            after = rows[-1].number

    def leavers(self, list_id: str, *, limit: int) -> Sequence[Leaver]:
        """Return up to ``limit`` of those whom a list drops."""
        query = (
            select(employments.c.id, employments.c.staff_number, people)
            .join(staff_list_leavers, staff_list_leavers.c.employment == employments.c.id)
            .join(people, people.c.id == employments.c.person)
            .where(staff_list_leavers.c.list_id == list_id)
            .order_by(employments.c.staff_number, employments.c.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [
                Leaver(
                    employment=row[0],
                    staff_number=row.staff_number,
                    name_km=_joined(row.surname_km, row.given_name_km),
                    name_latin=_joined(row.surname_latin, row.given_name_latin),
                )
                for row in connection.execute(query)
            ]

    def accept(
        self,
        list_id: str,
        jurisdiction: Jurisdiction,
        *,
        yes: bool,
        numbers: Collection[int] | None = None,
    ) -> StaffList:
        """Accept what rows propose, or take that back: all of them, or those of ``numbers``.

        Raises ListUnknown and ListNotReady.
        """
        with self._database.begin() as connection:
            found = find_list(connection, list_id, jurisdiction, locked=True)
            if found.state is not ListState.READY:
                raise ListNotReady(f"The list is {found.state}.", state=str(found.state))
            mine = (
                (staff_list_rows.c.list_id == list_id)
                & staff_list_rows.c.proposed.is_(True)
                & staff_list_rows.c.accepted.is_(not yes)
            )
            if numbers is not None:
                mine &= staff_list_rows.c.number.in_(sorted(numbers))
            changed = connection.execute(update(staff_list_rows).where(mine).values(accepted=yes))
            if changed.rowcount:
                connection.execute(
                    update(staff_lists)
                    .where(staff_lists.c.id == list_id)
                    .values(revision=found.revision + 1, **count_rows(connection, list_id))
                )
            return find_list(connection, list_id, jurisdiction)

    def withdraw(self, list_id: str, jurisdiction: Jurisdiction) -> StaffList:
        """Give a list up before it is applied; again, it changes nothing.

        Raises ListUnknown and ListNotReady.
        """
        with self._database.begin() as connection:
            found = find_list(connection, list_id, jurisdiction, locked=True)
            if found.state is ListState.WITHDRAWN:
                return found
            if found.state not in {ListState.READING, ListState.READY}:
                raise ListNotReady(f"The list is {found.state}.", state=str(found.state))
            now = self._clock.now()
            self._log.append(connection, [LogEntry("staff-list-withdrawn", now, {"list": list_id})])
            connection.execute(
                update(staff_lists)
                .where(staff_lists.c.id == list_id)
                .values(state=ListState.WITHDRAWN, finished_at=now)
            )
            _forget_file(connection, list_id)
            return find_list(connection, list_id, jurisdiction)

    def forget_old(self) -> int:
        """Delete the rows of lists that were closed long ago; return of how many lists."""
        now = self._clock.now()
        with self._database.begin() as connection:
            old = connection.scalars(
                select(staff_lists.c.id)
                .where(
                    staff_lists.c.state.in_(CLOSED),
                    staff_lists.c.forgotten_at.is_(None),
                    staff_lists.c.finished_at <= now - self._settings.keep_rows,
                )
                .limit(10)
            ).all()
            for table in (staff_list_rows, staff_list_leavers, staff_list_files):
                connection.execute(delete(table).where(table.c.list_id.in_(old)))
            connection.execute(
                update(staff_lists).where(staff_lists.c.id.in_(old)).values(forgotten_at=now)
            )
        return len(old)

    def _store(self, upload: Upload, ignored: Sequence[str], list_id: str) -> None:
        now, salt = self._clock.now(), new_salt()
        digest = sha256(upload.octets).digest()
        facts = {
            "file": commitment(salt, digest),
            "institution": upload.institution,
            "list": list_id,
        }
        with self._database.begin() as connection:
            check_active(connection, upload.institution)
            person = upload.uploaded_by and person_behind(connection, upload.uploaded_by)
            [index] = self._log.append(connection, [LogEntry("staff-list-uploaded", now, facts)])
            connection.execute(
                insert(staff_lists).values(
                    id=list_id,
                    institution=upload.institution,
                    state=ListState.READING,
                    file_name=_plain(upload.file_name),
                    sha256=digest,
                    uploaded_by=upload.uploaded_by,
                    uploaded_by_person=person,
                    uploaded_at=now,
                    ignored_columns=list(ignored),
                    rows_read=0,
                    rows_applied=0,
                    revision=0,
                    counts={},
                    unaccepted=0,
                    listed=0,
                    gone=0,
                    salt=salt,
                    log_index=index,
                )
            )
            connection.execute(
                insert(staff_list_files).values(list_id=list_id, octets=upload.octets)
            )


def _forget_file(connection: Connection, list_id: str) -> None:
    connection.execute(delete(staff_list_files).where(staff_list_files.c.list_id == list_id))


def _plain(file_name: str) -> str:
    # Shown on pages and in tables of a terminal: no paths, nothing that cannot be seen.
    last = file_name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(one for one in last if one.isprintable()).strip()
    return shown[-LONGEST_FILE_NAME:] or "list"


def _joined(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)
