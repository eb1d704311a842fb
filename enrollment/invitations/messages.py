"""What goes over the wire of ``/enrollment/v1/invitations``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from core.web.cursors import DEFAULT_LIMIT, MAX_LIMIT
from enrollment.invitations.invitation import Invitation, InvitationKind, InvitationState
from enrollment.invitations.inviting import Slip
from enrollment.invitations.runs import InvitingRun
from enrollment.messages import Message
from enrollment.people.person import IdentifierKind

InstitutionId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,63}$")]
PersonId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
StaffNumber = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]


class InvitedMessage(Message):
    """Somebody on an institution's list: named by their id, or by their staff number."""

    institution: InstitutionId
    person: PersonId | None = None
    staff_number: StaffNumber | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.person is None) == (self.staff_number is None):
            raise ValueError("give either person or staff_number")
        return self


class SlipMessage(InvitedMessage):
    """Somebody who stands before an officer, and the document that the officer compared."""

    document: IdentifierKind = Field(
        description="Which identity document of theirs the officer saw."
    )


class RunMessage(Message):
    """An institution all of whose people are meant."""

    institution: InstitutionId


class EmptyMessage(Message):
    """A step that needs no more words."""


class InvitationsQuery(Message):
    """Which page of the invitations."""

    state: InvitationState | None = Field(default=None, description="Only those in this state.")
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = Field(
        default=DEFAULT_LIMIT, description="How many at most."
    )
    cursor: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="next_cursor of the page before."
    )


class InvitationView(Message):
    """An invitation as it stands. What opens it is never shown."""

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


class InvitationsView(Message):
    """A page of invitations, newest first."""

    invitations: tuple[InvitationView, ...]
    next_cursor: str | None


class SlipView(Message):
    """What is printed. It is shown this once; another slip replaces it."""

    invitation: InvitationView
    number: str = Field(description="Six digits: which slip it is.")
    code: str = Field(description="Eight digits, typed with the number at /activate.")
    link: str = Field(description="What the QR code on the slip holds.")


class RunView(Message):
    """A run that invites everybody of an institution, as far as it came."""

    id: str
    institution: str
    requested_by: str
    requested_at: datetime
    invited: int
    left_out: int = Field(description="Looked at, but invited before, or without an address.")
    finished_at: datetime | None


def view_of_invitation(one: Invitation) -> InvitationView:
    """Return an invitation as the API shows it."""
    return InvitationView(**vars(one))


def view_of_slip(slip: Slip) -> SlipView:
    """Return a slip as the API shows it, once."""
    return SlipView(
        invitation=view_of_invitation(slip.invitation),
        number=slip.number,
        code=slip.code,
        link=slip.link,
    )


def view_of_run(run: InvitingRun) -> RunView:
    """Return a run as the API shows it."""
    return RunView(**vars(run))
