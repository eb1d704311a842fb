"""Cursors: where the next page begins, opaque to the client.

A cursor names the last row that was seen, so a page costs the same wherever it begins and
rows that come or go in between are neither shown twice nor skipped.
"""

from __future__ import annotations

import base64
import binascii
import re

from core.errors import Malformed

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
_VERSION = "1:"
_ID = re.compile(r"[0-9a-f]{32}")


class CursorMalformed(Malformed):
    """The cursor is none that this service gave out."""

    problem = "cursor-malformed"
    title = "This cursor was not given out here"


def cursor_after(row_id: str) -> str:
    """Return the cursor for the page after the row ``row_id`` (32 hex digits)."""
    return base64.urlsafe_b64encode((_VERSION + row_id).encode()).rstrip(b"=").decode()


def row_id_of(cursor: str) -> str:
    """Return the row that ``cursor`` comes after. Raises CursorMalformed."""
    try:
        text = base64.b64decode(
            cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True
        ).decode("ascii")
    except (UnicodeError, binascii.Error) as error:
        raise CursorMalformed("The cursor cannot be read.") from error
    row_id = text.removeprefix(_VERSION)
    if not text.startswith(_VERSION) or not _ID.fullmatch(row_id):
        raise CursorMalformed("The cursor cannot be read.")
    return row_id
