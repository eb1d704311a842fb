"""Invite a listed person: by mail to the official address, or by a slip that an officer hands over.

Officers invite the people of their own institution. A slip is printed after the officer looked at
an identity document of the person who stands before them, which the log notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from core.access import Principal
from core.clock import Clock
from core.database import Database
from core.idempotency import new_act_id
from core.mail.addresses import mail_address
from core.mail.errors import MailAddressMalformed
from core.mail.outbox import Outbox
from core.mail.templates import MailTemplate
from core.transparency.entry import LogEntry, commitment
from core.transparency.log import TransparencyLog
from core.web.languages import day
from enrollment.institutions.errors import InstitutionNotActive
from enrollment.institutions.institution import InstitutionState
from enrollment.invitations.errors import (
    InvitationClosed,
    InvitationUnknown,
    NoOfficialMail,
    OwnSlip,
)
from enrollment.invitations.invitation import (
    Invitation,
    InvitationKind,
    InvitationState,
    Listed,
    check_account,
    find_invitation,
    find_listed,
    invitation_of,
)
from enrollment.invitations.making import Making, free_number, mail_key, make
from enrollment.invitations.models import invitations
from enrollment.invitations.secrets import (
    SlipCodes,
    new_code,
    new_number,
    new_token,
    token_hash,
)
from enrollment.invitations.settings import InvitationSettings
from enrollment.jurisdiction import Jurisdiction
from enrollment.models import principals
from enrollment.officers import person_behind
from enrollment.people.person import IdentifierKind

MAILS = Path(__file__).parent / "mails"
PATH = "/invitations/"
# Of a million numbers few are taken: two officers who draw the same one draw again.
_DRAWS = 3
_NUMBERS = 20


@dataclass(frozen=True)
class Slip:
    """What is printed, and known to nobody afterwards but to who holds the paper."""

    invitation: Invitation
    listed: Listed
    number: str
    code: str
    link: str


class Inviting:
    """Makes, withdraws and shows invitations; each act is logged."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        outbox: Outbox,
        codes: SlipCodes,
        settings: InvitationSettings,
        public_url: str,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._outbox = outbox
        self._codes = codes
        self._settings = settings
        self._public_url = public_url
        self._clock = clock
        self._invitation_mail = MailTemplate.load(MAILS / "invitation.toml")
        self._notice_mail = MailTemplate.load(MAILS / "slip-printed.toml")

    def by_mail(
        self, employment_id: str, *, invited_by: Principal, invitation_id: str
    ) -> Invitation:
        """Invite by mail, or return the invitation that already has this id.

        Raises PersonNotListed, InstitutionNotActive, AccountClosed, NoOfficialMail, Unavailable.
        """
        with self._database.begin() as connection:
            listed = find_listed(
                connection, employment_id, Jurisdiction.of(invited_by), locked=True
            )
            try:
                return find_invitation(connection, invitations.c.id == invitation_id)
            except InvitationUnknown:
                self.invite_in(connection, listed, invited_by.id, invitation_id)
            return find_invitation(connection, invitations.c.id == invitation_id)

    def invite_in(
        self, connection: Connection, listed: Listed, invited_by: str, invitation_id: str
    ) -> None:
        """Invite by mail within the caller's transaction. Raises as :meth:`by_mail`."""
        address = official_address(listed)
        self._check(connection, listed)
        token = new_token()
        making = Making(
            id=invitation_id,
            listed=listed,
            kind=InvitationKind.MAIL,
            made_by=invited_by,
            made_at=self._clock.now(),
            ends_at=self._clock.now() + self._settings.mail_lifetime,
            token_sha256=token_hash(token),
        )
        make(connection, self._log, self._outbox, making)
        mail = self._invitation_mail.mail(
            to=address,
            deduplication_key=mail_key(invitation_id),
            link=self._link(token),
            ends=day(making.ends_at),
            khmer={"institution": listed.institution.details.name_km},
            english={"institution": listed.institution.details.name_latin},
        )
        self._outbox.put(connection, mail)

    def print_slip(
        self, employment_id: str, *, printed_by: Principal, document: IdentifierKind
    ) -> Slip:
        """Make a slip for a person whom the officer saw, with an identity ``document`` of theirs.

        Raises PersonNotListed, InstitutionNotActive, AccountClosed, OwnSlip and Unavailable.
        """
        for _draw in range(_DRAWS - 1):
            try:
                return self._print_slip(employment_id, printed_by, document)
            except IntegrityError:
                # Another officer drew the same number at this moment; nothing was written.
                continue
        return self._print_slip(employment_id, printed_by, document)

    def withdraw(self, invitation_id: str, *, withdrawn_by: Principal) -> Invitation:
        """End an open invitation; again, it changes nothing.

        Raises InvitationUnknown, and InvitationClosed for one that was used or ended otherwise.
        """
        with self._database.begin() as connection:
            found = find_invitation(connection, invitations.c.id == invitation_id, locked=True)
            _check_covered(found, Jurisdiction.of(withdrawn_by))
            if found.state is InvitationState.WITHDRAWN:
                return found
            if found.state is not InvitationState.OPEN:
                raise InvitationClosed(
                    f"This invitation is {found.state} already.", state=str(found.state)
                )
            now = self._clock.now()
            connection.execute(
                update(invitations)
                .where(invitations.c.id == invitation_id)
                .values(state=InvitationState.WITHDRAWN, ended_at=now)
            )
            self._outbox.withdraw(connection, mail_key(invitation_id))
            salt = connection.scalar(
                select(principals.c.salt).where(principals.c.id == withdrawn_by.id)
            )
            officer = commitment(salt or b"", withdrawn_by.id.encode())
            self._log.append(
                connection, [ended_entry(invitation_id, "withdrawn", now, officer=officer)]
            )
            return find_invitation(connection, invitations.c.id == invitation_id)

    def find(self, invitation_id: str, *, jurisdiction: Jurisdiction) -> Invitation:
        """Return an invitation in whatever state. Raises InvitationUnknown."""
        with self._database.read() as connection:
            found = find_invitation(connection, invitations.c.id == invitation_id)
        _check_covered(found, jurisdiction)
        return found

    def page(
        self,
        *,
        jurisdiction: Jurisdiction,
        limit: int,
        after: str | None = None,
        state: InvitationState | None = None,
    ) -> Sequence[Invitation]:
        """Return up to ``limit`` invitations, newest first, that come after the id ``after``."""
        query = select(invitations).order_by(invitations.c.id.desc()).limit(limit)
        query = jurisdiction.narrow(query, invitations.c.institution)
        if after is not None:
            query = query.where(invitations.c.id < after)
        if state is not None:
            query = query.where(invitations.c.state == state)
        with self._database.read() as connection:
            return [invitation_of(row) for row in connection.execute(query)]

    def end_expired(self) -> int:
        """Note which invitations ran out: their slips' numbers are free again."""
        now = self._clock.now()
        with self._database.begin() as connection:
            return connection.execute(
                update(invitations)
                .where(invitations.c.state == InvitationState.OPEN, invitations.c.ends_at <= now)
                .values(state=InvitationState.EXPIRED, ended_at=now)
            ).rowcount

    def _print_slip(
        self, employment_id: str, printed_by: Principal, document: IdentifierKind
    ) -> Slip:
        now = self._clock.now()
        slip_id, token, code = new_act_id(now), new_token(), new_code()
        # Before the transaction: the token, which may be slow, holds up no other.
        code_mac = self._codes.mac(slip_id, code)
        with self._database.begin() as connection:
            listed = find_listed(
                connection, employment_id, Jurisdiction.of(printed_by), locked=True
            )
            self._check(connection, listed)
            if person_behind(connection, printed_by.id) == listed.person.id:
                raise OwnSlip("Nobody prints a slip for themselves; another officer does.")
            number = free_number(connection, [new_number() for _try in range(_NUMBERS)])
            making = Making(
                id=slip_id,
                listed=listed,
                kind=InvitationKind.SLIP,
                made_by=printed_by.id,
                made_at=now,
                ends_at=now + self._settings.slip_lifetime,
                token_sha256=token_hash(token),
                slip_number=number,
                code_mac=code_mac,
                document=document,
            )
            make(connection, self._log, self._outbox, making)
            self._tell(connection, listed, slip_id, now)
            invitation = find_invitation(connection, invitations.c.id == slip_id)
        return Slip(invitation, listed, number, code, self._link(token))

    def _tell(self, connection: Connection, listed: Listed, slip_id: str, now: datetime) -> None:
        # Whoever has mail hears of a slip that is not in their hands.
        try:
            address = official_address(listed)
        except NoOfficialMail:
            return
        mail = self._notice_mail.mail(
            to=address,
            deduplication_key=f"slip:{slip_id}",
            day=day(now),
            khmer={"institution": listed.institution.details.name_km},
            english={"institution": listed.institution.details.name_latin},
        )
        self._outbox.put(connection, mail)

    def _check(self, connection: Connection, listed: Listed) -> None:
        if listed.institution.state is not InstitutionState.ACTIVE:
            raise InstitutionNotActive(
                f"The institution {listed.institution.id} is {listed.institution.state}."
            )
        check_account(connection, listed.person.id)

    def _link(self, token: str) -> str:
        return f"{self._public_url}{PATH}{token}"


def official_address(listed: Listed) -> str:
    """Return a person's official mail address. Raises NoOfficialMail."""
    try:
        return mail_address(listed.employment.place.official_mail or "")
    except MailAddressMalformed as error:
        raise NoOfficialMail("The list has no mail address for this person.") from error


def ended_entry(invitation_id: str, state: str, now: datetime, **who: str) -> LogEntry:
    """Return the log's entry of an invitation that ended otherwise than by its use."""
    return LogEntry("invitation-ended", now, {"invitation": invitation_id, "state": state, **who})


def _check_covered(invitation: Invitation, jurisdiction: Jurisdiction) -> None:
    if not jurisdiction.covers(invitation.institution):
        raise InvitationUnknown("There is no invitation of this id that you may see.")
