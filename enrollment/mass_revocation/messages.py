"""What goes over the wire of ``/enrollment/v1/mass-revocations``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from ca.revocation.jobs import RevocationJob
from ca.revocation.reasons import RevocationReason
from ca.revocation.selection import Selection
from enrollment.messages import Instant, Message, Name, RevocationWord, Text

Sha256Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class SelectionMessage(Message):
    """Which certificates are meant: those that fulfil every filter; at least one has to be set."""

    authority: Name | None = None
    profile: Name | None = None
    holder: Text | None = None
    institution: Name | None = Field(
        default=None, description="Whose officers answer for them; yours, if you have one."
    )
    issued_from: Instant | None = Field(default=None, description="Included.")
    issued_until: Instant | None = Field(default=None, description="Not included.")
    public_key_sha256: Sha256Hex | None = None

    def selection(self) -> Selection:
        """Return what the revocation understands. Raises SelectionRefused when all is empty."""
        return Selection(**dict(self))


class ProposalMessage(Message):
    """A mass revocation that somebody else has to approve."""

    where: SelectionMessage
    reason: RevocationWord = Field(description="RFC 5280, Section 5.3.1.")
    invalidity_date: Instant | None = Field(
        default=None, description="Since when the keys are suspect; RFC 5280, Section 5.3.2."
    )
    justification: Text = Field(description="Why, in a sentence; the second officer reads it.")


class CountMessage(Message):
    """A question: how many certificates would it be?"""

    where: SelectionMessage


class CountView(Message):
    """How many certificates would be revoked now."""

    certificates: int


class NothingMessage(Message):
    """A step that needs no more words."""


class JobView(Message):
    """A mass revocation as it stands."""

    id: int
    state: str = Field(description="proposed, approved, done or withdrawn.")
    where: dict[str, str]
    reason: RevocationReason
    justification: str
    expected: int = Field(description="What the proposal counted.")
    revoked: int = Field(description="How many are revoked so far.")
    requested_by: str
    requested_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    finished_at: datetime | None


class JobsView(Message):
    """Mass revocations that wait for approval or are at work, oldest first."""

    mass_revocations: tuple[JobView, ...]


def view_of_job(job: RevocationJob) -> JobView:
    """Return a job as the API shows it."""
    return JobView(
        id=job.id,
        state=job.state,
        where=job.selection.to_json(),
        reason=job.reason,
        justification=job.justification,
        expected=job.expected,
        revoked=job.revoked,
        requested_by=job.requested_by,
        requested_at=job.requested_at,
        approved_by=job.approved_by,
        approved_at=job.approved_at,
        finished_at=job.finished_at,
    )
