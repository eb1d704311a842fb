"""What follows from an act: the next of a step, the next step, the sealing, or the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, update

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
from signing.approval.record import record_act

_STATES = {
    ActKind.SIGNED: ParticipantState.SIGNED,
    ActKind.ACKNOWLEDGED: ParticipantState.ACKNOWLEDGED,
    ActKind.REFUSED: ParticipantState.REFUSED,
}


class Progress:
    """Moves circulations on, within the transaction that holds their row."""

    def __init__(
        self, *, log: TransparencyLog, notices: Notices, reminders: Sequence[timedelta]
    ) -> None:
        self._log = log
        self._notices = notices
        self._reminders = reminders

    def act(
        self,
        connection: Connection,
        approval: Approval,
        participant: Participant,
        kind: ActKind,
        now: datetime,
        *,
        by: str,
        text: str | None = None,
        sha256: bytes | None = None,
    ) -> None:
        """Write what somebody did in a place whose turn it is, and what follows from it."""
        connection.execute(
            update(approval_participants)
            .where(
                approval_participants.c.approval == approval.id,
                approval_participants.c.number == participant.number,
            )
            .values(state=_STATES[kind])
        )
        record_act(
            self._log,
            connection,
            approval,
            kind,
            now,
            participant=participant,
            by=by,
            on_behalf_of=None if by == participant.person else participant.person,
            text=text,
            sha256=sha256,
        )
        if kind is ActKind.REFUSED:
            self.end(connection, approval.id, ApprovalState.REFUSED, now)
        else:
            self._go_on(connection, find_approval(connection, approval.id), now)

    def begin_step(self, connection: Connection, approval: Approval, now: datetime) -> None:
        """Tell those of the present step who have not heard of it that it is their turn."""
        for one in approval.participants:
            if approval.is_turn_of(one):
                self.ask(connection, approval, one, now)

    def ask(
        self, connection: Connection, approval: Approval, one: Participant, now: datetime
    ) -> None:
        """Tell somebody that it is their turn. Reminders whose time is over are left out."""
        over = sum(one.deadline - before <= now for before in self._reminders)
        connection.execute(
            update(approval_participants)
            .where(
                approval_participants.c.approval == approval.id,
                approval_participants.c.number == one.number,
            )
            .values(reminded=over)
        )
        deputies = deputies_of(connection, one.person, approval.institution, now)
        self._notices.waits(connection, approval, one, deputies)

    def end(
        self, connection: Connection, approval_id: str, state: ApprovalState, now: datetime
    ) -> None:
        """End a circulation, and tell those whom it concerns."""
        connection.execute(
            update(approvals)
            .where(approvals.c.id == approval_id)
            .values(
                state=state,
                ended_at=now,
                next_try_at=None,
                trouble=None,
                claim=None,
                claim_until=None,
            )
        )
        approval = find_approval(connection, approval_id)
        acted = [one.by for one in approval.acts if one.by and one.participant is not None]
        self._notices.ended(connection, approval, acted if state is ApprovalState.REFUSED else ())

    def _go_on(self, connection: Connection, approval: Approval, now: datetime) -> None:
        waiting = [
            one.step for one in approval.participants if one.state is ParticipantState.WAITING
        ]
        if not waiting:
            self._move(connection, approval.id, state=ApprovalState.SEALING, next_try_at=now)
        elif min(waiting) != approval.step:
            self._move(connection, approval.id, step=min(waiting))
            self.begin_step(connection, find_approval(connection, approval.id), now)

    def _move(self, connection: Connection, approval_id: str, **values: object) -> None:
        connection.execute(update(approvals).where(approvals.c.id == approval_id).values(**values))
