"""Khmer text in a Limon font: known by its letters, and read into Unicode, or not at all.

Whoever writes with a Limon font sees Khmer; the file holds Latin letters. Two questions are kept
apart: whether a text is such text (:func:`likeness`) and what it says (:func:`from_limon`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from enrollment.lists.khmer_text import in_khmer_order

TABLE = Path(__file__).parent / "limon.toml"
PARTS = (
    "consonants",
    "subscripts",
    "before",
    "ro_before",
    "vowels",
    "signs",
    "shifters",
    "robats",
)
COENG = "្"
# េ is drawn before, its other half after the consonant.
_SPLIT = {"ី": "ើ", "ា": "ោ", "ៅ": "ៅ", "ឿ": "ឿ", "ៀ": "ៀ"}
# Limon draws the shifters as ុ where a vowel above takes their place. Which one is meant, the
# series of the consonant says: ៊ makes the first series the second, ៉ the other way.
_ABOVE = frozenset("ិីឹឺ័")
_FIRST_SERIES = frozenset("កខចឆដឋណតថផសហឡអ")
# No Latin name has these inside a word: marks, letters of no living language's names together,
# a capital after a small letter that no name puts there.
_STRANGE = re.compile(r"[á-þ©¢§¶µ¥½¾²³£Á-Þß;:,<>|\\\[\]{}®¿\u2018\u2019]")
_MIXED_CASE = re.compile(r"(?<=[a-z])[A-Z]|^[a-z]")


@dataclass
class _Syllable:
    base: str
    before: str = ""
    subscripts: list[str] = field(default_factory=list)
    robat: str = ""
    shifter: str = ""
    vowels: list[str] = field(default_factory=list)
    signs: list[str] = field(default_factory=list)


def likeness(text: str) -> float:
    """Return how much a text without Khmer letters looks like Limon: 0 not at all, 1 surely.

    A name in Latin letters begins each word with a capital and goes on in one case. ``dara`` is
    either; a whole column of such words is Limon.
    """
    words = text.split()
    if not words or (from_limon(text) is None and not _STRANGE.search(text)):
        return 0.0
    strange = sum(bool(_STRANGE.search(word) or _MIXED_CASE.search(word)) for word in words)
    return strange / len(words)


def from_limon(text: str) -> str | None:
    """Return what a text in a Limon font says, in Unicode; None where a letter has no place."""
    words = [_word(word) for word in text.split()]
    if not words or None in words:
        return None
    return " ".join(one for one in words if one is not None)


def _word(word: str) -> str | None:
    syllables: list[_Syllable] = []
    before, ro = "", ""
    for letter in word:
        part, meaning = _letters().get(letter, ("", ""))
        if part == "before" and not before:
            before = meaning
        elif part == "ro_before" and not ro:
            ro = meaning
        elif part == "consonants":
            syllables.append(_Syllable(meaning, before, [ro] if ro else []))
            before, ro = "", ""
        elif before or ro or not syllables or not _add(syllables[-1], part, meaning):
            # A vowel before no consonant, a mark upon nothing, or no letter of the font.
            return None
    if before or ro:
        return None
    spelt = [_spelt(one) for one in syllables]
    if None in spelt:
        return None
    return in_khmer_order("".join(one for one in spelt if one is not None))


def _add(syllable: _Syllable, part: str, meaning: str) -> bool:
    match part:
        case "subscripts" if len(syllable.subscripts) < 2:
            syllable.subscripts.append(meaning)
        case "shifters" if not syllable.shifter:
            syllable.shifter = meaning
        case "robats" if not syllable.robat:
            syllable.robat = meaning
        case "vowels" if len(syllable.vowels) < 2:
            syllable.vowels.append(meaning)
        case "signs" if len(syllable.signs) < 2:
            syllable.signs.append(meaning)
        case _:
            return False
    return True


def _spelt(one: _Syllable) -> str | None:
    vowels, shifter = list(one.vowels), one.shifter
    if "ុ" in vowels and {*vowels, *one.signs} & _ABOVE and not shifter:
        shifter = "៊" if one.base in _FIRST_SERIES else "៉"
        vowels.remove("ុ")
    vowel = "".join(vowels)
    if one.before == "េ":
        vowel = _SPLIT.get(vowel, "េ" if not vowel else "?")
    elif one.before:
        vowel = one.before + vowel
    if len(vowel) > 1 or vowel == "?":
        # Two vowels that Khmer does not write together.
        return None
    # ្រ is the last subscript, whatever stands before it.
    subscripts = sorted(one.subscripts, key=lambda letter: letter == "រ")
    stacked = "".join(COENG + letter for letter in subscripts)
    return one.base + one.robat + stacked + shifter + vowel + "".join(one.signs)


@cache
def _letters() -> Mapping[str, tuple[str, str]]:
    table: Mapping[str, Mapping[str, str]] = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {letter: (part, to) for part in PARTS for letter, to in table[part].items()}
