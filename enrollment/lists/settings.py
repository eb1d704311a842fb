"""``[lists]``: how large a list may be, and what happens to those who leave it."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from core.settings import Section

MEBIBYTE = 1024 * 1024
# The largest list, and what a form wraps around it.
LARGEST_LIST_OCTETS = 50 * MEBIBYTE
LARGEST_UPLOAD_OCTETS = LARGEST_LIST_OCTETS + 64 * 1024


class ListSettings(Section):
    """Limits of human-resources lists, and the grace of those who leave one.

    The largest ministry has over 100,000 people; a row takes about 150 octets of CSV. A list of up
    to ``read_at_once_octets`` is read while its officer waits, a larger one by the scheduler.
    """

    max_octets: int = Field(default=LARGEST_LIST_OCTETS, ge=65_536, le=LARGEST_LIST_OCTETS)
    max_rows: int = Field(default=200_000, ge=100, le=1_000_000)
    read_at_once_octets: int = Field(default=256 * 1024, ge=0, le=MEBIBYTE)
    # CP, Section 4.9.13: what was issued is suspended so long after its holder left.
    grace_days: int = Field(default=14, ge=0, le=90)
    # Rows are personal data: they go this long after the list was closed.
    keep_rows_days: int = Field(default=90, ge=1, le=400)

    @property
    def grace(self) -> timedelta:
        """How long whoever left may come back without a trace."""
        return timedelta(days=self.grace_days)

    @property
    def keep_rows(self) -> timedelta:
        """How long a closed list keeps its rows."""
        return timedelta(days=self.keep_rows_days)
