"""What a form or a command line asks: the time, the files, the password."""

from __future__ import annotations

from datetime import UTC, datetime

from signing.documents.validation.errors import TimeMalformed


def read_moment(text: str) -> datetime:
    """Read an instant as RFC 3339 writes it; without an offset it is in UTC.

    Raises TimeMalformed.
    """
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise TimeMalformed(
            "A time is written like 2026-12-01T08:00:00Z.", kept="Nothing was validated."
        ) from error
