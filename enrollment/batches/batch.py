"""A batch, its rows, and how they stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, select

from enrollment.application import Decision, decision_of
from enrollment.batches.errors import BatchUnknown
from enrollment.batches.models import batch_decisions, batch_rows, batches
from enrollment.jurisdiction import Jurisdiction

_ID = re.compile(r"[0-9a-f]{32}")


class BatchState(StrEnum):
    """checking → waiting → working → done; or refused, or cancelled.

    A batch whose rows are decided one by one does not wait. One without a row that passed is done.
    """

    CHECKING = "checking"
    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class DecidedAs(StrEnum):
    """How officers decide a batch: all its rows at once, or each as an application of its own."""

    WHOLE = "whole"
    EACH = "each"


class RowState(StrEnum):
    """waiting → passed → submitted → issued, with their ends: rejected, failed, dropped.

    ``submitted`` is the end of a row that is decided as an application of its own.
    """

    WAITING = "waiting"
    PASSED = "passed"
    REJECTED = "rejected"
    SUBMITTED = "submitted"
    ISSUED = "issued"
    FAILED = "failed"
    DROPPED = "dropped"


@dataclass(frozen=True)
class BatchRow:
    """A row: ``line`` is what was sent while it is still needed, ``problem`` why it ended."""

    number: int
    state: RowState
    line: bytes | None
    problem: str | None
    detail: str | None
    application: str | None


@dataclass(frozen=True)
class Batch:
    """A batch with its decisions, oldest first, and how many rows are in each state."""

    id: str
    submitter: str
    submitter_person: str
    institution: str | None
    decided: DecidedAs
    state: BatchState
    rows: int
    approvals_needed: int | None
    approvals: int
    submitted_at: datetime
    finished_at: datetime | None
    salt: bytes
    log_index: int
    counts: Mapping[RowState, int]
    decisions: tuple[Decision, ...] = ()


def find_batch(connection: Connection, batch_id: str, *, locked: bool = False) -> Batch:
    """Read a batch. ``locked``: until the transaction ends. Raises BatchUnknown."""
    row = None
    if _ID.fullmatch(batch_id):
        query = select(batches).where(batches.c.id == batch_id)
        row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    if row is None:
        raise unknown()
    made = connection.execute(
        select(batch_decisions)
        .where(batch_decisions.c.batch == batch_id)
        .order_by(batch_decisions.c.log_index)
    )
    return batch_of(row, count_rows(connection, batch_id), tuple(decision_of(one) for one in made))


def check_covered(batch: Batch, *, submitter: str | None, within: Jurisdiction) -> None:
    """Raise BatchUnknown unless it is the submitter's, where one is given, and within."""
    if not within.covers(batch.institution) or submitter not in {None, batch.submitter}:
        raise unknown()


def unknown() -> BatchUnknown:
    """Return the refusal, in the same words whether it is missing or another's."""
    return BatchUnknown("There is no batch of this id that you may see.")


def count_rows(connection: Connection, batch_id: str) -> dict[RowState, int]:
    """Return how many rows are in each state that has any."""
    query = (
        select(batch_rows.c.state, func.count())
        .where(batch_rows.c.batch == batch_id)
        .group_by(batch_rows.c.state)
    )
    return {RowState(state): count for state, count in connection.execute(query)}


def batch_of(
    row: Row[Any], counts: Mapping[RowState, int], made: tuple[Decision, ...] = ()
) -> Batch:
    """Return the batch of a row."""
    return Batch(
        id=row.id,
        submitter=row.submitter,
        submitter_person=row.submitter_person,
        institution=row.institution,
        decided=DecidedAs(row.decided),
        state=BatchState(row.state),
        rows=row.rows,
        approvals_needed=row.approvals_needed,
        approvals=row.approvals,
        submitted_at=row.submitted_at,
        finished_at=row.finished_at,
        salt=row.salt,
        log_index=row.log_index,
        counts=counts,
        decisions=made,
    )


def row_of(row: Row[Any]) -> BatchRow:
    """Return the row of a row."""
    return BatchRow(
        number=row.number,
        state=RowState(row.state),
        line=row.line,
        problem=row.problem,
        detail=row.detail,
        application=row.application,
    )
