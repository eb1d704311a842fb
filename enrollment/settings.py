"""``[enrollment]``: what may be applied for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import Field

from core.settings import Section


class EnrollmentSettings(Section):
    """``closed_profiles`` are never issued upon an application.

    Profiles of authorities are closed anyway. The certificates of responders and of the CMP
    server are made by these themselves, which hold their keys. ``console_issuance`` lets
    `camtrust cert issue` work in production too: for the day on which the first officers get
    their certificates. An application that nobody decides within ``decide_within_days``, or whose
    applicant does not answer a question so long, expires. An approval counts for
    ``approval_holds_days``: the second one has to follow within them. ``subscriber_policy``, a
    path within the home, replaces enrollment/subscriber/policy.toml.
    """

    closed_profiles: tuple[str, ...] = ("ocsp-responder", "cmp-server")
    console_issuance: bool = False
    decide_within_days: int = Field(default=30, ge=1, le=365)
    subscriber_policy: Path | None = None
    approval_holds_days: int = Field(default=14, ge=1, le=365)

    @property
    def decide_within(self) -> timedelta:
        """How long an application waits for its officers, or for its applicant."""
        return timedelta(days=self.decide_within_days)

    @property
    def approval_holds(self) -> timedelta:
        """How long an approval waits for another."""
        return timedelta(days=self.approval_holds_days)
