"""Where a box lies on a page: from a corner that a reader sees to the page's own coordinates.

A page may be shown turned (``/Rotate``), cut (``/CropBox``), scaled (``/UserUnit``) and have its
origin anywhere (ISO 32000-2, 7.7.3.3 and 14.11.2); templates know nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyhanko.pdf_utils.generic import Dereferenceable, DictionaryObject
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.rw_common import PdfHandler

from signing.documents.stamps.errors import StampOutsidePage
from signing.documents.stamps.template import Corner, StampTemplate

_QUARTER = 90
_DEEPEST = 64  # levels of the page tree; a tree that goes round never ends
# What pyHanko raises where a page tree is not what ISO 32000-2, 7.7.3 asks for.
_BROKEN = (PdfError, AssertionError, AttributeError, KeyError, TypeError, ValueError)
_RIGHT = {Corner.TOP_RIGHT, Corner.BOTTOM_RIGHT}
_TOP = {Corner.TOP_LEFT, Corner.TOP_RIGHT}


@dataclass(frozen=True)
class PageGeometry:
    """What of a page is shown, in its own coordinates, and how it is turned."""

    left: float
    bottom: float
    right: float
    top: float
    rotation: int  # degrees clockwise: 0, 90, 180 or 270
    points_per_unit: float = 1.0

    @property
    def seen_size(self) -> tuple[float, float]:
        """Width and height as a reader sees them, in points."""
        return self.seen_lengths((self.left, self.bottom, self.right, self.top))

    def seen_lengths(self, box: tuple[float, float, float, float]) -> tuple[float, float]:
        """Return width and height of a rectangle as a reader sees it, in points."""
        width = abs(box[2] - box[0]) * self.points_per_unit
        height = abs(box[3] - box[1]) * self.points_per_unit
        return (height, width) if self.rotation % (2 * _QUARTER) else (width, height)

    def rectangle(
        self, x: float, y: float, width: float, height: float
    ) -> tuple[float, float, float, float]:
        """Return the rectangle of a box measured from the lower left corner as it is seen."""
        x, y, width, height = (one / self.points_per_unit for one in (x, y, width, height))
        if self.rotation == _QUARTER:
            left, bottom = self.right - y - height, self.bottom + x
            width, height = height, width
        elif self.rotation == 2 * _QUARTER:
            left, bottom = self.right - x - width, self.top - y - height
        elif self.rotation == 3 * _QUARTER:
            left, bottom = self.left + y, self.top - x - width
            width, height = height, width
        else:
            left, bottom = self.left + x, self.bottom + y
        return left, bottom, left + width, bottom + height


@dataclass(frozen=True)
class StampPlace:
    """Where a stamp lies: page from 1, box in the page's own coordinates, the page's rotation."""

    page: int
    box: tuple[float, float, float, float]
    rotation: int


def place(template: StampTemplate, pdf: PdfHandler) -> StampPlace:
    """Find the box of a template on its page. Raises StampOutsidePage."""
    number = _page_number(template, pdf)
    page = page_geometry(pdf, number)
    x, y, width, height = template.points
    seen_width, seen_height = page.seen_size
    left = seen_width - x - width if template.corner in _RIGHT else x
    bottom = seen_height - y - height if template.corner in _TOP else y
    if x + width > seen_width or y + height > seen_height:
        raise StampOutsidePage(
            f"Page {number + 1} is {_mm(seen_width)} by {_mm(seen_height)} mm; the box of the "
            f"stamp needs {_mm(x + width)} by {_mm(y + height)} mm from the corner. "
            "Move the box or make it smaller.",
            page=number + 1,
        )
    return StampPlace(number + 1, page.rectangle(left, bottom, width, height), page.rotation)


def page_geometry(pdf: PdfHandler, page: int) -> PageGeometry:
    """Read how a page is shown. Raises StampOutsidePage."""
    node = _page(pdf, page)
    media = _box(_inherited(node, "/MediaBox"))
    if media is None:
        raise StampOutsidePage(f"Page {page + 1} has no size (MediaBox); no stamp can be placed.")
    left, bottom, right, top = _cut(media, _box(_inherited(node, "/CropBox")))
    rotation = _number(_inherited(node, "/Rotate")) or 0
    unit = _number(node.get("/UserUnit")) or 1.0
    quarters = round(rotation / _QUARTER) % 4
    return PageGeometry(left, bottom, right, top, quarters * _QUARTER, unit if unit > 0 else 1.0)


def _page(pdf: PdfHandler, page: int) -> DictionaryObject:
    try:
        reference, _ = pdf.find_page_for_modification(page)
        node = reference.get_object()
    except _BROKEN as error:
        raise StampOutsidePage(
            f"Page {page + 1} cannot be found: the page tree is broken."
        ) from error
    if not isinstance(node, DictionaryObject):
        raise StampOutsidePage(f"Page {page + 1} cannot be found: the page tree is broken.")
    return node


def _page_number(template: StampTemplate, pdf: PdfHandler) -> int:
    try:
        count = int(pdf.root["/Pages"]["/Count"])
    except _BROKEN as error:
        raise StampOutsidePage("The document does not say how many pages it has.") from error
    wanted = {"first": 1, "last": count}.get(str(template.page), template.page)
    number = int(wanted)
    if not 1 <= number <= count:
        raise StampOutsidePage(
            f"The stamp belongs on page {number}, and the document has {count}. "
            "Choose a page that exists, or `last`.",
            page=number,
            pages=count,
        )
    return number - 1


def _inherited(node: DictionaryObject, key: str) -> Any:
    # ISO 32000-2, 7.7.3.4: from the page, or from the nearest node above it.
    return next((one[key] for one in _upwards(node) if key in one), None)


def _upwards(node: DictionaryObject) -> Iterator[DictionaryObject]:
    for _ in range(_DEEPEST):
        yield node
        parent = _resolved(node.get("/Parent"))
        if not isinstance(parent, DictionaryObject):
            return
        node = parent


def _box(value: Any) -> tuple[float, float, float, float] | None:
    # ISO 32000-2, 7.9.5: any two opposite corners.
    value = _resolved(value)
    if not isinstance(value, list) or len(value) != 4:
        return None
    numbers = [_number(one) for one in value]
    if None in numbers:
        return None
    x1, y1, x2, y2 = (float(one or 0) for one in numbers)
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def _cut(
    media: tuple[float, float, float, float], crop: tuple[float, float, float, float] | None
) -> tuple[float, float, float, float]:
    if crop is None:
        return media
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    return (left, bottom, right, top) if left < right and bottom < top else media


def _number(value: Any) -> float | None:
    try:
        return float(_resolved(value))
    except (TypeError, ValueError):
        return None


def _resolved(value: Any) -> Any:
    return value.get_object() if isinstance(value, Dereferenceable) else value


def _mm(points: float) -> str:
    return f"{points / 72 * 25.4:.0f}"
