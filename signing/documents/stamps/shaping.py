"""Text becomes glyphs: split between the two fonts, and shaped by HarfBuzz.

What cannot be drawn is refused here: a character that neither font has, and Khmer whose code
points stand in an order that HarfBuzz can only draw with a dotted circle.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import uharfbuzz as harfbuzz

from signing.documents.stamps.errors import TextCannotBeDrawn
from signing.documents.stamps.fonts import LATIN_RANGES, Font, FontFolder, Script

_KHMER = ((0x1780, 0x17FF), (0x19E0, 0x19FF))
# Spaces and joiners belong to the script before them.
_INHERITING = {" ", "\u00a0", "\u200c", "\u200d"}
ZERO_WIDTH_SPACE = "\u200b"  # says where Khmer may be broken; never drawn
_DOTTED_CIRCLE = 0x25CC
_LINES_REMEMBERED = 4096


@dataclass(frozen=True)
class Run:
    """Glyphs of one font, with their extents in thousandths of an em."""

    font: Font
    text: str
    glyphs: tuple[int, ...]
    advance: int
    left: int
    right: int
    top: int
    bottom: int


@dataclass(frozen=True)
class Line:
    """One line of text; extents of its ink in thousandths of an em, from its origin."""

    text: str
    runs: tuple[Run, ...]
    advance: int
    left: int
    right: int
    top: int
    bottom: int

    @property
    def width(self) -> int:
        """The room it needs, ink that hangs out on either side included."""
        return max(self.advance, self.right) - min(0, self.left)


class Shaper:
    """Shapes lines with the fonts of one folder."""

    def __init__(self, fonts: FontFolder) -> None:
        self._fonts = fonts
        self.line = lru_cache(maxsize=_LINES_REMEMBERED)(self._line)

    def _line(self, text: str, bold: bool) -> Line:
        """Shape one line. Raises TextCannotBeDrawn."""
        runs: list[Run] = []
        at = left = right = top = bottom = 0
        for script, part in self._split(text, bold):
            run = _shape(self._fonts.font(script, bold=bold), part)
            left, right = min(left, at + run.left), max(right, at + run.right)
            top, bottom = max(top, run.top), min(bottom, run.bottom)
            at += run.advance
            runs.append(run)
        return Line(text, tuple(runs), at, left, right, top, bottom)

    def _split(self, text: str, bold: bool) -> Iterator[tuple[Script, str]]:
        current, part = Script.LATIN, ""
        for character in text.replace(ZERO_WIDTH_SPACE, ""):
            script = self._script_of(character, current, bold, text)
            if script is not current and part:
                yield current, part
                part = ""
            current, part = script, part + character
        if part:
            yield current, part

    def _script_of(self, character: str, current: Script, bold: bool, text: str) -> Script:
        code = ord(character)
        if _is_in(code, _KHMER):
            script = Script.KHMER
        elif character in _INHERITING or unicodedata.combining(character):
            script = current
        elif _is_in(code, LATIN_RANGES):
            script = Script.LATIN
        else:
            raise _no_glyph(character, text)
        if code not in self._fonts.font(script, bold=bold).characters:
            raise _no_glyph(character, text)
        return script


def _is_in(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


def _no_glyph(character: str, text: str) -> TextCannotBeDrawn:
    name = unicodedata.name(character, "a character without a name")
    return TextCannotBeDrawn(
        f"The fonts of stamps have no sign for {name} (U+{ord(character):04X}) in “{text}”. "
        "Stamps hold Khmer, Latin, Greek and Cyrillic letters. Write the text "
        "without it.",
        character=f"U+{ord(character):04X}",
    )


def _shape(font: Font, text: str) -> Run:
    buffer = harfbuzz.Buffer()
    buffer.add_str(text)
    buffer.set_script_from_ot_tag(font.script.value)
    buffer.direction = "ltr"
    buffer.guess_segment_properties()
    harfbuzz.shape(font.shaper, buffer)
    glyphs = tuple(info.codepoint for info in buffer.glyph_infos)
    _check_drawn(font, text, glyphs)
    x = left = right = top = bottom = 0
    for glyph, position in zip(glyphs, buffer.glyph_positions, strict=True):
        extents = font.shaper.get_glyph_extents(glyph)
        if extents is not None and extents.width:
            ink = x + position.x_offset + extents.x_bearing
            height = position.y_offset + extents.y_bearing
            left, right = min(left, ink), max(right, ink + extents.width)
            top, bottom = max(top, height), min(bottom, height + extents.height)
        x += position.x_advance
    return Run(font, text, glyphs, x, left, right, top, bottom)


def _check_drawn(font: Font, text: str, glyphs: tuple[int, ...]) -> None:
    circle = font.shaper.get_nominal_glyph(_DOTTED_CIRCLE)
    inserted = circle is not None and circle in glyphs and chr(_DOTTED_CIRCLE) not in text
    if 0 in glyphs or inserted:
        raise TextCannotBeDrawn(
            f"“{text}” is Khmer in an order that cannot be drawn: a vowel, sign or subscript "
            "stands without the letter that carries it. Type the word again, "
            "each letter followed by its subscripts, then its vowel, then its signs."
        )
