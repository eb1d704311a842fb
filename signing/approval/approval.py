"""A circulation as it stands, who takes part in it, and what was done.

::

    circulating -> sealing -> sealed
         |            |
         |            +-----> cancelled (by the requester)
         +-> refused, cancelled
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select

from signing.approval.errors import ApprovalOver, ApprovalUnknown
from signing.approval.models import approval_acts, approval_participants, approvals


class ApprovalState(StrEnum):
    """How far a circulation is."""

    CIRCULATING = "circulating"
    SEALING = "sealing"  # all have acted; the seal is still to come
    SEALED = "sealed"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class ParticipantRole(StrEnum):
    """What is asked of somebody. To acknowledge is the field's "seen and forwarded"."""

    SIGN = "sign"
    ACKNOWLEDGE = "acknowledge"


class ParticipantState(StrEnum):
    """What somebody did. Who was replaced is not asked any more."""

    WAITING = "waiting"
    SIGNED = "signed"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    REPLACED = "replaced"


class ActKind(StrEnum):
    """What happened. The entry in the log is called ``approval-`` and this."""

    STARTED = "started"
    SIGNED = "signed"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    REPLACED = "replaced"
    OVERDUE = "overdue"
    CANCELLED = "cancelled"
    SEALED = "sealed"
    ERASED = "erased"


@dataclass(frozen=True)
class Participant:
    """Somebody in a step. ``stamp``: where their visible stamp lies, as a template's values."""

    number: int
    step: int
    person: str
    role: ParticipantRole
    deadline: datetime
    stamp: Mapping[str, Any] | None
    state: ParticipantState
    reminded: int
    overdue_at: datetime | None


@dataclass(frozen=True)
class Act:
    """One thing that happened. ``by``: a principal; ``on_behalf_of``: whose deputy that was."""

    number: int
    kind: ActKind
    participant: int | None
    by: str | None
    on_behalf_of: str | None
    text: str | None
    sha256: bytes | None
    at: datetime
    log_index: int


@dataclass(frozen=True)
class Approval:
    """A circulation. ``document`` names the file of its newest revision.

    ``stamp``: the order of the stamp of the seal, as a model's values.
    """

    id: str
    requester: str
    by_person: bool
    institution: str
    seal: str
    stamp: Mapping[str, Any] | None
    title: str
    state: ApprovalState
    step: int
    revision: int
    document: str
    sha256: bytes
    octets: int
    tries: int
    trouble: str | None
    next_try_at: datetime | None
    started_at: datetime
    ended_at: datetime | None
    erased_at: datetime | None
    salt: bytes
    participants: Sequence[Participant]
    acts: Sequence[Act]

    def participant(self, number: int) -> Participant:
        """Return who has this number. Raises ApprovalUnknown."""
        for one in self.participants:
            if one.number == number:
                return one
        raise ApprovalUnknown("There is no such circulation, or it has not come to you.")

    def is_turn_of(self, one: Participant) -> bool:
        """Tell whether somebody is asked to act now."""
        return (
            self.state is ApprovalState.CIRCULATING
            and one.state is ParticipantState.WAITING
            and one.step == self.step
        )

    def check_circulating(self) -> None:
        """Raise ApprovalOver where nobody acts any more."""
        if self.state is not ApprovalState.CIRCULATING:
            raise ApprovalOver(
                f"The circulation is {self.state}.",
                kept="What was done before stays.",
                state=str(self.state),
            )

    def erased_from(self, kept: timedelta) -> datetime | None:
        """Return from when on its document cannot be fetched, once it ended."""
        return None if self.ended_at is None else self.ended_at + kept


def find_approval(connection: Connection, approval_id: str, *, locked: bool = False) -> Approval:
    """Return a circulation; ``locked`` until the transaction ends. Raises ApprovalUnknown."""
    query = select(approvals).where(approvals.c.id == approval_id)
    row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    if row is None:
        raise ApprovalUnknown("There is no such circulation, or it has not come to you.")
    return approval_of(connection, row)


def approval_of(connection: Connection, row: Row[Any]) -> Approval:
    """Return the circulation of a row, with who takes part and what was done."""
    people = connection.execute(
        select(approval_participants)
        .where(approval_participants.c.approval == row.id)
        .order_by(approval_participants.c.step, approval_participants.c.number)
    )
    done = connection.execute(
        select(approval_acts)
        .where(approval_acts.c.approval == row.id)
        .order_by(approval_acts.c.number)
    )
    return Approval(
        id=row.id,
        requester=row.requester,
        by_person=row.by_person,
        institution=row.institution,
        seal=row.seal,
        stamp=row.stamp,
        title=row.title,
        state=ApprovalState(row.state),
        step=row.step,
        revision=row.revision,
        document=row.document,
        sha256=row.sha256,
        octets=row.octets,
        tries=row.tries,
        trouble=row.trouble,
        next_try_at=row.next_try_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        erased_at=row.erased_at,
        salt=row.salt,
        participants=tuple(map(_participant_of, people)),
        acts=tuple(map(_act_of, done)),
    )


def _participant_of(row: Row[Any]) -> Participant:
    return Participant(
        number=row.number,
        step=row.step,
        person=row.person,
        role=ParticipantRole(row.role),
        deadline=row.deadline,
        stamp=row.stamp,
        state=ParticipantState(row.state),
        reminded=row.reminded,
        overdue_at=row.overdue_at,
    )


def _act_of(row: Row[Any]) -> Act:
    return Act(
        number=row.number,
        kind=ActKind(row.kind),
        participant=row.participant,
        by=row.by,
        on_behalf_of=row.on_behalf_of,
        text=row.text,
        sha256=row.sha256,
        at=row.at,
        log_index=row.log_index,
    )
