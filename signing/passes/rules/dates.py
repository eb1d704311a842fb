"""Dates and instants in text (RFC 3339, Section 5.6), read whole or not at all."""

from __future__ import annotations

import re
from datetime import date, datetime

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
# With what issuers write besides: no seconds, no colon in the offset, or no offset at all.
_DATE_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,12})?)?"
    r"([Zz]|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)?\Z",
    re.ASCII,
)


def read_date(text: str) -> date | None:
    """Return the date that a text is, None for what is none or does not exist."""
    if not _DATE.match(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def read_date_time(text: str) -> datetime | None:
    """Return the instant or local time that a text is, None for what is none."""
    if not _DATE_TIME.match(text):
        return None
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        return None
