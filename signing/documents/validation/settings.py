"""``[validation]``: what strangers may have validated."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from core.settings import Section
from signing.documents.validation.bounds import Bounds


class ValidationSettings(Section):
    """How much is examined for whoever asks, without a sign-in.

    ``max_octets`` of a document and its content together, ``seconds`` for one, ``at_once`` in each
    process, ``rate`` for each caller.
    """

    max_octets: int = Field(default=64 << 20, ge=1 << 20, le=1 << 30)
    seconds: int = Field(default=20, ge=1, le=300)
    at_once: int = Field(default=2, ge=1, le=64)
    rate: str = "60 per hour"

    @property
    def bounds(self) -> Bounds:
        """What one examination may cost."""
        return Bounds(
            octets=self.max_octets, objects=200_000, duration=timedelta(seconds=self.seconds)
        )
