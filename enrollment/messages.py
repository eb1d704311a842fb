"""What goes over the wire of the enrolment API, as pydantic models: the OpenAPI comes from them.

Text is checked for what no honest client sends (control characters, lone surrogates); names of
people are judged by the profile's constraints, not here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from core.web.cursors import DEFAULT_LIMIT, MAX_LIMIT
from enrollment.application import Application, ApplicationState, Decision, Verdict
from enrollment.profiles import OpenProfile

HOLDER_PATTERN = r"^(person|organization|device|program):[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$"


def _without_controls(text: str) -> str:
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in text):
        raise ValueError("holds a control character")
    return text


def _with_line_breaks_only(text: str) -> str:
    _without_controls(text.replace("\n", "").replace("\r", ""))
    return text


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("lies outside the years 1 to 9999") from error


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Text = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_without_controls)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
FactName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
# Names and numbers of a fact; several where the profile takes a list, such as dns_names.
FactText = Text | Annotated[tuple[Text, ...], Field(min_length=1, max_length=100)]
Holder = Annotated[str, Field(pattern=HOLDER_PATTERN)]
# What people write to each other about an application.
Reason = Annotated[
    str, Field(min_length=1, max_length=2000), AfterValidator(_with_line_breaks_only)
]


class Message(BaseModel):
    """A message: an unknown member is a mistake, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SubmissionMessage(Message):
    """An application for a certificate."""

    profile: Name = Field(description="The kind of certificate; see /enrollment/v1/profiles.")
    csr: Annotated[
        str, Field(min_length=1, max_length=100_000), AfterValidator(_with_line_breaks_only)
    ] = Field(description="The PKCS #10 request (RFC 2986) as PEM.")
    holder: Holder = Field(
        description="Natural key of the subject: person:IDCKH-…, organization:NTRKH-…"
    )
    facts: dict[FactName, FactText] = Field(
        default_factory=dict,
        max_length=50,
        description="What is known of the subject. They go before what the request says.",
    )
    institution: Name | None = Field(
        default=None, description="Whose officers decide; yours, if you have an institution."
    )


class RefusalMessage(Message):
    """Why an application is refused. The applicant reads it."""

    reason: Reason = Field(description="In words that help the applicant.")


class QuestionMessage(Message):
    """What an officer asks before deciding. The applicant reads and answers it."""

    question: Reason = Field(description="What is missing, or what differs.")


class AnswerMessage(Message):
    """What the applicant answers; what is not corrected stays as it is."""

    answer: Reason = Field(description="The officers read it.")
    facts: dict[FactName, FactText] | None = Field(default=None, max_length=50)
    csr: (
        Annotated[
            str, Field(min_length=1, max_length=100_000), AfterValidator(_with_line_breaks_only)
        ]
        | None
    ) = Field(default=None, description="Another PKCS #10 request, as PEM.")


class ApprovalMessage(Message):
    """An approval; it has nothing to say."""


RevocationWord = Literal[
    "unspecified",
    "keyCompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "privilegeWithdrawn",
]


class RevocationMessage(Message):
    """Why, and since when, a certificate is not to be relied on."""

    reason: RevocationWord = Field(description="RFC 5280, Section 5.3.1.")
    invalidity_date: Instant | None = Field(
        default=None, description="Since when the key is suspect; RFC 5280, Section 5.3.2."
    )


class PageQuery(Message):
    """Which page of the applications."""

    state: ApplicationState | None = Field(default=None, description="Only those in this state.")
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = Field(
        default=DEFAULT_LIMIT, description="How many at most."
    )
    cursor: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="next_cursor of the page before."
    )


class DecisionView(Message):
    """One officer's decision."""

    decided_by: str
    verdict: Verdict
    reason: str | None = Field(description="Of a refusal; the question, where it was returned.")
    decided_at: datetime
    round: int = Field(description="Only decisions of the application's present round count.")


class ApplicationView(Message):
    """An application as it stands."""

    id: str
    state: ApplicationState
    profile: str
    applicant: str
    holder: str
    facts: dict[str, str | tuple[str, ...]]
    public_key_sha256: str
    institution: str | None = Field(description="Whose officers decide; null for the nation's.")
    bundle: str | None = Field(description="Shared by what was submitted together.")
    round: int = Field(description="Rises when decisions begin anew.")
    answer: str | None = Field(description="What the applicant answered last.")
    approvals_needed: int
    approvals: int
    submitted_at: datetime
    decide_by: datetime | None = Field(description="Then it expires, if nothing happens.")
    decisions: tuple[DecisionView, ...]
    failure: str | None = Field(description="The problem for which no certificate was issued.")
    authority: str | None
    serial_number: str | None = Field(description="In hex.")


class SummaryView(Message):
    """An application in a list: without personal data."""

    id: str
    state: ApplicationState
    profile: str
    applicant: str
    institution: str | None
    bundle: str | None
    approvals_needed: int
    approvals: int
    submitted_at: datetime
    decide_by: datetime | None


class PageView(Message):
    """A page of applications, newest first."""

    applications: tuple[SummaryView, ...]
    next_cursor: str | None = Field(description="Null on the last page.")


class LogView(Message):
    """Where the issuance stands in the transparency log."""

    index: int
    proof: str = Field(description="C2SP tlog-proof; `camtrust log verify` checks it offline.")


class CertificateView(Message):
    """An issued certificate."""

    certificate: str = Field(description="PEM.")
    chain: tuple[str, ...] = Field(description="PEM, from the issuer up to the anchor.")
    authority: str
    serial_number: str = Field(description="In hex.")
    log: LogView


class StandingView(Message):
    """The standing of a certificate after a revocation."""

    authority: str
    serial_number: str = Field(description="In hex.")
    standing: str
    reason: str
    revoked_at: datetime


class FactView(Message):
    """A fact that a profile takes."""

    name: str
    required: bool


class ProfileView(Message):
    """A kind of certificate that can be applied for."""

    name: str
    title: str
    approvals: int
    facts: tuple[FactView, ...]


class ProfilesView(Message):
    """The kinds of certificates that can be applied for."""

    profiles: tuple[ProfileView, ...]


class PrincipalView(Message):
    """Who you are to this service."""

    id: str
    role: str
    institution: str | None = Field(description="The only one you see; null sees all.")
    scopes: tuple[str, ...] | None = Field(
        description="Of what the role may do, only this; null for all of it."
    )


def view_of(application: Application) -> ApplicationView:
    """Return an application as its applicant and the officers see it."""
    return ApplicationView(
        id=application.id,
        state=application.state,
        profile=application.profile,
        applicant=application.applicant,
        holder=application.holder,
        facts=dict(application.facts),
        public_key_sha256=application.public_key_sha256.hex(),
        institution=application.institution,
        bundle=application.bundle,
        round=application.round,
        answer=application.answer,
        approvals_needed=application.approvals_needed,
        approvals=application.approvals,
        submitted_at=application.submitted_at,
        decide_by=application.decide_by,
        decisions=tuple(map(decision_view_of, application.decisions)),
        failure=application.failure,
        authority=application.authority,
        serial_number=_hex(application.serial_number),
    )


def summary_of(application: Application) -> SummaryView:
    """Return an application as it stands in a list."""
    return SummaryView(
        id=application.id,
        state=application.state,
        profile=application.profile,
        applicant=application.applicant,
        institution=application.institution,
        bundle=application.bundle,
        approvals_needed=application.approvals_needed,
        approvals=application.approvals,
        submitted_at=application.submitted_at,
        decide_by=application.decide_by,
    )


def profile_view_of(profile: OpenProfile) -> ProfileView:
    """Return a profile as an applicant sees it."""
    return ProfileView(
        name=profile.name,
        title=profile.title,
        approvals=profile.approvals,
        facts=tuple(
            FactView(name=name, required=required)
            for name, required in sorted(profile.facts.items())
        ),
    )


def decision_view_of(decision: Decision) -> DecisionView:
    """Return one officer's decision."""
    return DecisionView(
        decided_by=decision.decided_by,
        verdict=decision.verdict,
        reason=decision.reason,
        decided_at=decision.decided_at,
        round=decision.round,
    )


def _hex(serial_number: int | None) -> str | None:
    return None if serial_number is None else f"{serial_number:x}"
