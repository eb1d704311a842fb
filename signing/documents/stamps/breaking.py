"""Where a line may be broken, and a text broken into lines of a given width.

Khmer has no spaces between words. A line is broken at spaces, after hyphens and slashes and at
zero-width spaces; when a piece is wider than the line and ``anywhere`` is allowed, between
orthographic syllables, never inside one (Unicode 16, Section 16.4: base, subscripts, vowel,
signs).
"""

from __future__ import annotations

import re

from signing.documents.stamps.shaping import Line, Shaper

_PIECE = re.compile(r"[^ \u200b/\-]*[/\-]*[ \u200b]*")
_SYLLABLE = re.compile(
    "(?:[\u1780-\u17b3][\u17b4-\u17d1\u17d3\u17dd\u200c\u200d]*"
    "(?:\u17d2[\u1780-\u17b3][\u17b4-\u17d1\u17d3\u17dd\u200c\u200d]*)*)|.[\u0300-\u036f]*",
    re.DOTALL,
)


class Breaker:
    """Breaks texts into lines, measured by a shaper."""

    def __init__(self, shaper: Shaper) -> None:
        self._shaper = shaper

    def lines(self, text: str, *, bold: bool, width: float, anywhere: bool) -> list[Line] | None:
        """Break ``text`` into lines no wider than ``width`` thousandths of an em.

        Returns None when a piece that may not be broken is wider. Raises TextCannotBeDrawn.
        """
        lines: list[str] = []
        current = ""
        for piece in self._pieces(text, bold, width, anywhere):
            if current and self._width(current + piece, bold) > width:
                lines.append(current)
                current = ""
            current += piece
        lines.append(current)
        shaped = [self._shaper.line(one.strip(), bold) for one in lines if one.strip()]
        return None if any(line.width > width for line in shaped) else shaped

    def _pieces(self, text: str, bold: bool, width: float, anywhere: bool) -> list[str]:
        pieces: list[str] = []
        for piece in filter(None, _PIECE.findall(text)):
            if anywhere and self._width(piece, bold) > width:
                pieces += _SYLLABLE.findall(piece)
            else:
                pieces.append(piece)
        return pieces

    def _width(self, text: str, bold: bool) -> int:
        return self._shaper.line(text.strip(), bold).width
