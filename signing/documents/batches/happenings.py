"""What an entry of the transparency log means to the program that opened a batch of documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from core.transparency.entry import LogEntry
from signing.documents.batches.batch import BatchState
from signing.documents.batches.models import document_batches

BATCH_DONE = "document-batch-done"
BATCH_CANCELLED = "document-batch-cancelled"
DOCUMENT_SIGNED = "document-sealed"
DOCUMENT_REFUSED = "batch-document-refused"
_ENDS = {BATCH_DONE: BatchState.DONE, BATCH_CANCELLED: BatchState.CANCELLED}


@dataclass(frozen=True)
class BatchHappening:
    """What happened to the batch of a submitter; ``data`` has ids and words alone."""

    submitter: str
    data: Mapping[str, str]


def batch_happening(connection: Connection, entry: LogEntry) -> BatchHappening | None:
    """Return what an entry tells; None for a document that was sealed at once, without a batch."""
    batch = entry.facts.get("batch")
    submitter = connection.scalar(
        select(document_batches.c.submitter).where(document_batches.c.id == batch)
    )
    if submitter is None:
        return None
    data = {"batch": str(batch)}
    if entry.kind in _ENDS:
        data["state"] = _ENDS[entry.kind]
    else:
        data["number"] = str(entry.facts["number"])
    if entry.kind == DOCUMENT_REFUSED:
        data["problem"] = str(entry.facts["problem"])
    return BatchHappening(submitter, data)
