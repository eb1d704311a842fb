"""Instants and dates as passes write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

_FIRST, _LAST = 0, 253_402_300_799  # 1970-01-01 to 9999-12-31


class ClaimedTimes:
    """The NumericDate claims of a token (RFC 8392, Section 2; RFC 7519), and what is wrong there.

    Seconds as an integer or with a fraction: published passes have both.
    """

    def __init__(self, claims: Mapping[Any, Any]) -> None:
        self._claims = claims
        self.faults: list[str] = []

    def instant(self, claim: int | str, name: str) -> datetime | None:
        """Return the instant of a claim, None where there is none or none that is a time."""
        value = self._claims.get(claim)
        if value is None:
            return None
        if type(value) not in (int, float) or value < _FIRST:
            self.faults.append(f"{name} is no time.")
            return None
        if value > _LAST:
            # Milliseconds for seconds: far away is what it says.
            return datetime.max.replace(tzinfo=UTC)
        return datetime.fromtimestamp(value, UTC)


def day_begins(text: object) -> datetime | None:
    """Return the first instant of a date, or the instant itself; None for what is neither."""
    return _moment(text, timedelta())


def day_ends(text: object) -> datetime | None:
    """Return the instant after a date is over, or the instant itself; None for neither."""
    return _moment(text, timedelta(days=1))


def _moment(text: object, beyond: timedelta) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        if len(text) == len("2026-12-01"):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC) + beyond
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
