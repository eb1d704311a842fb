"""A stamp composed: every line, the QR code and the seal in their places inside the box.

Nothing is drawn yet and no PDF is touched, so whatever does not fit is refused before anything is
signed. Steps:

1. The QR code and the seal take squares beside the text, or above it in a narrow box.
2. The text shrinks, in quarters of a point, until it fits. Lines are broken between words as long
   as the text stays comfortable, then between syllables.
3. Lines are set as high as their ink, so that stacked Khmer subscripts never touch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from signing.documents.stamps.breaking import Breaker
from signing.documents.stamps.content import Paragraph, StampContent, paragraphs
from signing.documents.stamps.errors import StampDoesNotFit
from signing.documents.stamps.layouts import Alignment, Layout
from signing.documents.stamps.qr_code import QrPicture, qr_picture
from signing.documents.stamps.seal import Seal
from signing.documents.stamps.shaping import Line, Shaper
from signing.documents.stamps.template import StampTemplate

_PADDING = 3.0  # points, inside the border
_GAP = 4.0  # points, between columns
_STEP = 0.25  # points
_COMFORTABLE = 6.0  # points: below it words are rather parted than made smaller
_LEADING = 0.14  # of the size, between the ink of two lines
_ASCENT, _DESCENT = 750, 200  # thousandths of an em: what a line takes at least
_BESIDE = 1.4  # a box that is wider than this many times its height has columns
_QR_SHARE, _SEAL_SHARE, _TOP_SHARE = 0.3, 0.2, 0.5  # of width, width, height
_MM = 72 / 25.4


@dataclass(frozen=True)
class Area:
    """A rectangle inside the stamp, in points from its lower left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class PlacedLine:
    """A line of text with its size and the origin of its baseline, in points."""

    line: Line
    size: float
    x: float
    y: float


@dataclass(frozen=True)
class Composition:
    """A stamp ready to be drawn. Lengths are points."""

    width: float
    height: float
    has_border: bool
    has_ground: bool
    lines: tuple[PlacedLine, ...]
    qr: tuple[QrPicture, Area] | None
    seal: tuple[Seal, Area] | None


class Composer:
    """Composes stamps with the fonts of one shaper."""

    def __init__(self, *, shaper: Shaper) -> None:
        self._breaker = Breaker(shaper)

    def compose(
        self, template: StampTemplate, content: StampContent, seal: Seal | None = None
    ) -> Composition:
        """Compose a stamp.

        Raises StampDoesNotFit, TextCannotBeDrawn, DateOutsideCalendar, FontMissing.
        """
        look = template.look
        _, _, width, height = template.points
        inner = Area(_PADDING, _PADDING, width - 2 * _PADDING, height - 2 * _PADDING)
        picture = qr_picture(content.qr_text) if look.has_qr and content.qr_text else None
        # 1. squares beside or above the text
        rest, qr_area, seal_area = _areas(inner, picture, seal if look.has_seal else None)
        # 2. and 3. the text in what is left
        texts = paragraphs(content, template.rows)
        lines = self._fitted(texts, look, rest) if texts else []
        return Composition(
            width,
            height,
            look.has_border,
            template.ground,
            tuple(lines),
            (picture, qr_area) if picture and qr_area else None,
            (seal, seal_area) if seal and seal_area else None,
        )

    def _fitted(self, texts: list[Paragraph], look: Layout, area: Area) -> list[PlacedLine]:
        for size, anywhere in _attempts(look):
            broken = self._broken(texts, size, area.width, anywhere)
            if broken is not None and _height(broken) <= area.height:
                return list(_placed(broken, area, look.align))
        widest = max(texts, key=lambda one: len(one.text) * one.scale)
        raise StampDoesNotFit(
            f"The texts of the stamp do not fit into {_mm(area.width)} by {_mm(area.height)} mm "
            f"even at {look.smallest_text:g} points; the longest is the {widest.name}: "
            f"“{widest.text}”. Make the box larger, shorten the text, or "
            "choose a layout with fewer rows.",
            text=widest.name,
        )

    def _broken(
        self, texts: list[Paragraph], size: float, width: float, anywhere: bool
    ) -> list[tuple[Line, float]] | None:
        found: list[tuple[Line, float]] = []
        for text in texts:
            scaled = size * text.scale
            lines = self._breaker.lines(
                text.text, bold=text.is_bold, width=width / scaled * 1000, anywhere=anywhere
            )
            if lines is None or len(lines) > text.max_lines:
                return None
            found += [(line, scaled) for line in lines]
        return found


def _attempts(look: Layout) -> Iterator[tuple[float, bool]]:
    """Yield (size, whether syllables may be parted), the best first."""
    count = int((look.largest_text - look.smallest_text) / _STEP) + 1
    sizes = [look.largest_text - _STEP * step for step in range(count)]
    yield from ((size, False) for size in sizes if size >= _COMFORTABLE)
    yield from ((size, True) for size in sizes if size >= _COMFORTABLE)
    yield from ((size, False) for size in sizes if size < _COMFORTABLE)
    yield from ((size, True) for size in sizes if size < _COMFORTABLE)


def _ink(line: Line, size: float) -> tuple[float, float]:
    """Return how far a line reaches above and below its baseline, in points."""
    return max(line.top, _ASCENT) * size / 1000, max(-line.bottom, _DESCENT) * size / 1000


def _height(lines: Sequence[tuple[Line, float]]) -> float:
    ink = sum(sum(_ink(line, size)) for line, size in lines)
    return ink + sum(size * _LEADING for _, size in lines[1:])


def _placed(
    lines: Sequence[tuple[Line, float]], area: Area, align: Alignment
) -> Iterator[PlacedLine]:
    y = area.y + (area.height + _height(lines)) / 2
    for number, (line, size) in enumerate(lines):
        above, below = _ink(line, size)
        y -= above + (size * _LEADING if number else 0)
        spare = area.width - line.width * size / 1000
        x = area.x + (spare / 2 if align is Alignment.CENTRE else 0)
        yield PlacedLine(line, size, x - min(0, line.left) * size / 1000, y)
        y -= below


def _areas(
    inner: Area, picture: QrPicture | None, seal: Seal | None
) -> tuple[Area, Area | None, Area | None]:
    """Return the areas of text, QR code and seal."""
    if inner.width <= 0 or inner.height <= 0:
        raise StampDoesNotFit("The box of the stamp has no room inside its border.")
    least = picture.smallest_side_mm * _MM if picture else 0.0
    if picture and least > min(inner.width, inner.height):
        raise StampDoesNotFit(
            f"The QR code needs {_mm(least)} by {_mm(least)} mm to be read from paper; inside its "
            f"border the box has {_mm(inner.width)} by {_mm(inner.height)} mm. "
            "Make the box larger.",
            needed_mm=round(least * 25.4 / 72, 1),
        )
    if inner.width >= _BESIDE * inner.height:
        return _beside(inner, least if picture else None, seal)
    return _above(inner, least if picture else None, seal)


def _beside(
    inner: Area, least: float | None, seal: Seal | None
) -> tuple[Area, Area | None, Area | None]:
    left, right = inner.x, inner.x + inner.width
    qr_area = seal_area = None
    if least is not None:
        side = max(least, min(inner.height, inner.width * _QR_SHARE))
        qr_area = Area(right - side, inner.y + (inner.height - side) / 2, side, side)
        right -= side + _GAP
    if seal is not None:
        column = Area(left, inner.y, inner.width * _SEAL_SHARE, inner.height)
        seal_area = _within(column, seal)
        left += column.width + _GAP
    return Area(left, inner.y, max(right - left, 1), inner.height), qr_area, seal_area


def _above(
    inner: Area, least: float | None, seal: Seal | None
) -> tuple[Area, Area | None, Area | None]:
    if least is None and seal is None:
        return inner, None, None
    side = max(least or 0, min(inner.width / (1 + (seal is not None)), inner.height * _TOP_SHARE))
    top = inner.y + inner.height - side
    qr_area = seal_area = None
    if least is not None:
        x = inner.x + (inner.width - side) / (1 if seal is not None else 2)
        qr_area = Area(x, top, side, side)
    if seal is not None:
        room = inner.width - (side + _GAP if least is not None else 0)
        seal_area = _within(Area(inner.x, top, max(room, 1), side), seal)
    return (
        Area(inner.x, inner.y, inner.width, max(inner.height - side - _GAP, 1)),
        qr_area,
        seal_area,
    )


def _within(area: Area, seal: Seal) -> Area:
    factor = min(area.width / seal.width, area.height / seal.height)
    width, height = seal.width * factor, seal.height * factor
    return Area(
        area.x + (area.width - width) / 2, area.y + (area.height - height) / 2, width, height
    )


def _mm(points: float) -> str:
    return f"{points / _MM:.1f}"
