"""The check of a batch's rows: each as a single application would be checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from sqlalchemy import Connection, func, select, update

from core.clock import Clock
from core.database import Database
from core.errors import CamtrustError, Unavailable
from core.web.problems import InvalidFields
from enrollment.applications import Applications
from enrollment.batches.batch import Batch, BatchRow, BatchState, DecidedAs, RowState, find_batch
from enrollment.batches.batches import end_batch, next_rows
from enrollment.batches.errors import RowRepeated
from enrollment.batches.models import batch_rows, batches
from enrollment.batches.upload import submission_of

# What one run takes of one batch: about a second, so that no CRL waits long for it.
AT_ONCE = 250
LONGEST_REASON = 500


@dataclass(frozen=True)
class _Checked:
    """What came of a row's check: a fingerprint and approvals, or a refusal."""

    row: BatchRow
    fingerprint: bytes = b""
    approvals: int = 0
    refusal: CamtrustError | None = None


class RowChecking:
    """Checks rows that wait; when none is left, the batch goes on."""

    def __init__(
        self,
        *,
        database: Database,
        applications: Applications,
        clock: Clock,
    ) -> None:
        self._database = database
        self._applications = applications
        self._clock = clock

    def run(self, batch: Batch) -> int:
        """Check the next rows; return how many. Raises Unavailable."""
        rows = next_rows(self._database, batch, RowState.WAITING, AT_ONCE)
        checked = [self._check(row) for row in rows]
        with self._database.begin() as connection:
            held = find_batch(connection, batch.id, locked=True)
            if held.state is not BatchState.CHECKING:
                return 0  # cancelled meanwhile
            for one in _without_repeats(connection, batch.id, checked):
                _note_checked(connection, batch.id, one)
            _raise_approvals(connection, batch.id, checked)
            if not _has(connection, batch.id, RowState.WAITING):
                self._end_checking(connection, held)
        return len(rows)

    def _check(self, row: BatchRow) -> _Checked:
        try:
            submission = submission_of(row.line or b"")
            approvals = self._applications.check(submission).approvals
        except Unavailable:
            raise
        except CamtrustError as refusal:
            return _Checked(row, refusal=refusal)
        named = submission.profile.encode() + b"\0" + submission.csr.public_key_sha256
        return _Checked(row, sha256(named).digest(), approvals)

    def _end_checking(self, connection: Connection, batch: Batch) -> None:
        if not _has(connection, batch.id, RowState.PASSED):
            end_batch(connection, batch.id, BatchState.DONE, self._clock.now())
            return
        whole = batch.decided is DecidedAs.WHOLE
        connection.execute(
            update(batches)
            .where(batches.c.id == batch.id)
            .values(state=BatchState.WAITING if whole else BatchState.WORKING)
        )


def _without_repeats(
    connection: Connection, batch_id: str, checked: Sequence[_Checked]
) -> list[_Checked]:
    wanted = {one.fingerprint for one in checked if one.refusal is None}
    known = {
        row.fingerprint: row.number
        for row in connection.execute(
            select(batch_rows.c.fingerprint, batch_rows.c.number).where(
                batch_rows.c.batch == batch_id, batch_rows.c.fingerprint.in_(wanted)
            )
        )
    }
    told = []
    for one in checked:
        if one.refusal is None and one.fingerprint in known:
            first = known[one.fingerprint]
            one = replace(one, refusal=RowRepeated(f"Row {first} has this key already."))
        elif one.refusal is None:
            known[one.fingerprint] = one.row.number
        told.append(one)
    return told


def _note_checked(connection: Connection, batch_id: str, checked: _Checked) -> None:
    refusal = checked.refusal
    values: dict[str, object] = {"state": RowState.PASSED, "fingerprint": checked.fingerprint}
    if refusal is not None:
        values = {
            "state": RowState.REJECTED,
            "problem": refusal.problem,
            "detail": _reason(refusal),
            "line": None,
        }
    connection.execute(
        update(batch_rows)
        .where(
            batch_rows.c.batch == batch_id,
            batch_rows.c.number == checked.row.number,
            batch_rows.c.state == RowState.WAITING,
        )
        .values(**values)
    )


def _reason(refusal: CamtrustError) -> str:
    """Return why a row is rejected; of fields which, and never what stood in them."""
    found = refusal.data.get("errors")
    fields = found.get("json") if isinstance(found, dict) else None
    if not isinstance(refusal, InvalidFields) or not isinstance(fields, dict):
        return refusal.detail
    told = "; ".join(f"{name}: {', '.join(reasons)}" for name, reasons in sorted(fields.items()))
    return f"{refusal.detail} {told}"[:LONGEST_REASON]


def _raise_approvals(connection: Connection, batch_id: str, checked: Sequence[_Checked]) -> None:
    most = max((one.approvals for one in checked), default=0)
    if most:
        known = func.coalesce(batches.c.approvals_needed, 0)
        connection.execute(
            update(batches)
            .where(batches.c.id == batch_id, known < most)
            .values(approvals_needed=most)
        )


def _has(connection: Connection, batch_id: str, state: RowState) -> bool:
    query = select(batch_rows.c.number).where(
        batch_rows.c.batch == batch_id, batch_rows.c.state == state
    )
    return connection.execute(query.limit(1)).one_or_none() is not None
