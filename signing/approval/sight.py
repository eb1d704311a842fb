"""Who sees which circulation, and in whose place somebody may act in it.

A circulation is seen by whoever started it, by those whom it has reached, by their deputies while
they are deputies, and by whoever acted in it. To everybody else there is none, and to people there
is none of an institution that they do not serve in any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select

from core.clock import Clock
from core.database import Database
from signing.approval.approval import (
    Approval,
    ApprovalState,
    Participant,
    ParticipantState,
    approval_of,
    find_approval,
)
from signing.approval.deputies import represented_by
from signing.approval.directory import Directory
from signing.approval.errors import NOTHING_DONE, ApprovalUnknown, NotYourTurn, ParticipantAway
from signing.approval.models import approval_acts, approval_participants, approvals


@dataclass(frozen=True)
class Place:
    """A place in a circulation that somebody may act in: their own, or as a deputy."""

    approval: Approval
    participant: Participant
    actor: str

    @property
    def on_behalf_of(self) -> str | None:
        """For whom the actor acts, None for themselves."""
        return None if self.participant.person == self.actor else self.participant.person


class Sight:
    """Looks circulations up for whoever asks."""

    def __init__(self, *, database: Database, directory: Directory, clock: Clock) -> None:
        self._database = database
        self._directory = directory
        self._clock = clock

    def requested(self, approval_id: str, requester: str) -> Approval:
        """Return a circulation to whoever started it; people have to serve there still.

        Raises ApprovalUnknown.
        """
        with self._database.read() as connection:
            found = find_approval(connection, approval_id)
        has_left = found.by_person and not self._serves(requester, found.institution)
        if found.requester != requester or has_left:
            raise ApprovalUnknown("There is no such circulation, or it has not come to you.")
        return found

    def page(self, requester: str, *, limit: int, after: str | None = None) -> Sequence[Approval]:
        """Return up to ``limit`` of those that somebody started, newest first."""
        query = select(approvals).where(approvals.c.requester == requester)
        query = query.where(or_(approvals.c.by_person.is_(False), self._is_served_by(requester)))
        if after is not None:
            query = query.where(approvals.c.id < after)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(approvals.c.id.desc()).limit(limit)).all()
            return [approval_of(connection, row) for row in rows]

    def open(self, institution: str | None = None) -> Sequence[Approval]:
        """Return those that have not ended, of one institution or of all, oldest first."""
        query = select(approvals).where(approvals.c.ended_at.is_(None))
        if institution is not None:
            query = query.where(approvals.c.institution == institution)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(approvals.c.id)).all()
            return [approval_of(connection, row) for row in rows]

    def seen(self, approval_id: str, person: str) -> Approval:
        """Return a circulation to somebody whom it has reached. Raises ApprovalUnknown."""
        with self._database.read() as connection:
            found = find_approval(connection, approval_id)
            represented = represented_by(connection, person, self._clock.now())
        serves = self._serves(person, found.institution)
        if not serves or not _is_seen(found, person, represented):
            raise ApprovalUnknown("There is no such circulation, or it has not come to you.")
        return found

    def places(self, approval: Approval, person: str) -> list[Place]:
        """Return the places in which somebody may act now, their own first."""
        with self._database.read() as connection:
            represented = represented_by(connection, person, self._clock.now())
        mine = _people(approval, person, represented)
        open_ = [one for one in approval.participants if approval.is_turn_of(one)]
        own = sorted((one for one in open_ if one.person in mine), key=lambda one: one.number)
        own.sort(key=lambda one: one.person != person)
        return [Place(approval, one, person) for one in own]

    def place(self, approval_id: str, number: int, person: str) -> Place:
        """Return one place to act in.

        Raises ApprovalUnknown, ApprovalOver, NotYourTurn, and ParticipantAway where the one who is
        represented does not serve any more.
        """
        approval = self.seen(approval_id, person)
        participant = approval.participant(number)
        with self._database.read() as connection:
            represented = represented_by(connection, person, self._clock.now())
        if participant.person not in _people(approval, person, represented):
            raise ApprovalUnknown("There is no such circulation, or it has not come to you.")
        approval.check_circulating()
        if not approval.is_turn_of(participant):
            raise NotYourTurn(
                "This was done already, or others come first.",
                kept=NOTHING_DONE,
                state=str(participant.state),
            )
        if not self._serves(participant.person, approval.institution):
            raise ParticipantAway(
                "Whoever is signed for has to serve in the institution.", kept=NOTHING_DONE
            )
        return Place(approval, participant, person)

    def waiting(self, person: str, *, limit: int) -> Sequence[Place]:
        """Return what waits for somebody, what is due first coming first."""
        now, served = self._clock.now(), self._is_served_by(person)
        with self._database.read() as connection:
            theirs = _theirs(person, represented_by(connection, person, now))
            rows = connection.execute(
                select(approvals, approval_participants.c.number.label("place"))
                .join(approval_participants, approval_participants.c.approval == approvals.c.id)
                .where(
                    theirs,
                    served,
                    approval_participants.c.state == ParticipantState.WAITING,
                    approvals.c.state == ApprovalState.CIRCULATING,
                    approval_participants.c.step == approvals.c.step,
                )
                .order_by(approval_participants.c.deadline, approvals.c.id)
                .limit(limit)
            ).all()
            found = [(approval_of(connection, row), row.place) for row in rows]
        return [Place(one, one.participant(number), person) for one, number in found]

    def known(self, person: str, *, limit: int) -> Sequence[Approval]:
        """Return what somebody started or had to do with, newest first."""
        acted = select(approval_acts.c.approval).where(approval_acts.c.by == person)
        took_part = (
            select(approval_participants.c.approval)
            .join(approvals, approvals.c.id == approval_participants.c.approval)
            .where(
                approval_participants.c.person == person,
                approval_participants.c.state != ParticipantState.REPLACED,
                approval_participants.c.step <= approvals.c.step,
            )
        )
        query = (
            select(approvals)
            .where(
                self._is_served_by(person),
                or_(
                    approvals.c.requester == person,
                    approvals.c.id.in_(acted),
                    approvals.c.id.in_(took_part),
                ),
            )
            .order_by(approvals.c.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [approval_of(connection, row) for row in connection.execute(query).all()]

    def _serves(self, person: str, institution: str) -> bool:
        return institution in self._directory.institutions_of(person)

    def _is_served_by(self, person: str) -> ColumnElement[bool]:
        return approvals.c.institution.in_(self._directory.institutions_of(person))


def _is_seen(found: Approval, person: str, represented: Sequence[tuple[str, str]]) -> bool:
    if found.requester == person or any(one.by == person for one in found.acts):
        return True
    mine = _people(found, person, represented)
    return any(
        one.person in mine and one.step <= found.step and one.state is not ParticipantState.REPLACED
        for one in found.participants
    )


def _people(
    approval: Approval, person: str, represented: Sequence[tuple[str, str]]
) -> frozenset[str]:
    """Return those whose places are somebody's to act in: their own, and whom they stand in for."""
    others = {one for one, institution in represented if institution == approval.institution}
    return frozenset({person, *others})


def _theirs(person: str, represented: Sequence[tuple[str, str]]) -> ColumnElement[bool]:
    own = approval_participants.c.person == person
    others = [
        (approval_participants.c.person == one) & (approvals.c.institution == institution)
        for one, institution in represented
    ]
    return or_(own, *others)
