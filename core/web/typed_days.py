"""Days as people type them into forms, and where they begin and end in Cambodia."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from core.digits import ascii_digits
from core.web.languages import PHNOM_PENH

# No day that anybody is asked for lies outside of them, and all of them fit into an instant.
YEARS = range(1900, 2200)
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")


def day_in(text: str) -> date | None:
    """Return the day that ``dd/mm/yyyy`` names, in Khmer digits too; None for anything else."""
    found = _DAY.fullmatch(ascii_digits(text).strip())
    if found is None:
        return None
    day, month, year = map(int, found.groups())
    if year not in YEARS:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def beginning_of(day: date) -> datetime:
    """Return when a day begins in Cambodia."""
    return datetime(day.year, day.month, day.day, tzinfo=PHNOM_PENH).astimezone(UTC)


def end_of(day: date) -> datetime:
    """Return when a day is over in Cambodia."""
    return beginning_of(day) + timedelta(days=1)
