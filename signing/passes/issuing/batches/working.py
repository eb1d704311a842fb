"""Issue batches, in as many processes as one likes.

1. A batch whose file is there is split: its chunks are recorded in one transaction.
2. A chunk is claimed for a while.
3. Its records are read and prepared; those that make no pass become rejects.
4. The passes are signed, and one transaction records them with their log entry, the rejects, and
   that the chunk is done. Whoever comes second finds it done, and records nothing.

Killed before 4 is over, a worker leaves a chunk that waits. A claim spares double work; that no
record is issued twice rests upon 4, and upon the references of records.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, exists, insert, or_, select, update

from core.access import Principal, Role
from core.clock import Clock
from core.database import Database
from core.errors import CamtrustError, Unavailable
from core.idempotency import new_act_id
from signing.passes.issuing.batches.batch import BatchState, PassBatch, find_batch
from signing.passes.issuing.batches.batches import RejectedRecord
from signing.passes.issuing.batches.files import RecordFiles
from signing.passes.issuing.batches.models import (
    pass_batch_chunks,
    pass_batch_passes,
    pass_batch_rejects,
    pass_batches,
)
from signing.passes.issuing.batches.reading import RowRefused, check_header, read_row
from signing.passes.issuing.batches.splitting import (
    Chunk,
    FileRefused,
    chunks_of,
    read_header,
    records_in,
)
from signing.passes.issuing.errors import ReferenceTaken
from signing.passes.issuing.issued import references_taken
from signing.passes.issuing.issuing import PassIssuing, PreparedPass, WantedPass

# Longer than a chunk takes: some seconds.
CLAIMED_FOR = timedelta(minutes=5)
_TRIES = 5
_UNREADABLE = "pass-record-unreadable"


class _DoneBefore(Exception):  # noqa: N818 - told within this module alone
    """Another worker was quicker, or the batch was cancelled."""


class BatchIssuing:
    """One worker. ``holder`` names it, as no other is named."""

    def __init__(
        self,
        *,
        database: Database,
        files: RecordFiles,
        issuing: PassIssuing,
        clock: Clock,
        holder: str,
    ) -> None:
        self._database = database
        self._files = files
        self._issuing = issuing
        self._clock = clock
        self._holder = holder

    def go_on(self) -> bool:
        """Split a batch or issue a chunk; False where nothing waits. Raises Unavailable."""
        return self._split_one() or self._issue_one()

    def _split_one(self) -> bool:
        with self._database.read() as connection:
            batch_id = connection.scalar(
                select(pass_batches.c.id)
                .where(pass_batches.c.state == BatchState.RECEIVED)
                .order_by(pass_batches.c.id)
                .limit(1)
            )
            batch = None if batch_id is None else find_batch(connection, batch_id)
        if batch is None:
            return False
        try:
            with self._files.reading(batch.id, batch.sha256 or b"") as file:
                header = read_header(file, batch.form)
                if header is not None:
                    check_header(header)
                chunks = list(chunks_of(file, batch.form))
            if not chunks:
                raise FileRefused("The file holds no record.")
        except (FileRefused, RowRefused) as refusal:
            self._refuse(batch, _storable(str(refusal.args[0])))
        else:
            self._begin(batch, header, chunks)
        return True

    def _refuse(self, batch: PassBatch, detail: str) -> None:
        with self._database.begin() as connection:
            connection.execute(
                update(pass_batches)
                .where(_is(batch, BatchState.RECEIVED))
                .values(state=BatchState.REFUSED, detail=detail, finished_at=self._clock.now())
            )

    def _begin(self, batch: PassBatch, header: str | None, chunks: Sequence[Chunk]) -> None:
        records = chunks[-1].first_row + chunks[-1].rows - 1
        rows = [
            {
                "batch": batch.id,
                "number": one.number,
                "first_row": one.first_row,
                "begins": one.begins,
                "octets": one.octets,
                "state": "waiting",
                "issued": 0,
                "rejected": 0,
            }
            for one in chunks
        ]
        with self._database.begin() as connection:
            # First the state: whoever splits at the same time waits here, and finds it done.
            begun = connection.execute(
                update(pass_batches)
                .where(_is(batch, BatchState.RECEIVED))
                .values(state=BatchState.ISSUING, records=records, header=header)
            )
            if begun.rowcount:
                connection.execute(insert(pass_batch_chunks), rows)

    def _issue_one(self) -> bool:
        claimed = self._claim()
        if claimed is None:
            return False
        batch, chunk = claimed
        with self._files.reading(batch.id, batch.sha256 or b"") as file:
            file.seek(chunk.begins)
            octets = file.read(chunk.octets)
        by = Principal(batch.submitter, Role.SERVICE, institution=batch.institution)
        for turn in range(_TRIES):
            prepared, rejects = self._prepare(batch, chunk, octets, by)
            try:
                self._settle(batch, chunk, prepared, rejects, by)
            except ReferenceTaken:
                # Issued at this moment by somebody else: the next look finds it.
                if turn == _TRIES - 1:
                    raise
            except _DoneBefore:
                break
            else:
                break
        return True

    def _claim(self) -> tuple[PassBatch, Any] | None:
        chunks, now = pass_batch_chunks, self._clock.now()
        free = (
            chunks.c.state == "waiting",
            or_(chunks.c.worker_until.is_(None), chunks.c.worker_until < now),
        )
        with self._database.begin() as connection:
            found = connection.execute(
                select(chunks)
                .where(
                    exists().where(
                        pass_batches.c.id == chunks.c.batch,
                        pass_batches.c.state == BatchState.ISSUING,
                    ),
                    *free,
                )
                .order_by(chunks.c.batch, chunks.c.number)
                .limit(1)
                .with_for_update(skip_locked=True)
            ).one_or_none()
            if found is None:
                return None
            connection.execute(
                update(chunks)
                .where(chunks.c.batch == found.batch, chunks.c.number == found.number)
                .values(worker=self._holder, worker_until=now + CLAIMED_FOR)
            )
            return find_batch(connection, found.batch), found

    def _prepare(
        self, batch: PassBatch, chunk: Any, octets: bytes, by: Principal
    ) -> tuple[list[tuple[int, PreparedPass]], list[RejectedRecord]]:
        prepared: dict[str, tuple[int, PreparedPass]] = {}
        rejects = []
        lines: dict[int, str] = {}
        now = self._clock.now()
        for row, record in enumerate(records_in(octets, batch.form), chunk.first_row):
            lines[row] = _storable(record.decode("utf-8", "replace").rstrip("\r\n"))
            try:
                read = read_row(record, batch.form, batch.header)
                if read.reference in prepared:
                    raise ReferenceTaken(f"{read.reference} came before in this file.")
                wanted = WantedPass(new_act_id(now), batch.type, read.record, read.reference)
                one = self._issuing.prepare(wanted, institution=by.institution, at=now)
            except RowRefused as refusal:
                rejects.append(RejectedRecord(row, _UNREADABLE, str(refusal.args[0]), lines[row]))
            except Unavailable:
                raise
            except CamtrustError as error:
                rejects.append(RejectedRecord(row, error.problem, error.detail, lines[row]))
            else:
                prepared[read.reference] = (row, one)
        with self._database.read() as connection:
            taken = references_taken(connection, batch.institution, batch.type, list(prepared))
        for reference in taken:
            row, _ = prepared.pop(reference)
            detail = f"There is a pass under the reference {reference}."
            rejects.append(RejectedRecord(row, ReferenceTaken.problem, detail, lines[row]))
        return list(prepared.values()), rejects

    def _settle(
        self,
        batch: PassBatch,
        chunk: Any,
        prepared: Sequence[tuple[int, PreparedPass]],
        rejects: Sequence[RejectedRecord],
        by: Principal,
    ) -> None:
        def finish(connection: Connection) -> None:
            _finish(connection, batch, chunk, prepared, rejects)
            self._end(connection, batch)

        if prepared:
            self._issuing.issue_many([one for _, one in prepared], by=by, also=finish)
            return
        with self._database.begin() as connection:
            finish(connection)

    def _end(self, connection: Connection, batch: PassBatch) -> None:
        chunks = pass_batch_chunks.c
        waits = exists().where(chunks.batch == batch.id, chunks.state == "waiting")
        connection.execute(
            update(pass_batches)
            .where(_is(batch, BatchState.ISSUING), ~waits)
            .values(state=BatchState.DONE, finished_at=self._clock.now())
        )


def _finish(
    connection: Connection,
    batch: PassBatch,
    chunk: Any,
    prepared: Sequence[tuple[int, PreparedPass]],
    rejects: Sequence[RejectedRecord],
) -> None:
    # The batch's row orders those who finish its chunks, so that the last one sees all others.
    in_time = connection.scalar(
        select(pass_batches.c.state).where(pass_batches.c.id == batch.id).with_for_update()
    )
    chunks = pass_batch_chunks
    done = connection.execute(
        update(chunks)
        .where(
            chunks.c.batch == batch.id,
            chunks.c.number == chunk.number,
            chunks.c.state == "waiting",
        )
        .values(state="done", issued=len(prepared), rejected=len(rejects))
    )
    if in_time != BatchState.ISSUING or not done.rowcount:
        raise _DoneBefore
    if prepared:
        rows = [{"batch": batch.id, "row": row, "pass_id": one.wanted.id} for row, one in prepared]
        connection.execute(insert(pass_batch_passes), rows)
    if rejects:
        connection.execute(
            insert(pass_batch_rejects), [{"batch": batch.id, **vars(one)} for one in rejects]
        )


def _storable(text: str) -> str:
    # PostgreSQL stores no NUL: a chunk with one would wait for ever.
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _is(batch: PassBatch, state: BatchState) -> Any:
    return (pass_batches.c.id == batch.id) & (pass_batches.c.state == state)
