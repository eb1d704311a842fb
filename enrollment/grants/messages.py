"""What goes over the wire of ``/enrollment/v1/grants``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from core.web.cursors import DEFAULT_LIMIT, MAX_LIMIT
from enrollment.grants.grant import Grant, GrantProposal, GrantProtocol, GrantState
from enrollment.grants.proposals import MOST_CERTIFICATES
from enrollment.messages import (
    DecisionView,
    FactName,
    FactText,
    Holder,
    Instant,
    Message,
    Name,
    decision_view_of,
)

GrantName = Annotated[str, Field(pattern=r"^(\*\.)?[a-z0-9.-]{1,253}$")]


class GrantMessage(Message):
    """A grant for a machine, as an officer proposes it."""

    protocol: GrantProtocol
    profile: Name = Field(description="The kind of certificate; see /enrollment/v1/profiles.")
    holder: Holder = Field(description="Natural key of the subject: organization:NTRKH-…")
    facts: dict[FactName, FactText] = Field(
        default_factory=dict,
        max_length=50,
        description="What is known of the subject; names of servers stand in dns_names.",
    )
    dns_names: tuple[GrantName, ...] = Field(
        default=(),
        max_length=100,
        description="What may be asked for: names, or *.x for every name below x and not x.",
    )
    preauthorized: tuple[GrantName, ...] = Field(
        default=(), max_length=100, description="Exact names of these that need no challenge."
    )
    certificates_allowed: Annotated[int, Field(ge=1, le=MOST_CERTIFICATES)] = Field(
        description="How many certificates; a renewal by certificate is not counted."
    )
    expires_at: Instant = Field(description="Until when; at most two years ahead.")
    institution: Name | None = Field(
        default=None, description="Whose officers answer for it; yours, if you have one."
    )
    verifies_possession: bool = Field(
        default=False,
        description="CMP: the client is a registration authority and may say raVerified.",
    )

    def proposal(self) -> GrantProposal:
        """Return what is proposed."""
        return GrantProposal(**{name: getattr(self, name) for name in type(self).model_fields})


class GrantsQuery(Message):
    """Which page of the grants."""

    state: GrantState | None = Field(default=None, description="Only those in this state.")
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = Field(
        default=DEFAULT_LIMIT, description="How many at most."
    )
    cursor: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="next_cursor of the page before."
    )


class EmptyMessage(Message):
    """A step that needs no words."""


class GrantView(Message):
    """A grant as it stands."""

    id: str = Field(description="Also the client's name: EAB key identifier, user, reference.")
    state: GrantState
    protocol: GrantProtocol
    profile: str
    holder: str
    facts: dict[str, str | tuple[str, ...]]
    dns_names: tuple[str, ...]
    preauthorized: tuple[str, ...]
    certificates_allowed: int
    certificates_used: int
    expires_at: datetime
    institution: str | None
    proposed_by: str
    proposed_at: datetime
    approvals_needed: int
    approvals: int
    verifies_possession: bool
    decisions: tuple[DecisionView, ...]


class GrantSummaryView(Message):
    """A grant in a list: without personal data."""

    id: str
    state: GrantState
    protocol: GrantProtocol
    profile: str
    certificates_allowed: int
    certificates_used: int
    expires_at: datetime
    proposed_by: str


class GrantsView(Message):
    """A page of grants, newest first."""

    grants: tuple[GrantSummaryView, ...]
    next_cursor: str | None = Field(description="Null on the last page.")


class SecretView(Message):
    """What the client needs. Hand it over by a way that nobody else reads."""

    protocol: GrantProtocol
    name: str = Field(description="EAB key identifier (ACME), user (EST), reference (CMP).")
    secret: str = Field(
        description="In base64url: the EAB HMAC key (ACME), or as it is, the password."
    )


def view_of_grant(grant: Grant) -> GrantView:
    """Return a grant as the officers see it."""
    return GrantView(
        **{name: getattr(grant, name) for name in GrantView.model_fields if name != "decisions"},
        decisions=tuple(map(decision_view_of, grant.decisions)),
    )


def summary_of_grant(grant: Grant) -> GrantSummaryView:
    """Return a grant as it stands in a list."""
    return GrantSummaryView(
        **{name: getattr(grant, name) for name in GrantSummaryView.model_fields}
    )
