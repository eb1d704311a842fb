"""``[cmp]``: how long transactions wait, and whose key signs the server's answers."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from core.settings import Section


class CmpSettings(Section):
    """What the CMP server is held to.

    ``confirm_minutes``: how long a certificate waits for its certConf before it is revoked.
    ``poll_hours``: how long a request that could not be answered at once may be polled for.
    ``poll_seconds``: what a client is told to wait before it asks again. ``clock_minutes``: how
    far messageTime may be from our clock. ``token``: where the key that signs answers lives;
    its certificate is replaced ``renew_before`` it ends. ``largest_message_octets``: a request
    with a long chain has 10 kB.
    """

    confirm_minutes: int = Field(default=30, ge=1, le=1440)
    poll_hours: int = Field(default=72, ge=1, le=720)
    poll_seconds: int = Field(default=60, ge=1, le=86_400)
    clock_minutes: int = Field(default=10, ge=1, le=1440)
    token: str = "status"  # noqa: S105 - the name of a token, no secret
    renew_before: timedelta = timedelta(days=30)
    largest_message_octets: int = Field(default=65_536, ge=8_192, le=262_144)

    @property
    def confirm_within(self) -> timedelta:
        """How long a certificate waits for its confirmation."""
        return timedelta(minutes=self.confirm_minutes)

    @property
    def poll_within(self) -> timedelta:
        """How long a delayed request may be polled for."""
        return timedelta(hours=self.poll_hours)

    @property
    def clock_difference(self) -> timedelta:
        """How far messageTime may be from our clock."""
        return timedelta(minutes=self.clock_minutes)
