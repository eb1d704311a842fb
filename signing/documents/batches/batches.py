"""Open batches, take their documents, close, cancel and show them; what counts is logged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.access import Principal
from core.canonical_json import canonical_json
from core.clock import Clock
from core.database import Database
from core.transparency.entry import LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from signing.documents.batches.batch import (
    BatchDocument,
    BatchState,
    DocumentBatch,
    DocumentState,
    batch_of,
    document_of,
    find_batch,
    write_wishes,
)
from signing.documents.batches.errors import (
    BatchDocumentDiffers,
    BatchDocumentUnknown,
    BatchNotStamped,
    DocumentBatchClosed,
    DocumentBatchIncomplete,
    DocumentBatchUnknown,
    TooManyDocumentBatches,
)
from signing.documents.batches.files import BatchFiles, sha256_of_stream
from signing.documents.batches.happenings import BATCH_CANCELLED
from signing.documents.batches.models import batch_documents, document_batches
from signing.documents.batches.stamps import has_stamp, store_stamp, store_texts, write_stamp
from signing.documents.options import SigningOptions
from signing.documents.ports import Seals
from signing.documents.stamps.order import StampOrder, StampTexts


class DocumentBatches:
    """Batches of one home. A submitter sees its own."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        files: BatchFiles,
        seals: Seals,
        largest_octets: int,
        at_once: int,
        kept: timedelta,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._files = files
        self._seals = seals
        self._most = largest_octets
        self._at_once = at_once
        self.kept = kept
        self._clock = clock

    def open(
        self,
        *,
        batch_id: str,
        by: Principal,
        seal: str,
        documents: int,
        options: SigningOptions,
        stamp: StampOrder | None = None,
    ) -> DocumentBatch:
        """Open a batch for so many documents, or return the one that has this id already.

        Raises SignerUnknown where the seal is not the submitter's to use, TooManyDocumentBatches,
        StampNeedsInstitution, SealRefused.
        """
        self._seals.seal_for(by.institution, seal)
        stamped = None if stamp is None else write_stamp(stamp, by)
        wishes, salt, now = write_wishes(options), new_salt(), self._clock.now()
        committed = canonical_json(
            {"seal": seal, "stamp": stamped, "submitter": by.id, "wishes": wishes}
        )
        entry = LogEntry(
            "document-batch-opened",
            now,
            {"batch": batch_id, "documents": documents, "order": commitment(salt, committed)},
        )
        try:
            with self._database.begin() as connection:
                self._check_room(connection, batch_id, by)
                [index] = self._log.append(connection, [entry])
                values = {
                    "id": batch_id,
                    "submitter": by.id,
                    "institution": by.institution,
                    "seal": seal,
                    "wishes": wishes,
                    "state": BatchState.OPEN,
                    "documents": documents,
                    "opened_at": now,
                    "salt": salt,
                    "log_index": index,
                }
                connection.execute(insert(document_batches).values(values))
                store_stamp(connection, batch_id, stamped)
        except IntegrityError:
            # The id came before: the same request, whose first answer was lost.
            return self.find(batch_id, by)
        return self.find(batch_id, by)

    def put(self, batch_id: str, number: int, content: BinaryIO, by: Principal) -> BatchDocument:
        """Take a document; the same under the same number again changes nothing.

        Raises DocumentBatchUnknown, BatchDocumentUnknown, DocumentBatchClosed,
        BatchDocumentDiffers, DocumentTooLarge, StorageUnavailable.
        """
        batch = self.find(batch_id, by)
        _check_number(batch, number)
        known = self._known(batch_id, number)
        if known is not None:
            return self._same_again(known, content)
        if batch.state is not BatchState.OPEN:
            raise DocumentBatchClosed(f"This batch is {batch.state} and takes no more documents.")
        stored = self._files.put(batch_id, number, content, self._most)
        try:
            with self._database.begin() as connection:
                connection.execute(
                    insert(batch_documents).values(
                        batch=batch_id,
                        number=number,
                        sha256=stored.sha256,
                        octets=stored.octets,
                        state=DocumentState.WAITING,
                    )
                )
        except IntegrityError:
            other = self.document(batch_id, number, by)
            if other.sha256 == stored.sha256:
                return other
            self._files.drop(batch_id, number, stored.sha256)
            raise BatchDocumentDiffers(
                "Another document was put up under this number at the same moment.",
                kept="The other one stands.",
            ) from None
        return self.document(batch_id, number, by)

    def say(self, batch_id: str, number: int, texts: StampTexts, by: Principal) -> None:
        """Let the stamp of one document say something else than its batch's, until it is closed.

        Raises DocumentBatchUnknown, BatchDocumentUnknown, DocumentBatchClosed, BatchNotStamped.
        """
        with self._database.begin() as connection:
            batch = self._own(connection, batch_id, by, locked=True)
            _check_number(batch, number)
            if batch.state is not BatchState.OPEN:
                raise DocumentBatchClosed(f"This batch is {batch.state}: its stamps stand.")
            if not has_stamp(connection, batch_id):
                raise BatchNotStamped("This batch was opened without a stamp.")
            store_texts(connection, batch_id, number, texts)

    def close(self, batch_id: str, by: Principal) -> DocumentBatch:
        """Let the batch be signed; again, it changes nothing. Raises DocumentBatchIncomplete."""
        with self._database.begin() as connection:
            batch = self._own(connection, batch_id, by, locked=True)
            if batch.state is BatchState.CANCELLED:
                raise DocumentBatchClosed("This batch was cancelled.")
            if batch.state is BatchState.OPEN:
                self._check_complete(connection, batch)
                _set_state(connection, batch_id, state=BatchState.SIGNING)
            return find_batch(connection, batch_id)

    def cancel(self, batch_id: str, by: Principal) -> DocumentBatch:
        """End a batch; what is signed stays. Again, it changes nothing."""
        with self._database.begin() as connection:
            batch = self._own(connection, batch_id, by, locked=True)
            if batch.state is BatchState.DONE:
                raise DocumentBatchClosed("All documents of this batch are signed already.")
            if batch.state is not BatchState.CANCELLED:
                now = self._clock.now()
                self._log.append(connection, [LogEntry(BATCH_CANCELLED, now, {"batch": batch_id})])
                connection.execute(
                    update(batch_documents)
                    .where(
                        batch_documents.c.batch == batch_id,
                        batch_documents.c.state == DocumentState.WAITING,
                    )
                    .values(state=DocumentState.DROPPED)
                )
                _set_state(connection, batch_id, state=BatchState.CANCELLED, finished_at=now)
            return find_batch(connection, batch_id)

    def find(self, batch_id: str, by: Principal) -> DocumentBatch:
        """Return a batch. Raises DocumentBatchUnknown."""
        with self._database.read() as connection:
            return self._own(connection, batch_id, by)

    def page(
        self, by: Principal, *, limit: int, after: str | None = None
    ) -> Sequence[DocumentBatch]:
        """Return up to ``limit`` batches of a submitter, newest first, after the id ``after``."""
        query = select(document_batches).where(document_batches.c.submitter == by.id)
        if after is not None:
            query = query.where(document_batches.c.id < after)
        with self._database.read() as connection:
            rows = connection.execute(
                query.order_by(document_batches.c.id.desc()).limit(limit)
            ).all()
            return [batch_of(connection, row) for row in rows]

    def documents(
        self, batch_id: str, by: Principal, *, limit: int, after: int = 0
    ) -> Sequence[BatchDocument]:
        """Return up to ``limit`` documents in their order, after the number ``after``."""
        with self._database.read() as connection:
            self._own(connection, batch_id, by)
            rows = connection.execute(
                select(batch_documents)
                .where(batch_documents.c.batch == batch_id, batch_documents.c.number > after)
                .order_by(batch_documents.c.number)
                .limit(limit)
            )
            return [document_of(row) for row in rows]

    def document(self, batch_id: str, number: int, by: Principal) -> BatchDocument:
        """Return a document. Raises BatchDocumentUnknown."""
        self.find(batch_id, by)
        found = self._known(batch_id, number)
        if found is None:
            raise BatchDocumentUnknown("No document was put up under this number.")
        return found

    def signed(self, batch_id: str, number: int, by: Principal) -> Path:
        """Return where a signed document lies. Raises BatchDocumentUnknown."""
        erased_at = self.find(batch_id, by).erased_at(self.kept)
        if erased_at is not None and erased_at <= self._clock.now():
            raise BatchDocumentUnknown(
                f"The documents of this batch were erased {self.kept.days} days after it ended."
            )
        if self.document(batch_id, number, by).state is not DocumentState.SIGNED:
            raise BatchDocumentUnknown("This document is not signed, or not yet.")
        return self._files.result(batch_id, number)

    def _known(self, batch_id: str, number: int) -> BatchDocument | None:
        with self._database.read() as connection:
            row = connection.execute(
                select(batch_documents).where(
                    batch_documents.c.batch == batch_id, batch_documents.c.number == number
                )
            ).one_or_none()
        return None if row is None else document_of(row)

    def _same_again(self, known: BatchDocument, content: BinaryIO) -> BatchDocument:
        if sha256_of_stream(content) != known.sha256:
            raise BatchDocumentDiffers(
                "Another document was put up under this number before.",
                kept="The earlier one stands.",
            )
        return known

    def _check_room(self, connection: Connection, batch_id: str, by: Principal) -> None:
        theirs = (
            document_batches.c.submitter == by.id
            if by.institution is None
            else document_batches.c.institution == by.institution
        )
        unended = document_batches.c.state.in_([BatchState.OPEN, BatchState.SIGNING])
        this_one = document_batches.c.id == batch_id
        found = set(
            connection.scalars(select(document_batches.c.id).where(theirs, unended | this_one))
        )
        # One that came before is no new one.
        if batch_id not in found and len(found) >= self._at_once:
            raise TooManyDocumentBatches(
                f"{len(found)} batches of yours have not ended, and no more are taken. "
                "Wait until one is done, or cancel one.",
                kept="The batches that you have go on.",
                limit=self._at_once,
            )

    def _own(
        self, connection: Connection, batch_id: str, by: Principal, *, locked: bool = False
    ) -> DocumentBatch:
        batch = find_batch(connection, batch_id, locked=locked)
        if batch.submitter != by.id:
            raise DocumentBatchUnknown("There is no such batch of documents, or it is another's.")
        return batch

    def _check_complete(self, connection: Connection, batch: DocumentBatch) -> None:
        there = set(
            connection.scalars(
                select(batch_documents.c.number).where(batch_documents.c.batch == batch.id)
            )
        )
        missing = next((one for one in range(1, batch.documents + 1) if one not in there), None)
        if missing is not None:
            raise DocumentBatchIncomplete(
                f"Document {missing} is missing: {len(there)} of {batch.documents} were put up.",
                kept="What was put up stays.",
                missing=missing,
            )


def waiting_in(connection: Connection, batch_id: str) -> int:
    """Return how many documents of a batch wait."""
    count = connection.scalar(
        select(func.count()).where(
            batch_documents.c.batch == batch_id,
            batch_documents.c.state == DocumentState.WAITING,
        )
    )
    return int(count or 0)


def _check_number(batch: DocumentBatch, number: int) -> None:
    if not 1 <= number <= batch.documents:
        raise BatchDocumentUnknown(f"The batch has the numbers 1 to {batch.documents}.")


def _set_state(connection: Connection, batch_id: str, **values: object) -> None:
    connection.execute(
        update(document_batches).where(document_batches.c.id == batch_id).values(**values)
    )
