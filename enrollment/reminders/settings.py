"""``[reminders]``: when holders hear of an end, and where officers hear of what waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field, field_validator

from core.mail.settings import Address
from core.settings import Section

# The address of those officers who have to do with the whole nation.
NATION = "nation"

Days = Annotated[int, Field(ge=1, le=100)]
InstitutionId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,63}$")]


class ReminderSettings(Section):
    """``days``: so long before a certificate's end its holder is reminded, once each.

    ``officers``: an address for each institution by its id, and one for ``nation``; each gets a
    mail a day while applications wait for longer than ``waiting_days``.
    """

    days: tuple[Days, ...] = (60, 30, 7, 1)
    officers: dict[InstitutionId, Address] = Field(default_factory=dict)
    waiting_days: int = Field(default=3, ge=1, le=60)

    @field_validator("days")
    @classmethod
    def _are_different(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(value)) != len(value):
            raise ValueError("each number of days stands once")
        return tuple(sorted(value, reverse=True))

    @property
    def patience(self) -> timedelta:
        """How long an application may wait before officers hear of it."""
        return timedelta(days=self.waiting_days)
