"""What whoever started a circulation may change: end it, or put another in somebody's place.

Who left the institution changes nothing any more: then an operator ends it at the console.
"""

from __future__ import annotations

from sqlalchemy import Connection, insert, update

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
from signing.approval.errors import (
    NOTHING_DONE,
    ApprovalOver,
    NotYourTurn,
    ParticipantUnsuitable,
)
from signing.approval.models import approval_participants
from signing.approval.progress import Progress
from signing.approval.record import record_act
from signing.approval.sight import Sight
from signing.approval.starting import Starting
from signing.approval.words import checked_text


class Changing:
    """Changes circulations for whoever started them."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        sight: Sight,
        starting: Starting,
        progress: Progress,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._sight = sight
        self._starting = starting
        self._progress = progress
        self._clock = clock

    def cancel(self, approval_id: str, requester: str, *, reason: str) -> Approval:
        """End a circulation that is not over; again, it changes nothing.

        Raises ApprovalUnknown, ApprovalOver and WordsUnsuitable.
        """
        text = checked_text(reason, "why you cancel it")
        self._sight.requested(approval_id, requester)
        return self._cancel(approval_id, text, by=requester)

    def cancel_at_the_console(self, approval_id: str, *, reason: str) -> Approval:
        """Do as :meth:`cancel`, for the operators, whose it need not be."""
        text = checked_text(reason, "why you cancel it")
        return self._cancel(approval_id, text, by=None)

    def _cancel(self, approval_id: str, text: str, *, by: str | None) -> Approval:
        with self._database.begin() as connection:
            approval = find_approval(connection, approval_id, locked=True)
            if approval.state is ApprovalState.CANCELLED:
                return approval
            if approval.ended_at is not None:
                raise ApprovalOver(
                    f"The circulation is {approval.state}.", state=str(approval.state)
                )
            now = self._clock.now()
            facts = {"at": "console"} if by is None else None
            record_act(
                self._log,
                connection,
                approval,
                ActKind.CANCELLED,
                now,
                by=by,
                text=text,
                facts=facts,
            )
            self._progress.end(connection, approval_id, ApprovalState.CANCELLED, now)
            return find_approval(connection, approval_id)

    def replace(
        self, approval_id: str, requester: str, *, number: int, staff_number: str
    ) -> Approval:
        """Ask another in the place of somebody who has not acted.

        Raises ApprovalUnknown, ApprovalOver, NotYourTurn and ParticipantUnsuitable. Sent again it
        changes nothing.
        """
        # Before anything is said of people: a stranger learns nothing of who serves where.
        approval = self._sight.requested(approval_id, requester)
        person = self._starting.person(approval.institution, staff_number)
        with self._database.begin() as connection:
            approval = find_approval(connection, approval_id, locked=True)
            approval.check_circulating()
            left = approval.participant(number)
            there = [
                one
                for one in approval.participants
                if one.step == left.step and one.state is not ParticipantState.REPLACED
            ]
            if left.state is ParticipantState.REPLACED and person in {one.person for one in there}:
                return approval
            if left.state is not ParticipantState.WAITING:
                raise NotYourTurn("This person has acted already.", kept=NOTHING_DONE)
            if person in {one.person for one in there}:
                raise ParticipantUnsuitable(
                    "This person takes part in the step already.", kept=NOTHING_DONE
                )
            newcomer = self._put_in_place(connection, approval, left, person)
            now = self._clock.now()
            record_act(
                self._log,
                connection,
                approval,
                ActKind.REPLACED,
                now,
                participant=left,
                by=requester,
            )
            approval = find_approval(connection, approval_id)
            asked = approval.participant(newcomer)
            if approval.is_turn_of(asked):
                self._progress.ask(connection, approval, asked, now)
            return find_approval(connection, approval_id)

    def _put_in_place(
        self, connection: Connection, approval: Approval, left: Participant, person: str
    ) -> int:
        """Let somebody take the place of another; return their number."""
        table = approval_participants.c
        connection.execute(
            update(approval_participants)
            .where(table.approval == approval.id, table.number == left.number)
            .values(state=ParticipantState.REPLACED)
        )
        number = max(one.number for one in approval.participants) + 1
        connection.execute(
            insert(approval_participants).values(
                approval=approval.id,
                number=number,
                step=left.step,
                person=person,
                role=left.role,
                deadline=left.deadline,
                stamp=left.stamp,
                state=ParticipantState.WAITING,
                reminded=0,
                overdue_at=left.overdue_at,
            )
        )
        return number
