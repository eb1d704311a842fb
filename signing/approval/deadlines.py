"""Deadlines: people are reminded before one, and it is said once when it is over.

Nothing is signed, dropped or handed on by itself: what is overdue waits on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, update

from core.clock import Clock
from core.database import Database
from core.transparency.log import TransparencyLog
from signing.approval.approval import (
    ActKind,
    Approval,
    ApprovalState,
    Participant,
    ParticipantState,
    find_approval,
)
from signing.approval.deputies import deputies_of
from signing.approval.models import approval_participants, approvals
from signing.approval.notices import Notices
from signing.approval.one_by_one import count_done
from signing.approval.record import record_act

# One transaction each; the scheduler comes again soon.
_AT_ONCE = 200


class Deadlines:
    """Looks at deadlines."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        notices: Notices,
        reminders: Sequence[timedelta],
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._notices = notices
        self._reminders = reminders
        self._clock = clock

    def look(self) -> int:
        """Remind, and say what is overdue; return how many were told."""
        now, people = self._clock.now(), approval_participants.c
        told = 0
        for reminded, before in enumerate(self._reminders, start=1):
            due = (people.reminded < reminded) & (people.deadline <= now + before)
            still = people.deadline > now
            told += self._each(due & still, self._remind(reminded, now), now)
        overdue = people.overdue_at.is_(None) & (people.deadline <= now)
        return told + self._each(overdue, self._mark, now)

    def _each(
        self,
        which: ColumnElement[bool],
        act: Callable[[Connection, Approval, Participant, datetime], bool],
        now: datetime,
    ) -> int:
        query = (
            select(approval_participants.c.approval, approval_participants.c.number)
            .join(approvals, approvals.c.id == approval_participants.c.approval)
            .where(
                which,
                approval_participants.c.state == ParticipantState.WAITING,
                approvals.c.state == ApprovalState.CIRCULATING,
                approvals.c.step == approval_participants.c.step,
            )
            .order_by(approval_participants.c.deadline)
            .limit(_AT_ONCE)
        )
        with self._database.read() as connection:
            found = connection.execute(query).all()

        def tell(row: Row[Any, Any]) -> bool:
            with self._database.begin() as connection:
                approval = find_approval(connection, row.approval, locked=True)
                one = approval.participant(row.number)
                # Acted, or told by another process, since it was found.
                return approval.is_turn_of(one) and act(connection, approval, one, now)

        return count_done(found, tell, event="approval-deadline-not-told")

    def _remind(
        self, reminded: int, now: datetime
    ) -> Callable[[Connection, Approval, Participant, datetime], bool]:
        def remind(
            connection: Connection, approval: Approval, one: Participant, now: datetime
        ) -> bool:
            if one.reminded >= reminded:
                return False
            _set(connection, approval, one, reminded=reminded)
            deputies = deputies_of(connection, one.person, approval.institution, now)
            self._notices.reminder(connection, approval, one, deputies)
            return True

        return remind

    def _mark(
        self, connection: Connection, approval: Approval, one: Participant, now: datetime
    ) -> bool:
        if one.overdue_at is not None:
            return False
        _set(connection, approval, one, overdue_at=now)
        record_act(
            self._log,
            connection,
            approval,
            ActKind.OVERDUE,
            now,
            participant=one,
        )
        deputies = deputies_of(connection, one.person, approval.institution, now)
        self._notices.overdue(connection, approval, one, deputies)
        return True


def _set(connection: Connection, approval: Approval, one: Participant, **values: object) -> None:
    connection.execute(
        update(approval_participants)
        .where(
            approval_participants.c.approval == approval.id,
            approval_participants.c.number == one.number,
        )
        .values(**values)
    )
