"""A QR code as the path of an SVG: no picture file, no style, sharp at any size on paper."""

from __future__ import annotations

from dataclasses import dataclass

import qrcode
from qrcode.constants import ERROR_CORRECT_M

# ISO/IEC 18004, Section 9.1: readers look for four light modules around the symbol.
QUIET_ZONE = 4


@dataclass(frozen=True)
class QrCode:
    """``size`` is the width of the whole in modules; ``path`` draws the dark ones."""

    size: int
    path: str


def draw(text: str) -> QrCode:
    """Draw ``text``; level M survives a fold in the paper (15 % of the symbol)."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE)
    code.add_data(text)
    code.make(fit=True)
    modules = code.get_matrix()
    # A run of dark modules is one rectangle, one module high.
    path = "".join(
        f"M{start} {y}h{length}v1h-{length}z"
        for y, row in enumerate(modules)
        for start, length in _runs(row)
    )
    return QrCode(len(modules), path)


def _runs(row: list[bool]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    start: int | None = None
    for x, dark in enumerate([*row, False]):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            runs.append((start, x - start))
            start = None
    return runs
