"""A batch of documents as it stands, and its documents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, select

from signing.documents.batches.errors import DocumentBatchUnknown
from signing.documents.batches.models import batch_documents, document_batches
from signing.documents.levels import Level
from signing.documents.options import Placement, SigningOptions
from signing.documents.verification.identifiers import DocumentId


class BatchState(StrEnum):
    """How far a batch is: taking documents, signing them, or over."""

    OPEN = "open"
    SIGNING = "signing"
    DONE = "done"
    CANCELLED = "cancelled"


class DocumentState(StrEnum):
    """How far a document is. A dropped one was waiting when its batch was cancelled."""

    WAITING = "waiting"
    SIGNED = "signed"
    REFUSED = "refused"
    DROPPED = "dropped"


@dataclass(frozen=True)
class DocumentBatch:
    """A batch; ``counts`` says how many of its documents are in each state."""

    id: str
    submitter: str
    institution: str | None
    seal: str
    options: SigningOptions
    state: BatchState
    documents: int
    opened_at: datetime
    finished_at: datetime | None
    counts: Mapping[DocumentState, int]

    def erased_at(self, kept: timedelta) -> datetime | None:
        """Return when its documents are erased, once it ended."""
        return None if self.finished_at is None else self.finished_at + kept


@dataclass(frozen=True)
class BatchDocument:
    """A document of a batch; ``problem`` and ``detail`` say why it was refused.

    ``registered`` is what it is registered as, where it has a stamp.
    """

    number: int
    octets: int
    state: DocumentState
    sha256: bytes
    signed_sha256: bytes | None
    signed_at: datetime | None
    problem: str | None
    detail: str | None
    registered: DocumentId | None


def find_batch(connection: Connection, batch_id: str, *, locked: bool = False) -> DocumentBatch:
    """Return a batch. Raises DocumentBatchUnknown."""
    query = select(document_batches).where(document_batches.c.id == batch_id)
    row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    if row is None:
        raise DocumentBatchUnknown("There is no such batch of documents, or it is another's.")
    return batch_of(connection, row)


def batch_of(connection: Connection, row: Row[Any]) -> DocumentBatch:
    """Return the batch of a row, its documents counted."""
    counted = connection.execute(
        select(batch_documents.c.state, func.count())
        .where(batch_documents.c.batch == row.id)
        .group_by(batch_documents.c.state)
    )
    return DocumentBatch(
        id=row.id,
        submitter=row.submitter,
        institution=row.institution,
        seal=row.seal,
        options=read_wishes(row.wishes),
        state=BatchState(row.state),
        documents=row.documents,
        opened_at=row.opened_at,
        finished_at=row.finished_at,
        counts={DocumentState(state): count for state, count in counted},
    )


def document_of(row: Row[Any]) -> BatchDocument:
    """Return the document of a row."""
    return BatchDocument(
        number=row.number,
        octets=row.octets,
        state=DocumentState(row.state),
        sha256=row.sha256,
        signed_sha256=row.signed_sha256,
        signed_at=row.signed_at,
        problem=row.problem,
        detail=row.detail,
        registered=None if row.registered is None else DocumentId(row.registered),
    )


def write_wishes(options: SigningOptions) -> str:
    """Return options as JSON. A batch has no password, and its stamps lie apart."""
    placement = options.placement
    return json.dumps(
        {
            "level": options.level.value,
            "field": options.field,
            "placement": None if placement is None else [placement.page, *placement.box],
            "certify": options.certify,
            "reason": options.reason,
            "location": options.location,
        },
        ensure_ascii=False,
    )


def read_wishes(text: str) -> SigningOptions:
    """Read what :func:`write_wishes` wrote."""
    wishes = json.loads(text)
    page, *box = wishes["placement"] or [0]
    return SigningOptions(
        level=Level(wishes["level"]),
        field=wishes["field"],
        placement=Placement(page, tuple(box)) if box else None,
        certify=wishes["certify"],
        reason=wishes["reason"],
        location=wishes["location"],
    )
