"""What batches and passes hold of people is forgotten some time after their end."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, exists, or_, select

from core.clock import Clock
from core.database import Database
from signing.passes.issuing.batches.files import RecordFiles
from signing.passes.issuing.batches.models import (
    pass_batch_chunks,
    pass_batch_rejects,
    pass_batches,
)
from signing.passes.issuing.models import pass_codes, passes

# So many at once, so that nobody waits for a long transaction.
_PORTION = 1_000


class PassRetention:
    """Erases the texts of passes that are over, and the records of batches that ended."""

    def __init__(
        self, *, database: Database, files: RecordFiles, kept: timedelta, clock: Clock
    ) -> None:
        self._database = database
        self._files = files
        self._kept = kept
        self._clock = clock

    def erase_old(self) -> int:
        """Erase what was kept long enough; return of how many batches and passes."""
        return self._erase_batches() + self._erase_codes()

    def _erase_batches(self) -> int:
        chunks = exists().where(pass_batch_chunks.c.batch == pass_batches.c.id)
        rejects = exists().where(pass_batch_rejects.c.batch == pass_batches.c.id)
        with self._database.read() as connection:
            ended = connection.scalars(
                select(pass_batches.c.id)
                .where(
                    pass_batches.c.finished_at < self._clock.now() - self._kept,
                    or_(chunks, rejects),
                )
                .limit(_PORTION)
            ).all()
        for batch_id in ended:
            # First the file: without rows nobody would look for it again.
            self._files.forget(batch_id)
            with self._database.begin() as connection:
                for table in (pass_batch_rejects, pass_batch_chunks):
                    connection.execute(delete(table).where(table.c.batch == batch_id))
        return len(ended)

    def _erase_codes(self) -> int:
        over = select(passes.c.id).where(
            passes.c.expires_at < self._clock.now() - self._kept,
            exists().where(pass_codes.c.pass_id == passes.c.id),
        )
        with self._database.begin() as connection:
            found = connection.scalars(over.limit(_PORTION)).all()
            connection.execute(delete(pass_codes).where(pass_codes.c.pass_id.in_(found)))
        return len(found)
