"""The section ``[escrow]`` of the settings."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from core.settings import Section


class EscrowSettings(Section):
    """How long copies of keys are kept, and how long a recovery may be handed over.

    ``keep_days_after_expiry``: mail is read for years after the certificate's end; ten by default.
    ``keep_days_unused``: a copy whose application led to no certificate. ``recovery_hours``: within
    which a proposal is decided, and then the file and its password are fetched.
    """

    keep_days_after_expiry: int = Field(default=3650, ge=30, le=36_500)
    keep_days_unused: int = Field(default=90, ge=30, le=365)
    recovery_hours: int = Field(default=72, ge=1, le=720)

    @property
    def keep_after_expiry(self) -> timedelta:
        """As a duration."""
        return timedelta(days=self.keep_days_after_expiry)

    @property
    def keep_unused(self) -> timedelta:
        """As a duration."""
        return timedelta(days=self.keep_days_unused)

    @property
    def recovery_time(self) -> timedelta:
        """As a duration."""
        return timedelta(hours=self.recovery_hours)
