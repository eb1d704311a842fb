"""Erase documents and stamps of batches that ended long ago; what became of each stays known."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice

import structlog
from sqlalchemy import select

from core.clock import Clock
from core.database import Database
from signing.documents.batches.files import BatchFiles
from signing.documents.batches.models import document_batches
from signing.documents.batches.stamps import forget_stamps

# Both databases take so many parameters in one query.
_AT_ONCE = 500


class BatchRetention:
    """Erases both what was put up and what was signed, ``kept`` after a batch ended."""

    def __init__(
        self, *, database: Database, files: BatchFiles, kept: timedelta, clock: Clock
    ) -> None:
        self._database = database
        self._files = files
        self._kept = kept
        self._clock = clock
        self._events = structlog.get_logger("document-batches")

    def erase_old(self) -> int:
        """Return how many batches lost their files. Cut short, it goes on the next time."""
        before, erased = self._clock.now() - self._kept, 0
        with self._database.begin() as connection:
            # By what the table says: a batch into which nothing was put up has no folder.
            forget_stamps(connection, ended_by=before)
        held = iter(self._files.held())
        while chunk := list(islice(held, _AT_ONCE)):
            for batch_id in self._over(chunk, before):
                self._files.forget(batch_id)
                self._events.info("batch-erased", batch=batch_id)
                erased += 1
        return erased

    def _over(self, batch_ids: list[str], before: datetime) -> list[str]:
        # A folder that is no batch's, or of a batch that has not ended, is left alone.
        query = select(document_batches.c.id).where(
            document_batches.c.id.in_(batch_ids),
            document_batches.c.finished_at <= before,
        )
        with self._database.read() as connection:
            return list(connection.scalars(query))
