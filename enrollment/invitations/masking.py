"""A person's data as they recognize it, and nobody else learns it."""

from __future__ import annotations

import unicodedata

_MASK = "…"


def masked_name(name: str) -> str:
    """Return the first letter of each part of a name: ``S… D…``.

    A Khmer letter comes with the signs that are written upon it, as it cannot be read without.
    """
    return " ".join(f"{_first_letter(part)}{_MASK}" for part in name.split())


def _first_letter(part: str) -> str:
    letter = part[0]
    for sign in part[1:]:
        # Unicode, Section 16.4: vowel signs and others are marks, and stand with their consonant.
        if not unicodedata.category(sign).startswith("M") or sign == "\u17d2":
            break
        letter += sign
    return letter
