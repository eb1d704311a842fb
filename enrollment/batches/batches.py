"""Take batches, decide them, cancel them and show them; each act is logged."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.access import Principal
from core.canonical_json import canonical_json
from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from enrollment.application import Verdict, decision_octets
from enrollment.batches.batch import (
    Batch,
    BatchRow,
    BatchState,
    DecidedAs,
    RowState,
    batch_of,
    check_covered,
    count_rows,
    find_batch,
    row_of,
)
from enrollment.batches.errors import BatchClosed, BatchDecidedBefore, OwnBatch
from enrollment.batches.models import batch_decisions, batch_rows, batches
from enrollment.batches.upload import check_upload, lines_of
from enrollment.decisions import DecisionToMake
from enrollment.jurisdiction import NATION, Jurisdiction
from enrollment.models import principals
from enrollment.officers import person_behind

# From these a batch can still be cancelled: what was issued of it stays.
OPEN = (BatchState.CHECKING, BatchState.WAITING, BatchState.WORKING)
# Rows of one INSERT: bounds what is in memory beside the upload itself.
CHUNK = 500


class Batches:
    """Takes uploads whole or not at all, and lets officers decide them once for all rows."""

    def __init__(self, *, database: Database, log: TransparencyLog, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._clock = clock

    def submit(self, body: bytes, *, decided: DecidedAs, by: Principal, batch_id: str) -> Batch:
        """Take an upload, or return the batch that already has this id.

        Its rows are checked later, by a job. Raises BatchMalformed and Unavailable.
        """
        rows = check_upload(body)
        try:
            with self._database.begin() as connection:
                self._store(connection, body, rows, decided, by, batch_id)
        except IntegrityError:
            # The id came before: the same request, whose first answer was lost.
            return self.find(batch_id, submitter=by.id)
        return self.find(batch_id)

    def decide(self, batch_id: str, decision: DecisionToMake, within: Jurisdiction) -> Batch:
        """Record a decision; one refusal, or the last approval needed, ends the waiting.

        Raises BatchUnknown, OwnBatch, BatchDecidedBefore, BatchClosed and Unavailable.
        """
        with self._database.begin() as connection:
            batch = find_batch(connection, batch_id, locked=True)
            check_covered(batch, submitter=None, within=within)
            if any(made.id == decision.id for made in batch.decisions):
                return batch
            person = person_behind(connection, decision.decided_by)
            _check(batch, person)
            now = self._clock.now()
            self._record(connection, batch, decision, person, now)
            _count(connection, batch, decision.verdict, now)
            return find_batch(connection, batch_id)

    def cancel(
        self, batch_id: str, *, by: Principal, submitter: str | None, within: Jurisdiction
    ) -> Batch:
        """End a batch; again, it changes nothing. What was issued or applied for stays.

        Raises BatchUnknown, BatchClosed and Unavailable.
        """
        with self._database.begin() as connection:
            batch = find_batch(connection, batch_id, locked=True)
            check_covered(batch, submitter=submitter, within=within)
            if batch.state is BatchState.CANCELLED:
                return batch
            if batch.state not in OPEN:
                raise BatchClosed(f"This batch is {batch.state} already.", state=str(batch.state))
            who = commitment(batch.salt, by.id.encode())
            self._write(connection, "batch-cancelled", {"batch": batch.id, "principal": who})
            end_batch(connection, batch_id, BatchState.CANCELLED, self._clock.now())
            return find_batch(connection, batch_id)

    def find(
        self, batch_id: str, *, submitter: str | None = None, within: Jurisdiction = NATION
    ) -> Batch:
        """Return a batch; with ``submitter`` only if it is theirs. Raises BatchUnknown."""
        with self._database.read() as connection:
            batch = find_batch(connection, batch_id)
        check_covered(batch, submitter=submitter, within=within)
        return batch

    def page(
        self,
        *,
        limit: int,
        after: str | None = None,
        states: Collection[BatchState] = (),
        submitter: str | None = None,
        within: Jurisdiction = NATION,
    ) -> Sequence[Batch]:
        """Return up to ``limit`` batches, newest first, after the id ``after``, undetailed."""
        query = within.narrow(select(batches), batches.c.institution)
        query = query.order_by(batches.c.id.desc()).limit(limit)
        if after is not None:
            query = query.where(batches.c.id < after)
        if states:
            query = query.where(batches.c.state.in_(sorted(states)))
        if submitter is not None:
            query = query.where(batches.c.submitter == submitter)
        with self._database.read() as connection:
            found = connection.execute(query).all()
            return [batch_of(row, count_rows(connection, row.id)) for row in found]

    def rows(
        self, batch_id: str, *, limit: int, after: int = 0, state: RowState | None = None
    ) -> Sequence[BatchRow]:
        """Return up to ``limit`` rows in their order, after the number ``after``."""
        query = (
            select(batch_rows)
            .where(batch_rows.c.batch == batch_id, batch_rows.c.number > after)
            .order_by(batch_rows.c.number)
            .limit(limit)
        )
        if state is not None:
            query = query.where(batch_rows.c.state == state)
        with self._database.read() as connection:
            return [row_of(row) for row in connection.execute(query)]

    def _store(
        self,
        connection: Connection,
        body: bytes,
        rows: int,
        decided: DecidedAs,
        by: Principal,
        batch_id: str,
    ) -> None:
        digest, salt, now = sha256(body).digest(), new_salt(), self._clock.now()
        institution = connection.scalar(
            select(principals.c.institution).where(principals.c.id == by.id)
        )
        octets = canonical_json({"submitter": by.id, "upload_sha256": digest.hex()})
        facts: dict[str, JsonValue] = {
            "batch": batch_id,
            "decided": str(decided),
            "rows": rows,
            "upload": commitment(salt, octets),
        }
        index = self._write(connection, "batch-submitted", facts)
        connection.execute(
            insert(batches).values(
                id=batch_id,
                submitter=by.id,
                submitter_person=person_behind(connection, by.id),
                institution=institution,
                decided=decided,
                state=BatchState.CHECKING,
                rows=rows,
                upload_sha256=digest,
                approvals=0,
                submitted_at=now,
                salt=salt,
                log_index=index,
            )
        )
        _insert_rows(connection, batch_id, body)

    def _record(
        self,
        connection: Connection,
        batch: Batch,
        decision: DecisionToMake,
        person: str,
        now: datetime,
    ) -> None:
        salt = new_salt()
        committed = decision_octets(
            decided_by=decision.decided_by, verdict=decision.verdict, reason=decision.reason
        )
        facts: dict[str, JsonValue] = {
            "batch": batch.id,
            "decision": commitment(salt, committed),
            "rows": batch.counts.get(RowState.PASSED, 0),
            "verdict": str(decision.verdict),
        }
        index = self._write(connection, "batch-decided", facts)
        connection.execute(
            insert(batch_decisions).values(
                id=decision.id,
                batch=batch.id,
                submitter_person=batch.submitter_person,
                decided_by=decision.decided_by,
                decided_by_person=person,
                verdict=decision.verdict,
                reason=decision.reason,
                decided_at=now,
                salt=salt,
                log_index=index,
            )
        )

    def _write(self, connection: Connection, kind: str, facts: dict[str, JsonValue]) -> int:
        [index] = self._log.append(connection, [LogEntry(kind, self._clock.now(), facts)])
        return index


def end_batch(connection: Connection, batch_id: str, state: BatchState, now: datetime) -> None:
    """End a batch within the caller's transaction; what no row needs any more is forgotten."""
    connection.execute(
        update(batches).where(batches.c.id == batch_id).values(state=state, finished_at=now)
    )
    left = batch_rows.c.state.in_([RowState.WAITING, RowState.PASSED])
    connection.execute(
        update(batch_rows)
        .where(batch_rows.c.batch == batch_id, left)
        .values(state=RowState.DROPPED)
    )
    connection.execute(update(batch_rows).where(batch_rows.c.batch == batch_id).values(line=None))


def next_rows(database: Database, batch: Batch, state: RowState, limit: int) -> list[BatchRow]:
    """Return the first rows of a batch that are in a state."""
    query = (
        select(batch_rows)
        .where(batch_rows.c.batch == batch.id, batch_rows.c.state == state)
        .order_by(batch_rows.c.number)
        .limit(limit)
    )
    with database.read() as connection:
        return [row_of(row) for row in connection.execute(query)]


def _insert_rows(connection: Connection, batch_id: str, body: bytes) -> None:
    chunk: list[dict[str, object]] = []
    for number, line in lines_of(body):
        chunk.append({"batch": batch_id, "number": number, "line": line, "state": RowState.WAITING})
        if len(chunk) == CHUNK:
            connection.execute(insert(batch_rows), chunk)
            chunk = []
    if chunk:
        connection.execute(insert(batch_rows), chunk)


def _check(batch: Batch, person: str) -> None:
    if batch.submitter_person == person:
        raise OwnBatch("You uploaded this batch; another officer decides.")
    if any(made.decided_by_person == person for made in batch.decisions):
        raise BatchDecidedBefore(
            "You decided this batch already; another officer decides next.",
            kept="Your first decision stands.",
        )
    if batch.state is not BatchState.WAITING:
        raise BatchClosed(f"This batch is {batch.state}.", state=str(batch.state))


def _count(connection: Connection, batch: Batch, verdict: Verdict, now: datetime) -> None:
    if verdict is Verdict.REFUSED:
        end_batch(connection, batch.id, BatchState.REFUSED, now)
        return
    change: dict[str, object] = {"approvals": batch.approvals + 1}
    if batch.approvals + 1 == batch.approvals_needed:
        change["state"] = BatchState.WORKING
    connection.execute(update(batches).where(batches.c.id == batch.id).values(**change))
