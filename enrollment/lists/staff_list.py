"""A list as it stands, and a row of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select

from enrollment.jurisdiction import Jurisdiction
from enrollment.lists.errors import ListUnknown
from enrollment.lists.findings import Finding
from enrollment.lists.models import staff_list_rows, staff_lists

_ID = re.compile(r"[0-9a-f]{32}")
# Two of a hundred: a list that drops more needs a second officer. It stands in the table too.
DROP_FACTOR = 50


class ListState(StrEnum):
    """reading → ready → applying → applied; unreadable, or withdrawn when ready."""

    READING = "reading"
    READY = "ready"
    UNREADABLE = "unreadable"
    APPLYING = "applying"
    APPLIED = "applied"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """What a row means for the institution's people."""

    NEW = "new"
    RETURNED = "returned"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


# Those that change something when the list is applied.
CHANGING = (Outcome.NEW, Outcome.RETURNED, Outcome.CHANGED)


@dataclass(frozen=True)
class StaffList:
    """A list with its counts. ``unaccepted`` rows wait for a yes; ``gone`` people stand in none.

    ``rows_applied`` is the number of the last row that was applied.
    """

    id: str
    institution: str
    state: ListState
    file_name: str
    sha256: bytes
    uploaded_by: str | None
    uploaded_at: datetime
    problem: str | None
    problem_detail: str | None
    ignored_columns: tuple[str, ...]
    rows_read: int
    rows_applied: int
    revision: int
    listed: int
    gone: int
    approved_by: str | None
    applied_by: str | None
    applied_at: datetime | None
    finished_at: datetime | None
    forgotten_at: datetime | None
    salt: bytes
    log_index: int
    counts: Mapping[Outcome, int]
    unaccepted: int

    @property
    def needs_second_officer(self) -> bool:
        """Tell whether it drops more than two of a hundred people."""
        return self.gone * DROP_FACTOR > self.listed

    @property
    def changes(self) -> int:
        """How many people it changes or drops."""
        return sum(self.counts[one] for one in CHANGING) + self.gone


@dataclass(frozen=True)
class StoredRow:
    """A row as it is stored. ``accepted`` counts only where something is ``proposed``."""

    number: int
    outcome: Outcome
    proposed: bool
    accepted: bool
    cells: Mapping[str, str]
    values: Mapping[str, str]
    findings: tuple[Finding, ...]
    person: str | None

    @property
    def is_taken(self) -> bool:
        """Tell whether applying the list takes this row."""
        return self.outcome is not Outcome.REJECTED and (self.accepted or not self.proposed)


def find_list(
    connection: Connection, list_id: str, jurisdiction: Jurisdiction, *, locked: bool = False
) -> StaffList:
    """Read a list. ``locked``: until the transaction ends. Raises ListUnknown."""
    row = None
    if _ID.fullmatch(list_id):
        query = jurisdiction.narrow(
            select(staff_lists).where(staff_lists.c.id == list_id), staff_lists.c.institution
        )
        row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    if row is None:
        raise ListUnknown("There is no list of this id that you may see.")
    return list_of(row)


def list_of(row: Row[Any]) -> StaffList:
    """Return the list of a row."""
    facts = dict(row._mapping)
    for unseen in ("uploaded_by_person", "approved_by_person"):
        del facts[unseen]
    return StaffList(
        **facts
        | {
            "state": ListState(row.state),
            "ignored_columns": tuple(row.ignored_columns),
            "counts": {one: row.counts.get(one, 0) for one in Outcome},
        }
    )


def count_rows(connection: Connection, list_id: str) -> dict[str, Any]:
    """Return what a list's own row says of its rows: ``counts`` and ``unaccepted``."""
    mine = staff_list_rows.c.list_id == list_id
    outcomes = connection.execute(
        select(staff_list_rows.c.outcome, func.count().label("rows"))
        .where(mine)
        .group_by(staff_list_rows.c.outcome)
    )
    waiting = select(func.count()).select_from(staff_list_rows).where(mine, waits_for_yes())
    return {
        "counts": {one.outcome: one.rows for one in outcomes},
        "unaccepted": connection.execute(waiting).scalar_one(),
    }


def row_of(row: Row[Any]) -> StoredRow:
    """Return the stored row of a row of the table."""
    return StoredRow(
        number=row.number,
        outcome=Outcome(row.outcome),
        proposed=row.proposed,
        accepted=row.accepted,
        cells=row.cells,
        values=row.read_values,
        findings=tuple(Finding(*one) for one in row.findings),
        person=row.person,
    )


def findings_json(findings: tuple[Finding, ...]) -> list[list[str]]:
    """Return findings as they are stored."""
    return [[one.code, one.column, one.was, one.proposed] for one in findings]


def waits_for_yes() -> Any:
    """Return the condition for rows whose proposals nobody accepted."""
    return and_(
        staff_list_rows.c.outcome != Outcome.REJECTED,
        staff_list_rows.c.proposed.is_(True),
        staff_list_rows.c.accepted.is_(False),
    )


def is_taken() -> Any:
    """Return the condition for rows that applying takes, as far as a yes is concerned."""
    return or_(staff_list_rows.c.proposed.is_(False), staff_list_rows.c.accepted.is_(True))


def is_not_taken() -> Any:
    """Return the condition for rows that applying leaves out: the rejects."""
    return or_(staff_list_rows.c.outcome == Outcome.REJECTED, waits_for_yes())
