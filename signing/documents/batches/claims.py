"""Which documents a worker takes next: of all who wait, those served least recently come first.

What rests and who was served is known to the worker alone, and forgotten with it: a new worker
asks once too often, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, exists, or_, select, update

from core.clock import Clock
from core.database import Database
from signing.documents.batches.batch import (
    BatchState,
    DocumentBatch,
    DocumentState,
    find_batch,
)
from signing.documents.batches.models import batch_documents, document_batches
from signing.documents.batches.stamps import BatchStamps, read_stamps

# So many documents are claimed at once: a second or so of work.
CLAIMED_AT_ONCE = 20
# Longer than signing so many takes, the largest of them too.
CLAIMED_FOR = timedelta(minutes=10)
# Tokens and status services come back within minutes; each try before that costs the reading of a
# whole document.
RESTS_FOR = timedelta(seconds=30)


@dataclass(frozen=True)
class Claim:
    """Some documents of one batch, by their numbers, with the SHA-256 of what was put up."""

    batch: DocumentBatch
    documents: Sequence[tuple[int, bytes]]
    stamps: BatchStamps | None


class Claims:
    """What one worker holds, and what it leaves alone for a while."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        holder: str,
        claimed_for: timedelta = CLAIMED_FOR,
        rests_for: timedelta = RESTS_FOR,
    ) -> None:
        self._database = database
        self._clock = clock
        self._holder = holder
        self._claimed_for = claimed_for
        self._rests_for = rests_for
        self._resting: dict[str, datetime] = {}
        # When each institution was served last, counted in claims.
        self._served: dict[str, int] = {}
        self._claims = 0

    def take(self) -> Claim | None:
        """Claim some documents of one batch; None where nothing waits for this worker."""
        now = self._clock.now()
        self._resting = {batch: end for batch, end in self._resting.items() if end > now}
        with self._database.begin() as connection:
            for batch_id, served in self._waiting(connection, now):
                documents = self._take_of(connection, batch_id, now)
                if documents:
                    self._claims += 1
                    self._served[served] = self._claims
                    batch = find_batch(connection, batch_id)
                    numbers = [number for number, _ in documents]
                    return Claim(batch, documents, read_stamps(connection, batch_id, numbers))
        return None

    def give_back(self) -> None:
        """Let others have what is claimed and not dealt with."""
        with self._database.begin() as connection:
            connection.execute(
                update(batch_documents)
                .where(
                    batch_documents.c.worker == self._holder,
                    batch_documents.c.state == DocumentState.WAITING,
                )
                .values(worker=None, worker_until=None)
            )

    def rest(self, batch_id: str) -> None:
        """Leave a batch alone for a while."""
        self._resting[batch_id] = self._clock.now() + self._rests_for

    def postpone(self, batch_id: str, number: int, tries: int) -> None:
        """Let a document that failed ``tries`` times wait, twice as long after each."""
        until = self._clock.now() + self._rests_for * 2 ** (tries - 1)
        with self._database.begin() as connection:
            connection.execute(
                update(batch_documents)
                .where(
                    is_document(batch_id, number),
                    batch_documents.c.worker == self._holder,
                    batch_documents.c.state == DocumentState.WAITING,
                )
                .values(worker=None, worker_until=until)
            )

    def _waiting(self, connection: Connection, now: datetime) -> list[tuple[str, str]]:
        query = (
            select(
                document_batches.c.id, document_batches.c.institution, document_batches.c.submitter
            )
            .where(
                document_batches.c.state == BatchState.SIGNING,
                exists().where(batch_documents.c.batch == document_batches.c.id, *_free(now)),
            )
            .order_by(document_batches.c.id)
        )
        found = [
            (row.id, row.institution or row.submitter)
            for row in connection.execute(query)
            if row.id not in self._resting
        ]
        # Sorting keeps the order of equals: of one institution's batches the oldest comes first.
        return sorted(found, key=lambda one: self._served.get(one[1], 0))

    def _take_of(
        self, connection: Connection, batch_id: str, now: datetime
    ) -> Sequence[tuple[int, bytes]]:
        rows = connection.execute(
            select(batch_documents.c.number, batch_documents.c.sha256)
            .where(batch_documents.c.batch == batch_id, *_free(now))
            .order_by(batch_documents.c.number)
            .limit(CLAIMED_AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        if rows:
            connection.execute(
                update(batch_documents)
                .where(
                    batch_documents.c.batch == batch_id,
                    batch_documents.c.number.in_([row.number for row in rows]),
                )
                .values(worker=self._holder, worker_until=now + self._claimed_for)
            )
        return [(row.number, row.sha256) for row in rows]


def is_document(batch_id: str, number: int) -> ColumnElement[bool]:
    """Return what picks one document of a batch."""
    return (batch_documents.c.batch == batch_id) & (batch_documents.c.number == number)


def _free(now: datetime) -> tuple[ColumnElement[bool], ...]:
    until = batch_documents.c.worker_until
    return (batch_documents.c.state == DocumentState.WAITING, or_(until.is_(None), until < now))
