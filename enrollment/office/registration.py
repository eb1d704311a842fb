"""What the officers' pages need of the registration authority."""

from __future__ import annotations

from typing import Protocol

from ca.revocation.revocation import Revocation
from core.access import AccessPolicy
from enrollment.applications import Applications
from enrollment.decisions import Decisions
from enrollment.delivery import Delivery
from enrollment.grants.routes import GrantOffice
from enrollment.profiles import OpenProfiles


class Office(Protocol):
    """The registration authority, as far as the pages use it."""

    @property
    def applications(self) -> Applications:
        """Takes and shows applications."""

    @property
    def decisions(self) -> Decisions:
        """Decides them."""

    @property
    def delivery(self) -> Delivery:
        """Issues what was approved."""

    @property
    def grants(self) -> GrantOffice:
        """What machines may enrol for."""

    @property
    def profiles(self) -> OpenProfiles:
        """What may be applied for."""

    @property
    def revocation(self) -> Revocation:
        """Revokes."""

    @property
    def policy(self) -> AccessPolicy:
        """Which role may do what."""
