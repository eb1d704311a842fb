"""Whom an institution lists, and how far each of them is on the way to an account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Select, and_, or_, select

from core.access import Role
from core.clock import Clock
from core.database import Database
from core.mail.outbox import MailState, Outbox
from enrollment.institutions.institution import InstitutionDetails, institution_of
from enrollment.institutions.models import institutions
from enrollment.invitations.errors import PersonNotListed
from enrollment.invitations.invitation import (
    Invitation,
    InvitationKind,
    InvitationState,
    invitation_of,
)
from enrollment.invitations.making import mail_key
from enrollment.invitations.models import invitations
from enrollment.jurisdiction import Jurisdiction
from enrollment.models import principals
from enrollment.officers import OfficerState
from enrollment.people.models import employments, people
from enrollment.people.person import Employment, EmploymentState, PersonName, employment_of


class Progress(StrEnum):
    """How far somebody is on the way to an account."""

    ACCOUNT = "account"
    ACCOUNT_CLOSED = "account-closed"
    MAIL_WAITS = "mail-waits"
    MAIL_SENT = "mail-sent"
    MAIL_FAILED = "mail-failed"
    SLIP = "slip"
    ENDED = "ended"  # the newest invitation expired, was withdrawn or is void
    NOTHING = "nothing"


@dataclass(frozen=True)
class ListedPerson:
    """A row of the list. ``invitation`` is the newest, of this institution."""

    employment: Employment
    name: PersonName
    account: OfficerState | None
    invitation: Invitation | None
    mail: MailState | None
    now: datetime

    @property
    def id(self) -> str:
        """Of the employment: rows sort by it."""
        return self.employment.id

    @property
    def standing(self) -> InvitationState | None:
        """How the newest invitation stands at this moment."""
        return None if self.invitation is None else self.invitation.standing(self.now)

    @property
    def progress(self) -> Progress:
        """How far they are."""
        if self.account is not None:
            is_active = self.account is OfficerState.ACTIVE
            return Progress.ACCOUNT if is_active else Progress.ACCOUNT_CLOSED
        if self.invitation is None:
            return Progress.NOTHING
        if self.standing is not InvitationState.OPEN:
            return Progress.ENDED
        if self.invitation.kind is InvitationKind.SLIP:
            return Progress.SLIP
        return {
            MailState.WAITING: Progress.MAIL_WAITS,
            MailState.GIVEN_UP: Progress.MAIL_FAILED,
            MailState.WITHDRAWN: Progress.MAIL_FAILED,
        }.get(self.mail or MailState.SENT, Progress.MAIL_SENT)


class Listing:
    """Shows an institution's people to its officers."""

    def __init__(self, *, database: Database, outbox: Outbox, clock: Clock) -> None:
        self._database = database
        self._outbox = outbox
        self._clock = clock

    def page(
        self,
        *,
        jurisdiction: Jurisdiction,
        limit: int,
        after: str | None = None,
        institution: str | None = None,
        without_account: bool = False,
    ) -> Sequence[ListedPerson]:
        """Return up to ``limit`` listed people, in the order in which they were listed."""
        query = _query(jurisdiction).order_by(employments.c.id).limit(limit)
        if after is not None:
            query = query.where(employments.c.id > after)
        if institution is not None:
            query = query.where(employments.c.institution == institution)
        if without_account:
            query = query.where(principals.c.id.is_(None))
        return self._rows(query)

    def institutions(self, jurisdiction: Jurisdiction) -> Sequence[InstitutionDetails]:
        """Return the institutions whose lists may be seen, by id."""
        query = jurisdiction.narrow(select(institutions), institutions.c.id)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(institutions.c.id)).all()
        return [institution_of(row).details for row in rows]

    def search(self, wanted: str, *, jurisdiction: Jurisdiction) -> Sequence[ListedPerson]:
        """Return those whose staff number or official address is ``wanted``, 25 at most."""
        matches = or_(
            employments.c.staff_number == wanted, employments.c.official_mail == wanted.lower()
        )
        query = _query(jurisdiction).where(matches).order_by(employments.c.id).limit(25)
        return self._rows(query)

    def find(self, employment_id: str, *, jurisdiction: Jurisdiction) -> ListedPerson:
        """Return one listed person. Raises PersonNotListed."""
        found = self._rows(_query(jurisdiction).where(employments.c.id == employment_id))
        if not found:
            raise PersonNotListed("Nobody of this id is on a list that you may see.")
        return found[0]

    def employment_of(
        self,
        institution: str,
        *,
        person: str | None,
        staff_number: str | None,
        jurisdiction: Jurisdiction,
    ) -> str:
        """Return the id by which an institution lists somebody. Raises PersonNotListed."""
        query = (
            _query(jurisdiction)
            .where(employments.c.institution == institution)
            .where(
                employments.c.person == person
                if person is not None
                else employments.c.staff_number == staff_number
            )
        )
        found = self._rows(query)
        if not found:
            raise PersonNotListed("Nobody of this id is on a list that you may see.")
        return found[0].id

    def _rows(self, query: Select[Any]) -> list[ListedPerson]:
        now = self._clock.now()
        with self._database.read() as connection:
            rows = connection.execute(query).all()
            newest = _newest(connection, [row.person for row in rows])
            keys = [mail_key(one.id) for one in newest.values()]
            states = self._outbox.states(connection, keys) if keys else {}
        return [
            ListedPerson(
                employment=employment_of(row),
                name=PersonName(
                    row.surname_km, row.given_name_km, row.surname_latin, row.given_name_latin
                ),
                account=None if row.account is None else OfficerState(row.account),
                invitation=(made := newest.get((row.person, row.institution))),
                mail=None if made is None else states.get(mail_key(made.id)),
                now=now,
            )
            for row in rows
        ]


def _query(jurisdiction: Jurisdiction) -> Select[Any]:
    account = and_(principals.c.id == employments.c.person, principals.c.role == Role.SUBSCRIBER)
    query = (
        select(
            employments,
            people.c.surname_km,
            people.c.given_name_km,
            people.c.surname_latin,
            people.c.given_name_latin,
            principals.c.state.label("account"),
        )
        .join(people, people.c.id == employments.c.person)
        .outerjoin(principals, account)
        .where(employments.c.state == EmploymentState.LISTED)
    )
    return jurisdiction.narrow(query, employments.c.institution)


def _newest(connection: Connection, persons: Sequence[str]) -> Mapping[tuple[str, str], Invitation]:
    if not persons:
        return {}
    query = select(invitations).where(invitations.c.person.in_(persons))
    # The last of each stays; ids of one millisecond have no order, entries of the log do.
    query = query.order_by(invitations.c.log_index)
    return {(row.person, row.institution): invitation_of(row) for row in connection.execute(query)}
