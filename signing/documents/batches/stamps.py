"""Stamps of a batch: one order for all of its documents, and what one of them says otherwise."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, exists, insert, select

from core.access import Principal
from signing.documents.batches.models import (
    batch_document_texts,
    document_batch_stamps,
    document_batches,
)
from signing.documents.stamped import answering
from signing.documents.stamps.order import StampOrder, StampTexts


@dataclass(frozen=True)
class BatchStamps:
    """How some documents of a batch are stamped."""

    order: StampOrder
    texts: Mapping[int, StampTexts]

    def of(self, number: int) -> StampOrder:
        """Return the order of one document."""
        return self.order.saying(self.texts.get(number))


def write_stamp(stamp: StampOrder, by: Principal) -> str:
    """Return an order as it is stored. Raises StampNeedsInstitution, SealRefused.

    What no document of the batch could have is refused before the first is put up.
    """
    answering(by.institution)
    stamp.seal()
    return stamp.model_dump_json()


def store_stamp(connection: Connection, batch_id: str, stamped: str | None) -> None:
    """Store what :func:`write_stamp` wrote, if anything."""
    if stamped is not None:
        connection.execute(insert(document_batch_stamps).values(batch=batch_id, stamp=stamped))


def has_stamp(connection: Connection, batch_id: str) -> bool:
    """Tell whether a batch's documents are stamped."""
    table = document_batch_stamps
    query = select(table.c.batch).where(table.c.batch == batch_id)
    return connection.scalar(query) is not None


def read_stamps(
    connection: Connection, batch_id: str, numbers: Collection[int] = ()
) -> BatchStamps | None:
    """Return how these documents are stamped, None for not at all."""
    stamp = connection.scalar(
        select(document_batch_stamps.c.stamp).where(document_batch_stamps.c.batch == batch_id)
    )
    if stamp is None:
        return None
    table = batch_document_texts
    rows = connection.execute(
        select(table.c.number, table.c.texts).where(
            table.c.batch == batch_id, table.c.number.in_(numbers)
        )
    )
    texts = {row.number: StampTexts.model_validate_json(row.texts) for row in rows}
    return BatchStamps(StampOrder.model_validate_json(stamp), texts)


def forget_stamps(connection: Connection, *, ended_by: datetime) -> None:
    """Forget what stamps of batches that ended by then said: names, titles and pictures."""
    for table in (batch_document_texts, document_batch_stamps):
        ended = exists().where(
            document_batches.c.id == table.c.batch, document_batches.c.finished_at <= ended_by
        )
        connection.execute(delete(table).where(ended))


def store_texts(connection: Connection, batch_id: str, number: int, texts: StampTexts) -> None:
    """Store what a document's stamp says otherwise, in place of what was said before."""
    table = batch_document_texts
    connection.execute(delete(table).where(table.c.batch == batch_id, table.c.number == number))
    written = texts.model_dump_json(exclude_unset=True)
    connection.execute(insert(table).values(batch=batch_id, number=number, texts=written))
