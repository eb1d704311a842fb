"""What goes over the wire of ``/enrollment/v1/batches``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from core.web.cursors import DEFAULT_LIMIT, MAX_LIMIT
from enrollment.batches.batch import Batch, BatchRow, BatchState, DecidedAs, RowState
from enrollment.messages import DecisionView, Message, decision_view_of

Cursor = Annotated[str, Field(max_length=200)]
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT)]


class UploadQuery(Message):
    """How the rows of an upload are decided."""

    decided: DecidedAs = Field(
        default=DecidedAs.WHOLE,
        description="whole: officers decide once for all rows. each: one by one, as applications.",
    )


class BatchesQuery(Message):
    """Which page of the batches."""

    state: BatchState | None = Field(default=None, description="Only those in this state.")
    limit: Limit = Field(default=DEFAULT_LIMIT, description="How many at most.")
    cursor: Cursor | None = Field(default=None, description="next_cursor of the page before.")


class RowsQuery(Message):
    """Which page of a batch's rows."""

    state: RowState | None = Field(
        default=None, description="Only those in this state; rejected, for those to mend."
    )
    limit: Limit = Field(default=DEFAULT_LIMIT, description="How many at most.")
    cursor: Cursor | None = Field(default=None, description="next_cursor of the page before.")


class BatchView(Message):
    """A batch as it stands."""

    id: str
    state: BatchState
    decided: DecidedAs
    submitter: str
    institution: str | None
    rows: int
    counts: dict[RowState, int] = Field(description="How many rows are in each state.")
    approvals_needed: int | None = Field(description="Null until the rows are checked.")
    approvals: int
    submitted_at: datetime
    finished_at: datetime | None


class BatchDetailView(BatchView):
    """A batch with its decisions."""

    decisions: tuple[DecisionView, ...]


class BatchesView(Message):
    """A page of batches, newest first."""

    batches: tuple[BatchView, ...]
    next_cursor: str | None = Field(description="Null on the last page.")


class RowView(Message):
    """A row of a batch: without personal data."""

    number: int = Field(description="Which line of the upload, from 1; empty lines do not count.")
    state: RowState
    problem: str | None = Field(description="Why it was rejected or failed; see /problems/.")
    detail: str | None
    application: str | None = Field(description="Where the certificate is fetched.")


class RowsView(Message):
    """A page of rows, in their order."""

    rows: tuple[RowView, ...]
    next_cursor: str | None = Field(description="Null on the last page.")


def view_of_batch(batch: Batch) -> BatchView:
    """Return a batch as it stands in a list."""
    return BatchView(**{name: getattr(batch, name) for name in BatchView.model_fields})


def detail_of_batch(batch: Batch) -> BatchDetailView:
    """Return a batch with its decisions."""
    return BatchDetailView(
        **{name: getattr(batch, name) for name in BatchView.model_fields},
        decisions=tuple(map(decision_view_of, batch.decisions)),
    )


def view_of_row(row: BatchRow) -> RowView:
    """Return a row without what was sent."""
    return RowView(**{name: getattr(row, name) for name in RowView.model_fields})
