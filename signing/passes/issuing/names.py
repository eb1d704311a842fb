"""Latin names: what travel documents write, and whether two are the same."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from signing.passes.issuing.errors import UNISSUED, NameMismatch, NameUnwritable

# ICAO Doc 9303-3, Section 4.6: characters of a name in the machine-readable zone.
_ZONE = 39
_FILLER = "<"
# ICAO Doc 9303-3, Section 6, Table 6-A: what does not lose a mark alone.
_LETTERS = {
    "Æ": "AE", "Œ": "OE", "Ø": "OE", "Å": "AA", "Ä": "AE", "Ö": "OE", "Ü": "UE", "Ñ": "N",
    "ß": "SS", "ẞ": "SS", "Þ": "TH", "Ð": "D", "Đ": "D", "Ł": "L", "Ħ": "H", "Ŧ": "T", "Ŋ": "N",
    "Ĳ": "IJ", "\u0131": "I", "ĸ": "K",
}  # fmt: skip
_LATIN = re.compile("[^\\W\\d_]+(?:[ '\u2019.\\-][ ]?[^\\W\\d_]+)*[.]?")


def checked_latin(text: str) -> str:
    """Return a name as it is. Raises ValueError where it is none in Latin letters."""
    letters = [one for one in text if one.isalpha()]
    is_latin = all(unicodedata.name(one, "").startswith("LATIN ") for one in letters)
    if _LATIN.fullmatch(text) is None or not is_latin:
        raise ValueError("has to be in Latin letters, with spaces, hyphens or apostrophes between")
    try:
        transliterated(text)
    except NameUnwritable as error:
        raise ValueError(error.detail) from None
    return text


@lru_cache(maxsize=65_536)
def transliterated(text: str, *, plain: bool = False) -> str:
    """Return a Latin name in the letters of the machine-readable zone, with fillers between.

    ICAO Doc 9303-3, Sections 4.6 and 6: apostrophes go, hyphens are fillers. ``plain``: where the
    table leaves a choice, as of Ä, the letter alone. Raises NameUnwritable.
    """
    words = []
    for word in re.split(r"[ \-]+", text.replace("'", "").replace("\u2019", "").replace(".", " ")):
        letters = "".join(_letter(one, plain) for one in unicodedata.normalize("NFC", word))
        if letters:
            words.append(letters)
    return _FILLER.join(words)


def zone_name(surname: str | None, given_names: str | None, *, plain: bool = False) -> str:
    """Return a name as the machine-readable zone has it, without trailing fillers.

    Doc 9303-3, Section 4.6.1: a single name stands as the primary identifier, alone.
    """
    parts = [transliterated(one, plain=plain) for one in (surname, given_names) if one]
    return (_FILLER * 2).join(parts)


def check_same_name(surname: str | None, given_names: str | None, zone: str) -> None:
    """Check that a record's name is its travel document's. Raises NameMismatch.

    A name that is too long for the zone is cut there (Doc 9303-3, Section 4.2.3.2), so a full zone
    has to be how the name begins.
    """
    theirs = zone.rstrip(_FILLER)
    is_cut = len(zone) == _ZONE and not zone.endswith(_FILLER)
    for plain in (False, True):
        ours = zone_name(surname, given_names, plain=plain)
        if ours == theirs or (is_cut and len(ours) > _ZONE and ours.startswith(theirs)):
            return
    raise NameMismatch(
        "The record's name is written otherwise than the travel document's: compare both with the "
        "document, and correct the one that is wrong.",
        kept=UNISSUED,
    )


def _letter(letter: str, plain: bool) -> str:
    bare = unicodedata.normalize("NFD", letter.upper())[:1]
    upper = _LETTERS.get(letter) or _LETTERS.get(letter.upper()) or bare
    if plain and bare.isascii():
        upper = bare
    if not (upper.isascii() and upper.isalpha()):
        raise NameUnwritable(
            f"{letter} is no letter of a Latin name: write it as the passport does.", kept=UNISSUED
        )
    return upper
