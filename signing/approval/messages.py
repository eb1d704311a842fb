"""What goes over the wire of ``/signing/v1/approvals`` and ``/signing/v1/deputies``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from core.web.cursors import DEFAULT_LIMIT, MAX_LIMIT
from signing.approval.approval import ActKind, ApprovalState, ParticipantRole, ParticipantState
from signing.approval.starting import Asked, Circulation, Step
from signing.approval.words import LONGEST_TEXT, LONGEST_TITLE
from signing.documents.stamps.order import StampOrder
from signing.documents.stamps.template import StampTemplate

MOST_STEPS = 30
MOST_IN_A_STEP = 50
StaffNumber = Annotated[str, Field(min_length=1, max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Reason = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]


class ApprovalPart(BaseModel):
    """A message: an unknown member is a mistake, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AskedMessage(ApprovalPart):
    """Somebody who is to take part."""

    staff_number: StaffNumber = Field(description="Under which the institution lists the person.")
    role: ParticipantRole = Field(
        default=ParticipantRole.SIGN, description="`acknowledge` is “seen and forwarded”."
    )
    stamp: StampTemplate | None = Field(
        default=None, description="Where the visible stamp of the signature lies; none without it."
    )

    @model_validator(mode="after")
    def _stamps_signatures(self) -> Self:
        if self.stamp is not None and self.role is not ParticipantRole.SIGN:
            raise ValueError("who acknowledges has no signature that could be stamped")
        return self


class StepMessage(ApprovalPart):
    """People who act in parallel."""

    people: Annotated[tuple[AskedMessage, ...], Field(min_length=1, max_length=MOST_IN_A_STEP)]
    deadline: AwareDatetime = Field(description="By when they are to have acted.")


class CirculationMessage(ApprovalPart):
    """A document that is to go round."""

    title: Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE)]
    steps: Annotated[tuple[StepMessage, ...], Field(min_length=1, max_length=MOST_STEPS)] = Field(
        description="In their order; each begins when everybody of the one before has acted."
    )
    seal: Name | None = Field(
        default=None, description="The institution's seal that closes it, where none is set."
    )
    stamp: StampOrder | None = Field(
        default=None, description="A stamp of the seal, which leads to the document's own page."
    )
    institution: Name | None = Field(
        default=None, description="Which, for somebody who serves in several."
    )

    def circulation(self) -> Circulation:
        """Return it as it is started."""
        return Circulation(
            title=self.title,
            steps=[
                Step(
                    [
                        Asked(
                            one.staff_number,
                            one.role,
                            None if one.stamp is None else one.stamp.model_dump(mode="json"),
                        )
                        for one in step.people
                    ],
                    step.deadline.astimezone(UTC),
                )
                for step in self.steps
            ],
            institution=self.institution,
            seal=self.seal,
            stamp=self.stamp,
        )


class CancellationMessage(ApprovalPart):
    """Why a circulation is cancelled."""

    reason: Reason


class ReplacementMessage(ApprovalPart):
    """Who is asked in somebody's place."""

    participant: Annotated[int, Field(ge=1)] = Field(description="The number of whoever leaves.")
    staff_number: StaffNumber = Field(description="Of the one who is asked instead.")


class ApprovalsQuery(ApprovalPart):
    """Which page of the circulations."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = Field(
        default=DEFAULT_LIMIT, description="How many at most."
    )
    cursor: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="next_cursor of the page before."
    )


class ParticipantView(ApprovalPart):
    """Somebody who takes part."""

    number: int
    step: int
    name_km: str
    name_latin: str
    staff_number: str | None
    role: ParticipantRole
    deadline: datetime
    state: ParticipantState
    overdue: bool
    is_turn: bool = Field(description="Whether they are asked to act now.")
    can_act: bool = Field(
        description="False for who left or may not sign in and, once it is their turn, for who has "
        "no key to sign with: replace them, if no deputy of theirs acts."
    )


class ActView(ApprovalPart):
    """Something that was done."""

    kind: ActKind
    at: datetime
    participant: int | None
    by: str | None = Field(
        description="The name of who did it; null where it came about by itself, or operators "
        "cancelled it."
    )
    on_behalf_of: str | None
    text: str | None = Field(description="A reason, or an opinion.")
    sha256: str | None = Field(description="Of the document that it made.")
    log_index: int = Field(description="Its entry in the transparency log.")


class ApprovalView(ApprovalPart):
    """A circulation as it stands."""

    id: str
    title: str
    state: ApprovalState
    institution: str
    seal: str
    step: int
    revision: int = Field(description="How many signatures the document got here.")
    sha256: str
    octets: int
    trouble: str | None = Field(
        description="Why it could not be sealed the last time it was tried."
    )
    next_try_at: datetime | None
    started_at: datetime
    ended_at: datetime | None
    erased_at: datetime | None = Field(
        description="From when on the document cannot be fetched; null until it ends."
    )
    participants: tuple[ParticipantView, ...]
    acts: tuple[ActView, ...]


class ApprovalsView(ApprovalPart):
    """A page of circulations, newest first."""

    approvals: tuple[ApprovalView, ...]
    next_cursor: str | None


class DeputyMessage(ApprovalPart):
    """Who stands in for you, and when."""

    staff_number: StaffNumber = Field(description="Of a colleague of the same institution.")
    begins_at: AwareDatetime
    ends_at: AwareDatetime
    institution: Name | None = Field(
        default=None, description="Which, for somebody who serves in several."
    )


class DeputyView(ApprovalPart):
    """That somebody stands in for somebody."""

    id: str
    institution: str
    person: str = Field(description="The name of whoever is away.")
    deputy: str = Field(description="The name of whoever stands in.")
    is_mine: bool = Field(description="Whether you named them; else you are the deputy.")
    begins_at: datetime
    ends_at: datetime
    revoked_at: datetime | None


class DeputiesView(ApprovalPart):
    """Who stands in for you, and for whom you do, now or later."""

    deputies: tuple[DeputyView, ...]
