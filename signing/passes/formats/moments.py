"""Instants and dates as passes write them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from signing.passes.formats.opened import DatedNote
from signing.passes.rules.dates import read_date, read_date_time

_FIRST, _LAST = 0, 253_402_300_799  # 1970-01-01 to 9999-12-31
# What lies beyond what Python knows is as far away as these.
_FIRST_INSTANT = datetime.min.replace(tzinfo=UTC)
_LAST_INSTANT = datetime.max.replace(tzinfo=UTC)
# Dates are local: a day begins first where clocks are furthest ahead of UTC.
_EARLIEST_ZONE = timedelta(hours=14)


class ClaimedTimes:
    """The NumericDate claims of a token (RFC 8392, Section 2; RFC 7519), and what is wrong there.

    Seconds as an integer or with a fraction: published passes have both.
    """

    def __init__(self, claims: Mapping[Any, Any]) -> None:
        self._claims = claims
        self.faults: list[str] = []

    def instant(self, claim: int | str, name: str) -> datetime | None:
        """Return the instant of a claim, None where there is none or none that is a time."""
        if claim not in self._claims:
            return None
        value = self._claims[claim]
        if type(value) not in (int, float) or value < _FIRST:
            self.faults.append(f"{name} is no time.")
            return None
        if value > _LAST:
            # Milliseconds for seconds: far away is what it says.
            return _LAST_INSTANT
        return datetime.fromtimestamp(value, UTC)


def day_begins(text: object) -> datetime | None:
    """Return the first instant of a date, or the instant itself; None for what is neither."""
    return _moment(text, timedelta())


def day_ends(text: object) -> datetime | None:
    """Return the instant after a date is over, or the instant itself; None for neither."""
    return _moment(text, timedelta(days=1))


def doses_ahead(*given: object) -> Iterator[DatedNote]:
    """Yield a note for each dose, by its date, that is true until the date has come."""
    for text in dict.fromkeys(one for one in given if isinstance(one, str)):
        begins = _moment(text, -_EARLIEST_ZONE)
        if begins is not None:
            yield DatedNote(f"The dose is dated {text}, in the future.", before=begins)


def _moment(text: object, beyond: timedelta) -> datetime | None:
    if not isinstance(text, str):
        return None
    day = read_date(text)
    found = read_date_time(text) if day is None else datetime.combine(day, time())
    if found is None:
        return None
    try:
        utc = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        return utc if day is None else utc + beyond
    except OverflowError:
        return _FIRST_INSTANT if found.year == 1 else _LAST_INSTANT
