"""Open an account with an invitation: by its link, or by the digits of a slip.

Looking at a link changes nothing. Spending it happens once, under its lock: the account comes to
be, the log has its entry, and the session opens, all in one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from core.clock import Clock
from core.database import Database
from core.transparency.entry import LogEntry
from core.transparency.log import TransparencyLog
from enrollment.institutions.institution import InstitutionDetails
from enrollment.invitations.errors import DigitsRefused
from enrollment.invitations.invitation import (
    Invitation,
    InvitationKind,
    InvitationState,
    check_account,
    check_open,
    find_invitation,
    find_invited,
    invitation_of,
)
from enrollment.invitations.inviting import ended_entry
from enrollment.invitations.masking import masked_name
from enrollment.invitations.models import MOST_WRONG_TRIES, invitations
from enrollment.invitations.secrets import (
    CODE_DIGITS,
    NUMBER_DIGITS,
    SlipCodes,
    read_digits,
    token_hash,
)
from enrollment.invitations.settings import InvitationSettings
from enrollment.invitations.wrong_digits import count_guess, take_back
from enrollment.people.person import PersonName
from enrollment.sessions.sessions import SignInMethod, open_session_in
from enrollment.sign_in.events import Outcome, record_event
from enrollment.subscribers import Subscribers

METHODS = {
    InvitationKind.MAIL: SignInMethod.INVITATION,
    InvitationKind.SLIP: SignInMethod.SLIP,
}
# Whose digits are computed where no slip has the number: that takes as long.
_NOBODY = "0" * 32


@dataclass(frozen=True)
class Glance:
    """What the page of a link shows: enough to recognize oneself, too little to learn a name."""

    institution: InstitutionDetails
    name_khmer: str | None
    name_latin: str | None
    ends_at: datetime


class Opening:
    """Opens accounts, and a first session in them."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        subscribers: Subscribers,
        codes: SlipCodes,
        settings: InvitationSettings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._subscribers = subscribers
        self._codes = codes
        self._settings = settings
        self._clock = clock

    def glance(self, token: str) -> Glance:
        """Return what a link's page shows; nothing changes, however often.

        Raises InvitationUnknown, -Spent, -Expired, -Withdrawn, NoLongerListed.
        """
        hashed = token_hash(token)
        with self._database.read() as connection:
            found = find_invitation(connection, invitations.c.token_sha256 == hashed)
            check_open(found, self._clock.now())
            listed = find_invited(connection, found)
        name: PersonName = listed.person.details.name
        return Glance(
            listed.institution.details, _masked(name.khmer), _masked(name.latin), found.ends_at
        )

    def spend(self, token: str, *, shared_computer: bool) -> str:
        """Spend a link; return the token of the session that was opened.

        Raises as :meth:`glance`, AccountClosed and Unavailable.
        """
        hashed = token_hash(token)
        with self._database.begin() as connection:
            found = find_invitation(connection, invitations.c.token_sha256 == hashed, locked=True)
            return self._spend(connection, found, shared_computer)

    def spend_digits(self, number: str, code: str, *, shared_computer: bool) -> str:
        """Spend a slip by what is typed from it; return the token of the session.

        Raises DigitsMalformed, DigitsRefused, TooManyGuesses, and as :meth:`spend` once the
        digits were right.
        """
        number = read_digits(number, NUMBER_DIGITS)
        code = read_digits(code, CODE_DIGITS)
        with self._database.read() as connection:
            seen = connection.execute(_open_slip(number)).one_or_none()
        # Outside of the transaction: the token, which may be slow, holds up no other guess.
        mac = self._codes.mac(_NOBODY if seen is None else seen.id, code)
        now = self._clock.now()
        with self._database.begin() as connection:
            count_guess(connection, now, most=self._settings.wrong_digits_per_hour)
            slip = connection.execute(_open_slip(number).with_for_update()).one_or_none()
            if slip is not None and compare_digest(mac, slip.code_mac):
                take_back(connection, now)
                return self._spend(connection, invitation_of(slip), shared_computer)
            if slip is not None:
                self._count_wrong_try(connection, slip, now)
        # One answer for all: which numbers are those of slips is nobody's business.
        raise DigitsRefused("No slip that can be used has this number and this code.")

    def _spend(self, connection: Connection, found: Invitation, shared_computer: bool) -> str:
        now = self._clock.now()
        check_open(found, now)
        listed = find_invited(connection, found)
        check_account(connection, listed.person.id, locked=True)
        connection.execute(
            update(invitations)
            .where(invitations.c.id == found.id)
            .values(state=InvitationState.SPENT, ended_at=now)
        )
        principal = self._subscribers.enroll_in(connection, listed.person.id)
        self._log.append(connection, [LogEntry("invitation-spent", now, {"invitation": found.id})])
        method = METHODS[found.kind]
        record_event(connection, principal, method, Outcome.SIGNED_IN, now)
        return open_session_in(connection, principal, method, shared_computer, now)

    def _count_wrong_try(self, connection: Connection, slip: Row[Any], now: datetime) -> None:
        tries = slip.wrong_tries + 1
        void = {"state": InvitationState.VOID, "ended_at": now} if tries == MOST_WRONG_TRIES else {}
        connection.execute(
            update(invitations).where(invitations.c.id == slip.id).values(wrong_tries=tries, **void)
        )
        if void:
            self._log.append(connection, [ended_entry(slip.id, "void", now)])


def _open_slip(number: str) -> Select[Any]:
    return select(invitations).where(
        invitations.c.slip_number == number, invitations.c.state == InvitationState.OPEN
    )


def _masked(name: str | None) -> str | None:
    return None if name is None else masked_name(name)
