"""``[credentials]``: signing keys of people and organizations."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from core.settings import Section
from hsm.settings import OPERATIONS_TOKEN


class CredentialSettings(Section):
    """``token`` is the HSM token in which the keys are made and used.

    ``wrong_pins`` lock a key; its holder opens it ``own_unlockings`` times by passkey until a right
    PIN comes, and officers do after that. An authorization ends after ``activation_minutes``, and
    extended after ``longest_minutes`` at most. The defaults of ``pin_memory_kibibytes``,
    ``pin_passes`` and ``pin_lanes`` are RFC 9106, Section 4, second recommended option; a key keeps
    those that it was sealed with until its PIN is changed.
    """

    token: str = OPERATIONS_TOKEN
    wrong_pins: int = Field(default=5, ge=3, le=10)
    own_unlockings: int = Field(default=3, ge=0, le=10)
    shortest_pin: int = Field(default=8, ge=6, le=32)
    activation_minutes: int = Field(default=5, ge=1, le=30)
    longest_minutes: int = Field(default=60, ge=1, le=240)
    most_signatures: int = Field(default=1_000, ge=1, le=10_000)
    pin_memory_kibibytes: int = Field(default=64 * 1024, ge=1024, le=1024 * 1024)
    pin_passes: int = Field(default=3, ge=1, le=20)
    pin_lanes: int = Field(default=4, ge=1, le=16)

    @property
    def activation_lifetime(self) -> timedelta:
        """How long an authorization is good for."""
        return timedelta(minutes=self.activation_minutes)

    @property
    def longest_activation(self) -> timedelta:
        """How long one may be, with all extensions."""
        return timedelta(minutes=self.longest_minutes)
