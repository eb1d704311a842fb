"""Khmer names in passes: well-formed, or refused. Nothing is guessed."""

from __future__ import annotations

import re
import unicodedata

from khmerspell import khnormal

# Letters, signs and marks of Khmer (Unicode, U+1780 to U+17D3 and U+17DD), and what joins names.
_NAME = re.compile("[\u1780-\u17d3\u17dd]+(?:[ \\-][\u1780-\u17d3\u17dd]+)*")


def checked_khmer(text: str) -> str:
    """Return a name as it is. Raises ValueError for other letters and for marks out of order."""
    if _NAME.fullmatch(unicodedata.normalize("NFC", text)) is None:
        raise ValueError("has to be in Khmer letters alone, without digits")
    ordered: str = khnormal(text)
    if ordered != text:
        # What looks the same has to be the same: verifiers compare, and screens draw it.
        raise ValueError(f"its letters are not in their order; is it {ordered}?")
    return text
