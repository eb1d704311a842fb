"""``[approval]``: circulations of documents among signers."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import Field

from core.settings import Section

MEBIBYTE = 1 << 20
# The largest form that any circulation may come in; the setting may only be lower.
MOST_OCTETS = 32 * MEBIBYTE


class ApprovalSettings(Section):
    """Documents over ``largest_octets`` are not sent round: each signature is one more copy.

    ``seals`` names, for each institution whose own people may start circulations, the seal that
    closes them; of others, programs alone start them, and name the seal themselves. People are
    reminded ``remind_hours`` before a deadline. A document's title stands in mails only where
    ``titles_in_mails`` says so, for mail is read by others, and never one that holds a link. The
    documents lie in ``folder``, within the home or shared by all machines, and are erased
    ``kept_days`` after the end. A deputy stands in for ``longest_deputy_days`` at most. An
    institution has at most ``at_once`` circulations that have not ended.
    """

    largest_octets: int = Field(default=16 * MEBIBYTE, ge=1024, le=MOST_OCTETS)
    seals: dict[str, str] = Field(default_factory=dict)
    remind_hours: tuple[int, ...] = (24, 4)
    titles_in_mails: bool = False
    folder: Path = Path("approvals")
    kept_days: int = Field(default=90, ge=1, le=3650)
    longest_days: int = Field(default=180, ge=1, le=730)
    longest_deputy_days: int = Field(default=100, ge=1, le=730)
    at_once: int = Field(default=2_000, ge=1, le=100_000)

    @property
    def kept(self) -> timedelta:
        """How long the documents of a circulation that ended can be fetched."""
        return timedelta(days=self.kept_days)

    @property
    def longest(self) -> timedelta:
        """How far ahead a deadline may lie."""
        return timedelta(days=self.longest_days)

    @property
    def reminders(self) -> tuple[timedelta, ...]:
        """When people are reminded, counted back from the deadline, the earliest first."""
        return tuple(timedelta(hours=one) for one in sorted(self.remind_hours, reverse=True))
