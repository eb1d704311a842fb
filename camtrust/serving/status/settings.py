"""``[serve.status]``: how the front answers for certificates' status."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, field_validator

from core.settings import Section
from ocsp.budget import Rate

# Who waits for a token longer than this has been answered elsewhere by then.
LONGEST_WAIT_SECONDS = 5.0


class StatusSettings(Section):
    """Freshness, live signing, and how long our own nginx keeps an answer.

    ``follow_within``: how old the follower's heartbeat may be before the live responder is asked
    first. ``live_slots``: how many requests are answered live at once in each process, and as many
    again wait up to ``live_wait_seconds`` for their turn. ``live_rate``: how many signatures
    strangers may cause, in each process, or in all together where ``serve.rate_limit_storage``
    names a Redis. ``proxy_keeps``: for how long deploy/nginx keeps an answer; what is revoked is
    seen that much later.
    """

    follow_within: timedelta = Field(default=timedelta(minutes=10), ge=timedelta(seconds=5))
    live_slots: int = Field(default=4, ge=1, le=64)
    live_wait_seconds: float = Field(default=0.25, ge=0, le=LONGEST_WAIT_SECONDS)
    live_rate: str = "1000 per second"
    proxy_keeps: timedelta = Field(
        default=timedelta(seconds=20), ge=timedelta(0), le=timedelta(seconds=50)
    )

    @field_validator("live_rate")
    @classmethod
    def _is_a_rate(cls, value: str) -> str:
        Rate.parse(value)
        return value
