"""A batch of passes as it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, func, select

from signing.passes.issuing.batches.errors import PassBatchUnknown
from signing.passes.issuing.batches.models import pass_batch_chunks, pass_batches


class BatchForm(StrEnum):
    """How records are written: a JSON text a line, or CSV whose header names members by dots."""

    JSONL = "jsonl"
    CSV = "csv"


class BatchState(StrEnum):
    """Open until its file is there; received until it is split; issuing until all is dealt with."""

    OPEN = "open"
    RECEIVED = "received"
    ISSUING = "issuing"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"


ENDED = frozenset({BatchState.DONE, BatchState.REFUSED, BatchState.CANCELLED})


@dataclass(frozen=True)
class PassBatch:
    """A batch. ``records`` is known once its file was split."""

    id: str
    type: str
    form: BatchForm
    institution: str
    submitter: str
    state: BatchState
    opened_at: datetime
    finished_at: datetime | None
    sha256: bytes | None
    records: int | None
    header: str | None
    detail: str | None
    issued: int
    rejected: int


def find_batch(connection: Connection, batch_id: str) -> PassBatch:
    """Return a batch. Raises PassBatchUnknown."""
    row = connection.execute(
        select(pass_batches).where(pass_batches.c.id == batch_id)
    ).one_or_none()
    if row is None:
        raise PassBatchUnknown("Your institution has no batch with this identifier.")
    chunks = pass_batch_chunks.c
    counted = connection.execute(
        select(func.sum(chunks.issued), func.sum(chunks.rejected)).where(chunks.batch == batch_id)
    ).one()
    return PassBatch(
        id=row.id,
        type=row.type,
        form=BatchForm(row.form),
        institution=row.institution,
        submitter=row.submitter,
        state=BatchState(row.state),
        opened_at=row.opened_at,
        finished_at=row.finished_at,
        sha256=row.sha256,
        records=row.records,
        header=row.header,
        detail=row.detail,
        issued=int(counted[0] or 0),
        rejected=int(counted[1] or 0),
    )
