"""``[invitations]``: how long they hold, and how much guessing there may be."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from core.settings import Section


class InvitationSettings(Section):
    """``mail_days`` and ``slip_days``: how long a link by mail and a printed slip hold.

    ``wrong_digits_per_hour``: how many wrong digits may be typed in all, everywhere; from then on
    digits wait for the next hour, while links and QR codes go on working. ``run_size`` is how many
    people one step of a run looks at.
    """

    mail_days: int = Field(default=14, ge=1, le=60)
    slip_days: int = Field(default=7, ge=1, le=7)
    wrong_digits_per_hour: int = Field(default=300, ge=10, le=100_000)
    run_size: int = Field(default=100, ge=1, le=1000)

    @property
    def mail_lifetime(self) -> timedelta:
        """How long a link by mail holds."""
        return timedelta(days=self.mail_days)

    @property
    def slip_lifetime(self) -> timedelta:
        """How long a printed slip holds."""
        return timedelta(days=self.slip_days)
