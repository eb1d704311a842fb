"""Why nobody is invited, or an invitation opens nothing."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, Malformed, NotFound, TooMany, Unacceptable


class InvitationUnknown(NotFound):
    """There is no invitation of this id or link, or it is another institution's."""

    problem = "invitation-unknown"
    title = "This invitation does not exist"


class InvitationExpired(Conflict):
    """The time of the invitation is over; its person may ask for another."""

    problem = "invitation-expired"
    title = "This invitation has expired"


class InvitationSpent(Conflict):
    """The invitation was used before; each works once."""

    problem = "invitation-spent"
    title = "This invitation was used already"


class InvitationWithdrawn(Conflict):
    """The invitation was withdrawn, or a newer one took its place."""

    problem = "invitation-withdrawn"
    title = "This invitation is no longer valid"


class NoLongerListed(Conflict):
    """The person left the list of the institution that invited them, or it is not active."""

    problem = "no-longer-listed"
    title = "You are no longer on this institution's list"


class AccountClosed(Conflict):
    """The person's account is suspended or removed: no invitation opens it."""

    problem = "account-closed"
    title = "Your account is closed"


class DigitsRefused(Forbidden):
    """The number and the digits open no slip: mistyped, used, expired, replaced or void."""

    problem = "digits-refused"
    title = "These digits open nothing"


class DigitsMalformed(Malformed):
    """A slip has a number of six digits and a code of eight."""

    problem = "digits-malformed"
    title = "These are not the digits of a slip"


class TooManyGuesses(TooMany):
    """Too many wrong digits were typed everywhere; the links and QR codes still work."""

    problem = "too-many-guesses"
    title = "Digits cannot be typed for a while"


class PersonNotListed(NotFound):
    """Nobody of this id is on the list of this institution, as far as you may see."""

    problem = "person-not-listed"
    title = "This person is not on the list"


class NoOfficialMail(Unacceptable):
    """The list has no official mail address for this person; an officer prints a slip."""

    problem = "no-official-mail"
    title = "This person has no official mail address"


class InvitationClosed(Conflict):
    """The invitation was used or ended before; it cannot be withdrawn."""

    problem = "invitation-closed"
    title = "This invitation is closed already"


class InvitingUnderWay(Conflict):
    """A run that invites everybody of this institution is at work."""

    problem = "inviting-under-way"
    title = "Everybody is being invited already"


class InvitingUnknown(NotFound):
    """There is no such run, or it is another institution's."""

    problem = "inviting-unknown"
    title = "There is no such run of invitations"


class OwnSlip(Forbidden):
    """Officers print slips for others: nobody checks their own identity."""

    problem = "own-slip"
    title = "You cannot print a slip for yourself"
