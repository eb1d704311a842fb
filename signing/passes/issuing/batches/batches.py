"""Batches of an institution: opened, filled, looked at, cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.access import Principal
from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from signing.passes.issuing.batches.batch import ENDED, BatchForm, BatchState, PassBatch, find_batch
from signing.passes.issuing.batches.errors import PassBatchClosed, PassBatchUnknown
from signing.passes.issuing.batches.files import RecordFiles
from signing.passes.issuing.batches.models import (
    pass_batch_passes,
    pass_batch_rejects,
    pass_batches,
)
from signing.passes.issuing.issued import IssuedPass, find_passes
from signing.passes.issuing.issuing import PassIssuing

_PAGE = 500


@dataclass(frozen=True)
class RejectedRecord:
    """A record that makes no pass: where it stood, why, and what it was."""

    row: int
    problem: str
    detail: str
    line: str


class PassBatches:
    """Takes batches; each institution sees its own."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        files: RecordFiles,
        issuing: PassIssuing,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._files = files
        self._issuing = issuing
        self._clock = clock

    def open(self, batch_id: str, type_name: str, form: BatchForm, *, by: Principal) -> PassBatch:
        """Open a batch, or return the one that has this id already.

        Raises PassTypeUnknown, PassTypeForbidden and Unavailable.
        """
        self._issuing.check_allowed(type_name, by.institution)
        now, salt = self._clock.now(), new_salt()
        facts: dict[str, JsonValue] = {
            "batch": batch_id,
            "institution": by.institution,
            "submitter": commitment(salt, by.id.encode()),
            "type": type_name,
        }
        try:
            with self._database.begin() as connection:
                [index] = self._log.append(connection, [LogEntry("pass-batch-opened", now, facts)])
                connection.execute(
                    insert(pass_batches).values(
                        id=batch_id,
                        type=type_name,
                        form=form,
                        institution=by.institution,
                        submitter=by.id,
                        state=BatchState.OPEN,
                        opened_at=now,
                        salt=salt,
                        log_index=index,
                    )
                )
        except IntegrityError:
            # The id came before: the same request, whose first answer was lost.
            return self.find(batch_id, by)
        return self.find(batch_id, by)

    def find(self, batch_id: str, by: Principal) -> PassBatch:
        """Return a batch of the institution. Raises PassBatchUnknown."""
        with self._database.read() as connection:
            return _own(connection, batch_id, by)

    def put(self, batch_id: str, content: BinaryIO, by: Principal) -> PassBatch:
        """Take a batch's file, whole; issuing begins. The same file again changes nothing.

        Raises PassBatchUnknown, PassBatchClosed, PassStorageUnavailable.
        """
        self.find(batch_id, by)
        sha256, octets = self._files.put(batch_id, content)
        with self._database.begin() as connection:
            connection.execute(
                update(pass_batches)
                .where(pass_batches.c.id == batch_id, pass_batches.c.state == BatchState.OPEN)
                .values(state=BatchState.RECEIVED, sha256=sha256, octets=octets)
            )
            batch = _own(connection, batch_id, by)
        if batch.sha256 != sha256 or batch.state in ENDED:
            # Nobody reads it any more, and retention knows of no second one.
            self._files.forget(batch_id, sha256)
        if batch.sha256 != sha256:
            raise PassBatchClosed(
                f"This batch is {batch.state} and takes no other file.",
                kept="It goes on as it was.",
            )
        return batch

    def cancel(self, batch_id: str, by: Principal) -> PassBatch:
        """End a batch: what was issued stands, what waits is not issued.

        Raises PassBatchUnknown, PassBatchClosed.
        """
        with self._database.begin() as connection:
            batch = _own(connection, batch_id, by)
            ended = connection.execute(
                update(pass_batches)
                .where(
                    pass_batches.c.id == batch_id,
                    pass_batches.c.state.in_(
                        [BatchState.OPEN, BatchState.RECEIVED, BatchState.ISSUING]
                    ),
                )
                .values(state=BatchState.CANCELLED, finished_at=self._clock.now())
            )
            if not ended.rowcount and batch.state is not BatchState.CANCELLED:
                raise PassBatchClosed(f"This batch is {batch.state}.", kept="It stands as it was.")
            return _own(connection, batch_id, by)

    def passes(self, batch_id: str, by: Principal) -> Iterator[tuple[int, IssuedPass]]:
        """Yield what was issued so far, by the rows of the file. Raises PassBatchUnknown."""
        self.find(batch_id, by)
        return self._passes(batch_id)

    def rejects(self, batch_id: str, by: Principal) -> Iterator[RejectedRecord]:
        """Yield the records that make no pass. Raises PassBatchUnknown."""
        self.find(batch_id, by)
        return self._rejects(batch_id)

    def _passes(self, batch_id: str) -> Iterator[tuple[int, IssuedPass]]:
        table, after = pass_batch_passes.c, 0
        while True:
            with self._database.read() as connection:
                rows = connection.execute(
                    select(table.row, table.pass_id)
                    .where(table.batch == batch_id, table.row > after)
                    .order_by(table.row)
                    .limit(_PAGE)
                ).all()
                found = find_passes(connection, [row.pass_id for row in rows])
            if not rows:
                return
            yield from ((row.row, found[row.pass_id]) for row in rows)
            after = rows[-1].row

    def _rejects(self, batch_id: str) -> Iterator[RejectedRecord]:
        table, after = pass_batch_rejects.c, 0
        while True:
            with self._database.read() as connection:
                rows = connection.execute(
                    select(table.row, table.problem, table.detail, table.line)
                    .where(table.batch == batch_id, table.row > after)
                    .order_by(table.row)
                    .limit(_PAGE)
                ).all()
            if not rows:
                return
            yield from (RejectedRecord(*row) for row in rows)
            after = rows[-1].row


def _own(connection: Connection, batch_id: str, by: Principal) -> PassBatch:
    batch = find_batch(connection, batch_id)
    if batch.institution != by.institution:
        raise PassBatchUnknown("Your institution has no batch with this identifier.")
    return batch
