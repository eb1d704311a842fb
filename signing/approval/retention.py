"""Erase the documents of circulations that ended long ago; what was done stays in the tables.

So are documents that belong to none: a process died between writing one and saying so.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import islice

from sqlalchemy import select, update

from core.clock import Clock
from core.database import Database
from core.transparency.log import TransparencyLog
from signing.approval.approval import ActKind, find_approval
from signing.approval.files import ApprovalFiles
from signing.approval.models import approvals
from signing.approval.one_by_one import count_done
from signing.approval.record import record_act

_AT_ONCE = 500
# Far longer than a circulation takes to start.
ABANDONED_AFTER = timedelta(days=1)


class ApprovalRetention:
    """Erases documents ``kept`` after the end."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        files: ApprovalFiles,
        kept: timedelta,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._files = files
        self._kept = kept
        self._clock = clock

    def erase_old(self) -> int:
        """Return how many circulations lost their documents. Cut short, it goes on later."""
        erased = count_done(self._over(), self._mark, event="approval-not-erased")
        # That it is erased is said first: a file left over goes the next time.
        held = iter(self._files.held())
        while chunk := list(islice(held, _AT_ONCE)):
            for approval_id in self._needless(chunk):
                self._files.forget(approval_id)
        return erased

    def _over(self) -> list[str]:
        query = (
            select(approvals.c.id)
            .where(
                approvals.c.erased_at.is_(None),
                approvals.c.ended_at <= self._clock.now() - self._kept,
            )
            .limit(_AT_ONCE)
        )
        with self._database.read() as connection:
            return list(connection.scalars(query))

    def _mark(self, approval_id: str) -> bool:
        with self._database.begin() as connection:
            approval = find_approval(connection, approval_id, locked=True)
            if approval.erased_at is not None:
                return False
            now = self._clock.now()
            record_act(self._log, connection, approval, ActKind.ERASED, now)
            connection.execute(
                update(approvals).where(approvals.c.id == approval_id).values(erased_at=now)
            )
            return True

    def _needless(self, approval_ids: list[str]) -> list[str]:
        """Return those that are marked as erased, and those that are of no circulation."""
        query = select(approvals.c.id, approvals.c.erased_at).where(
            approvals.c.id.in_(approval_ids)
        )
        with self._database.read() as connection:
            erased = {row.id: row.erased_at is not None for row in connection.execute(query)}
        before = self._clock.now() - ABANDONED_AFTER
        return [
            one
            for one in approval_ids
            if (erased[one] if one in erased else self._files.is_untouched_since(one, before))
        ]
