"""What batches and passes hold of people is forgotten some time after their end."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, exists, select, update

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
        # ``octets`` is known while the records are kept, also of what was refused or cancelled.
        with self._database.read() as connection:
            ended = connection.execute(
                select(pass_batches.c.id, pass_batches.c.sha256)
                .where(
                    pass_batches.c.finished_at < self._clock.now() - self._kept,
                    pass_batches.c.octets.is_not(None),
                )
                .limit(_PORTION)
            ).all()
        for batch in ended:
            # First the file: without octets nobody would look for it again.
            self._files.forget(batch.id, batch.sha256)
            with self._database.begin() as connection:
                for table in (pass_batch_rejects, pass_batch_chunks):
                    connection.execute(delete(table).where(table.c.batch == batch.id))
                connection.execute(
                    update(pass_batches).where(pass_batches.c.id == batch.id).values(octets=None)
                )
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
