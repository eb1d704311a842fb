"""Khmer names in passes: well-formed, or refused. Nothing is guessed."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from khmerspell import khnormal

# A name begins with a letter; coeng (U+17D2) binds one below; other signs and marks follow letters.
_WORD = "[\u1780-\u17b3](?:\u17d2[\u1780-\u17b3]|[\u1780-\u17d1\u17d3\u17dd])*"
_NAME = re.compile(f"{_WORD}(?:[ -]{_WORD})*")


# Of a million names most have come before.
@lru_cache(maxsize=65_536)
def checked_khmer(text: str) -> str:
    """Return a name as it is. Raises ValueError for other letters and for marks out of order."""
    if _NAME.fullmatch(unicodedata.normalize("NFC", text)) is None:
        raise ValueError("has to be in Khmer letters alone, each mark behind its letter")
    ordered: str = khnormal(text)
    if ordered != text:
        # What looks the same has to be the same: verifiers compare, and screens draw it.
        raise ValueError(f"its letters are not in their order; is it {ordered}?")
    return text
