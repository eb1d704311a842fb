"""Names and other text of a list: in the script of their column, in Unicode, in their order."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from enrollment.lists.columns import KHMER
from enrollment.lists.findings import Finding
from enrollment.lists.identifiers import Read
from enrollment.lists.khmer_text import KHMER_LETTER, LATIN_LETTER, in_khmer_order
from enrollment.lists.limon import from_limon, likeness

# From here on a text is more Limon than not.
LIMON_LIKENESS = 0.5
# RFC 5280, Appendix A: ub-surname 40, ub-given-name 16 are old bounds; X.520 (2019) has none.
# Ours is what the tables hold.
LONGEST_NAME = 64
LONGEST_TITLE = 200
# Letters and marks of any script, and what joins names.
_LATIN_NAME = re.compile(
    r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff][A-Za-z\u00c0-\u024f\u1e00-\u1eff.'\u2019 \-]*"
)
_KHMER_NAME = re.compile("[\u1780-\u17b3][\u1780-\u17d3\u17dd \\-]*")


@dataclass
class ScriptHabits:
    """In which Khmer columns the cells without Khmer letters look like Limon, all in all."""

    looked_at: dict[str, int] = field(default_factory=dict)
    like_limon: dict[str, int] = field(default_factory=dict)

    def learn(self, column: str, text: str) -> None:
        """Look at one cell of a column for Khmer text."""
        if column not in KHMER or KHMER_LETTER.search(text) or not LATIN_LETTER.search(text):
            return
        self.looked_at[column] = self.looked_at.get(column, 0) + 1
        if likeness(text) >= LIMON_LIKENESS:
            self.like_limon[column] = self.like_limon.get(column, 0) + 1

    def is_limon(self, column: str) -> bool:
        """Tell whether most such cells of the column look like Limon."""
        return 2 * self.like_limon.get(column, 0) > self.looked_at.get(column, 0)


def read_text(column: str, text: str, habits: ScriptHabits) -> Read:
    """Read text that was tidied: an error where its script is wrong, a proposal where it is Limon.

    What is in a Limon font is known by the letters of this cell, or of most of its column.
    """
    if not text:
        return Read(None)
    if column in KHMER:
        return _read_khmer(column, text, habits)
    if column.endswith("_latin") and KHMER_LETTER.search(text):
        return Read(None, [Finding("wrong-script", column, text)])
    if "name" in column and _LATIN_NAME.fullmatch(text) is None:
        return Read(None, [Finding("name-unreadable", column, text)])
    return _bounded(column, in_khmer_order(text), [])


def split_full_name(
    values: Mapping[str, str | None], script: str, text: str
) -> tuple[dict[str, str | None], Finding | None]:
    """Return surname and given name out of a full name; surnames come first in Cambodia.

    A single name is a given name. Columns that hold the parts themselves are believed.
    """
    surname, given = f"surname_{script}", f"given_name_{script}"
    if values.get(surname) or values.get(given):
        return {}, None
    first, _space, rest = text.partition(" ")
    if not rest:
        return {given: first}, None
    found = Finding("name-split", f"full_name_{script}", text, f"{first} | {rest}")
    return {surname: first, given: rest}, found


def has_name(values: Mapping[str, object]) -> bool:
    """Tell whether there is a name in one script; a single name is a name."""
    names: Collection[str] = ("surname_km", "given_name_km", "surname_latin", "given_name_latin")
    return any(values.get(one) for one in names)


def _read_khmer(column: str, text: str, habits: ScriptHabits) -> Read:
    if KHMER_LETTER.search(text) is None:
        if likeness(text) < LIMON_LIKENESS and not habits.is_limon(column):
            return Read(None, [Finding("wrong-script", column, text)])
        read = from_limon(text)
        if read is None:
            return Read(None, [Finding("limon-unreadable", column, text)])
        return _bounded(column, read, [Finding("limon", column, text, read)])
    if LATIN_LETTER.search(text) and "name" in column:
        return Read(None, [Finding("wrong-script", column, text)])
    ordered = in_khmer_order(text)
    if "name" in column and _KHMER_NAME.fullmatch(ordered) is None:
        return Read(None, [Finding("name-unreadable", column, text)])
    found = [] if ordered == text else [Finding("khmer-order", column, text, ordered)]
    return _bounded(column, ordered, found)


def _bounded(column: str, text: str, findings: list[Finding]) -> Read:
    longest = LONGEST_NAME if "name" in column else LONGEST_TITLE
    if len(text) > longest:
        return Read(None, [Finding("too-long", column, text[:longest])])
    return Read(text, findings)
