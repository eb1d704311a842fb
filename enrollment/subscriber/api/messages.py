"""What goes over the wire: bundles for people, suspensions, objections."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from enrollment.application import ApplicationState
from enrollment.messages import Message, Name, Text, _with_line_breaks_only
from enrollment.objections.objection import About, Objection, Outcome
from enrollment.objections.objections import LONGEST_NUMBER, LONGEST_TEXT
from enrollment.subscriber.bundle import BundleKind
from enrollment.subscriber.bundles import BundleStanding
from enrollment.subscriber.identity_check import CheckOutcome
from enrollment.subscriber.policy import MOST_CERTIFICATES

Words = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S"),
    AfterValidator(_with_line_breaks_only),
]
Number = Annotated[str, Field(min_length=1, max_length=LONGEST_NUMBER)]
Request = Annotated[
    str, Field(min_length=1, max_length=100_000), AfterValidator(_with_line_breaks_only)
]


class BundleMessage(Message):
    """Certificates for one person whom your institution lists."""

    staff_number: Text = Field(description="Under which the institution lists the person.")
    institution: Name | None = Field(
        default=None, description="Whose list; your own where you have one."
    )
    requests: dict[Name, Request] = Field(
        min_length=1,
        max_length=MOST_CERTIFICATES,
        description="By profile: the PKCS #10 request as PEM. Nothing of it is taken but its key.",
    )
    evidence: Words | None = Field(
        default=None, description="Why the list differs from the identity register."
    )
    document_number: Number | None = Field(
        default=None, description="Of the document that shows it."
    )


class RenewalMessage(Message):
    """A renewal of one certificate of a person: what was confirmed and chosen is taken over."""

    csr: Request | None = Field(
        default=None,
        description="The PKCS #10 request of the new key as PEM. Without it the old key is kept,"
        " where the policy lets it live on.",
    )
    evidence: Words | None = Field(
        default=None, description="Why the list differs from the identity register."
    )
    document_number: Number | None = Field(
        default=None, description="Of the document that shows it."
    )


class BundleApplicationView(Message):
    """One application of a bundle."""

    id: str
    profile: str
    state: ApplicationState
    approvals_needed: int
    approvals: int


class BundleView(Message):
    """A bundle as it stands: without personal data."""

    id: str
    kind: BundleKind
    institution: str
    identity_check: CheckOutcome
    submitted_at: datetime
    decide_by: datetime
    applications: tuple[BundleApplicationView, ...]


class ObjectionMessage(Message):
    """What is wrong, in the words of a person whom your institution lists."""

    staff_number: Text = Field(description="Under which the institution lists the person.")
    institution: Name | None = Field(
        default=None, description="Whose list; your own where you have one."
    )
    about: About
    text: Words
    application: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = Field(
        default=None, description="That it is about."
    )
    document_number: Number | None = Field(
        default=None, description="Of the document that shows it."
    )


class AnswerToObjectionMessage(Message):
    """What the office says to it. The person reads it."""

    outcome: Outcome
    answer: Words


class ObjectionsQuery(Message):
    """Which page of the objections."""

    cursor: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="next_cursor of the page before."
    )


class ObjectionView(Message):
    """An objection as it stands."""

    id: str
    about: About
    institution: str
    application: str | None
    text: str
    raised_at: datetime
    due_at: datetime
    overdue: bool
    outcome: Outcome | None
    answer: str | None


class ObjectionsView(Message):
    """A page of objections, the first due first."""

    objections: tuple[ObjectionView, ...]
    next_cursor: str | None = Field(description="Null on the last page.")


def bundle_view_of(standing: BundleStanding) -> BundleView:
    """Return a bundle as an institution's system sees it."""
    bundle = standing.bundle
    submitted_at = bundle.submitted_at or bundle.begun_at
    return BundleView(
        id=bundle.id,
        kind=bundle.kind,
        institution=bundle.institution,
        identity_check=bundle.identity_outcome or CheckOutcome.NOT_CHECKED,
        submitted_at=submitted_at,
        decide_by=bundle.decide_by or submitted_at,
        applications=tuple(
            BundleApplicationView(
                id=one.id,
                profile=one.profile,
                state=one.state,
                approvals_needed=one.approvals_needed,
                approvals=one.approvals,
            )
            for one in standing.applications
        ),
    )


def objection_view_of(one: Objection) -> ObjectionView:
    """Return an objection as officers and the institution's systems see it."""
    return ObjectionView(
        id=one.id,
        about=one.about,
        institution=one.institution,
        application=one.application,
        text=one.text,
        raised_at=one.raised_at,
        due_at=one.due_at,
        overdue=one.overdue_at is not None,
        outcome=one.outcome,
        answer=one.answer,
    )
