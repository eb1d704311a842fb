"""An invitation as it stands, and the listed person whom it is for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from core.access import Role
from enrollment.institutions.institution import Institution, InstitutionState
from enrollment.institutions.institutions import find_institution
from enrollment.invitations.errors import (
    AccountClosed,
    InvitationExpired,
    InvitationSpent,
    InvitationUnknown,
    InvitationWithdrawn,
    NoLongerListed,
    PersonNotListed,
)
from enrollment.invitations.models import invitations
from enrollment.jurisdiction import Jurisdiction
from enrollment.models import principals
from enrollment.officers import OfficerState
from enrollment.people.errors import PersonUnknown
from enrollment.people.models import employments, people
from enrollment.people.people import find_employment, find_person
from enrollment.people.person import Employment, EmploymentState, IdentifierKind, Person


class InvitationKind(StrEnum):
    """How it reaches its person."""

    MAIL = "mail"
    SLIP = "slip"


class InvitationState(StrEnum):
    """``replaced``: by a newer one; ``void``: after too many wrong digits."""

    OPEN = "open"
    SPENT = "spent"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"
    EXPIRED = "expired"
    VOID = "void"


@dataclass(frozen=True)
class Invitation:
    """An invitation, without what opens it. ``document``: what the officer saw, for a slip."""

    id: str
    institution: str
    person: str
    kind: InvitationKind
    state: InvitationState
    made_by: str
    made_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    document: IdentifierKind | None

    def standing(self, now: datetime) -> InvitationState:
        """Return the state, with the time that passed since the job last looked."""
        if self.state is InvitationState.OPEN and self.ends_at <= now:
            return InvitationState.EXPIRED
        return self.state


@dataclass(frozen=True)
class Listed:
    """Somebody on an institution's list."""

    employment: Employment
    person: Person
    institution: Institution


def check_open(invitation: Invitation, now: datetime) -> None:
    """Raise InvitationSpent, InvitationExpired or InvitationWithdrawn, with what to do next."""
    standing = invitation.standing(now)
    if standing is InvitationState.SPENT:
        raise InvitationSpent("An account was opened with it. It works once.")
    if standing is InvitationState.EXPIRED:
        raise InvitationExpired("Its time is over.")
    if standing is not InvitationState.OPEN:
        raise InvitationWithdrawn("It was withdrawn, or a newer one was made in its place.")


def find_invitation(
    connection: Connection, condition: ColumnElement[bool], *, locked: bool = False
) -> Invitation:
    """Read an invitation. ``locked``: until the transaction ends. Raises InvitationUnknown."""
    query = select(invitations).where(condition)
    row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    if row is None:
        raise InvitationUnknown("This link opens nothing.")
    return invitation_of(row)


def find_listed(
    connection: Connection, employment_id: str, jurisdiction: Jurisdiction, *, locked: bool = False
) -> Listed:
    """Return a listed person whom an officer may see. Raises PersonNotListed.

    ``locked``: what is made for them is made one after the other.
    """
    try:
        employment = find_employment(connection, employment_id, locked=locked)
    except PersonUnknown as error:
        raise _not_listed() from error
    if employment.state is EmploymentState.LEFT or not jurisdiction.covers(employment.institution):
        raise _not_listed()
    return Listed(
        employment,
        find_person(connection, employment.person),
        find_institution(connection, employment.institution),
    )


def find_invited(connection: Connection, invitation: Invitation) -> Listed:
    """Return whom an invitation is for. Raises NoLongerListed when the list dropped them."""
    query = select(employments.c.id).where(
        employments.c.institution == invitation.institution,
        employments.c.person == invitation.person,
        employments.c.state == EmploymentState.LISTED,
    )
    found = connection.execute(query).scalar_one_or_none()
    institution = find_institution(connection, invitation.institution)
    if found is None or institution.state is not InstitutionState.ACTIVE:
        raise NoLongerListed("The institution does not name you at present.")
    return Listed(
        find_employment(connection, found), find_person(connection, invitation.person), institution
    )


def check_account(connection: Connection, person_id: str, *, locked: bool = False) -> None:
    """Raise AccountClosed for an account that is suspended or removed; none is no hindrance.

    ``locked``: accounts of one person are opened one after the other.
    """
    if locked:
        connection.execute(select(people.c.id).where(people.c.id == person_id).with_for_update())
    state = connection.execute(
        select(principals.c.state).where(
            principals.c.id == person_id, principals.c.role == Role.SUBSCRIBER
        )
    ).scalar_one_or_none()
    if state is not None and state != OfficerState.ACTIVE:
        raise AccountClosed("The account is suspended or removed.")


def invitation_of(row: Row[Any]) -> Invitation:
    """Return the invitation of a row."""
    return Invitation(
        id=row.id,
        institution=row.institution,
        person=row.person,
        kind=InvitationKind(row.kind),
        state=InvitationState(row.state),
        made_by=row.made_by,
        made_at=row.made_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
        document=None if row.document is None else IdentifierKind(row.document),
    )


def _not_listed() -> PersonNotListed:
    return PersonNotListed("Nobody of this id is on a list that you may see.")
