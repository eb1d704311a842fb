"""What goes over the wire of ``/passes/v1/batches``."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from signing.passes.issuing.batches.batch import BatchForm, BatchState, PassBatch
from signing.passes.issuing.messages import TypeName
from signing.passes.issuing.records import RecordMessage


class NewPassBatchMessage(RecordMessage):
    """A batch of passes of one type."""

    type: TypeName = Field(description="One of /passes/v1/types.")
    form: BatchForm = Field(
        description="jsonl: an object with reference and record a line; csv: columns named as "
        "person.name.surname, and reference."
    )


class EmptyMessage(RecordMessage):
    """Nothing more is said."""


class PassBatchView(RecordMessage):
    """A batch as it stands."""

    id: str
    type: str
    form: BatchForm
    state: BatchState
    opened_at: datetime
    finished_at: datetime | None
    records: int | None = Field(description="In the file, once it was split.")
    issued: int
    rejected: int
    detail: str | None = Field(description="Why the file as a whole was refused.")


def view_of_batch(batch: PassBatch) -> PassBatchView:
    """Return a batch as the API shows it."""
    return PassBatchView(
        id=batch.id,
        type=batch.type,
        form=batch.form,
        state=batch.state,
        opened_at=batch.opened_at,
        finished_at=batch.finished_at,
        records=batch.records,
        issued=batch.issued,
        rejected=batch.rejected,
        detail=batch.detail,
    )
