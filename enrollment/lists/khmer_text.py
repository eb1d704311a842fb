"""Text made such that equal names are equal octets: Unicode NFC, Khmer letters in their order.

NFC leaves the order of Khmer marks alone, and what looks the same is then not the same: coeng
and coeng ro, coeng da and ta, split vowels. khmerspell knows SIL's Khmer character specification.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from khmerspell import khnormal

KHMER_LETTER = re.compile("[\u1780-\u17dd]")
LATIN_LETTER = re.compile("[A-Za-z\u00c0-\u024f]")
# Zero-width space, non-joiner, joiner, word joiner, byte order mark, and the soft hyphen.
ZERO_WIDTH = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]")
# RFC 8265, Section 4.2.2, forbids controls in such text; the marks of direction hide text.
_HIDDEN = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufff0-\uffff]"
)
_SPACES = re.compile(r"\s+")


def has_controls(text: str) -> bool:
    """Tell whether a text holds controls, marks of direction, surrogates or private letters."""
    return _HIDDEN.search(text) is not None or any(
        unicodedata.category(one) in {"Cs", "Co", "Cn"} for one in text if ord(one) > 0x24F
    )


def tidied(text: str) -> str:
    """Return a text without zero-width characters, each run of space one, in NFC."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", ZERO_WIDTH.sub("", text))).strip()


@lru_cache(maxsize=65_536)
def in_khmer_order(text: str) -> str:
    """Return a text with the letters of each Khmer syllable in their order."""
    if KHMER_LETTER.search(text) is None:
        return text
    ordered: str = khnormal(text)
    return ordered
