"""What goes over the wire of ``/enrollment/v1/staff-lists``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from core.web.cursors import DEFAULT_LIMIT, MAX_LIMIT
from enrollment.lists.findings import Finding, Severity
from enrollment.lists.staff_list import ListState, Outcome, StaffList, StoredRow
from enrollment.lists.staff_lists import Leaver
from enrollment.messages import Message

InstitutionId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,63}$")]
RowNumber = Annotated[int, Field(ge=1, le=2_000_000)]


class UploadQuery(Message):
    """Whose list it is."""

    institution: InstitutionId | None = Field(
        default=None, description="Needed from those who have to do with several institutions."
    )


class ListsQuery(Message):
    """Which page of the lists."""

    institution: InstitutionId | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="next_cursor of the page before."
    )


class RowsQuery(Message):
    """Which rows of a list."""

    outcome: Outcome | None = Field(default=None, description="Only those with this outcome.")
    proposed: bool | None = Field(default=None, description="Only those that need a yes, or none.")
    after: Annotated[int, Field(ge=0, le=2_000_000)] = Field(
        default=0, description="next_after of the page before."
    )
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT


class AcceptanceMessage(Message):
    """A yes to what rows propose, or its taking back."""

    accept: bool = True
    rows: Annotated[tuple[RowNumber, ...], Field(max_length=1_000)] | None = Field(
        default=None, description="Numbers of rows; all of them when it is left out."
    )


class ListApprovalMessage(Message):
    """That a list is to be applied."""

    revision: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = Field(
        default=None, description="What was looked at; refused if the list changed since."
    )


class EmptyListMessage(Message):
    """A step that needs no words."""


class FindingView(Message):
    """What was found in a cell, or in a whole row where column is empty. Personal data."""

    code: str
    severity: Severity
    column: str
    was: str
    proposed: str
    text: str


class RowView(Message):
    """A row with its values as they would be written. Personal data."""

    number: int = Field(description="As spreadsheets count, from 1.")
    outcome: Outcome
    proposed: bool = Field(description="Whether it needs a yes.")
    accepted: bool
    values: dict[str, str]
    findings: tuple[FindingView, ...]


class RowsView(Message):
    """A page of rows."""

    rows: tuple[RowView, ...]
    next_after: int | None


class LeaverView(Message):
    """Somebody whom the list drops. Personal data."""

    staff_number: str | None
    name_km: str
    name_latin: str


class LeaversView(Message):
    """Whom the list drops, up to a thousand."""

    gone: int
    leavers: tuple[LeaverView, ...]


class StaffListView(Message):
    """A list with its counts, without personal data."""

    id: str
    institution: str
    state: ListState
    file_name: str
    sha256: str
    uploaded_by: str | None
    uploaded_at: datetime
    problem: str | None = Field(description="Why it could not be read.")
    problem_detail: str | None
    ignored_columns: tuple[str, ...]
    rows: int
    counts: dict[str, int] = Field(description="new, returned, changed, unchanged, rejected.")
    unaccepted: int = Field(description="Rows that propose something and have no yes.")
    listed: int = Field(description="How many people the institution listed before.")
    gone: int = Field(description="How many of them the list drops.")
    needs_second_officer: bool
    revision: int
    approved_by: str | None
    applied_by: str | None
    applied_at: datetime | None
    finished_at: datetime | None


class StaffListsView(Message):
    """A page of lists, newest first."""

    staff_lists: tuple[StaffListView, ...]
    next_cursor: str | None


def view_of_list(one: StaffList) -> StaffListView:
    """Return a list as the API shows it."""
    same = {
        name: getattr(one, name)
        for name in StaffListView.model_fields
        if name not in {"sha256", "rows", "counts"}
    }
    return StaffListView(
        **same,
        sha256=one.sha256.hex(),
        rows=one.rows_read,
        counts={str(outcome): count for outcome, count in one.counts.items()},
    )


def view_of_row(row: StoredRow) -> RowView:
    """Return a row as the API shows it."""
    return RowView(
        number=row.number,
        outcome=row.outcome,
        proposed=row.proposed,
        accepted=row.accepted,
        values=dict(row.values),
        findings=tuple(map(_view_of_finding, row.findings)),
    )


def view_of_leaver(one: Leaver) -> LeaverView:
    """Return a leaver as the API shows them."""
    return LeaverView(staff_number=one.staff_number, name_km=one.name_km, name_latin=one.name_latin)


def _view_of_finding(one: Finding) -> FindingView:
    return FindingView(
        code=one.code,
        severity=one.severity,
        column=one.column,
        was=one.was,
        proposed=one.proposed,
        text=one.text,
    )
