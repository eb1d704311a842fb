"""QR codes of stamps (ISO/IEC 18004): error correction M, modules large enough for paper.

M restores 15 % of the code words. A module of a third of a millimetre is four dots at 300 dpi and
what phones read at arm's length; below it the stamp is refused instead of printed unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from qrcode import constants
from qrcode.exceptions import DataOverflowError
from qrcode.main import QRCode
from qrcode.util import MODE_8BIT_BYTE, MODE_ALPHA_NUM, QRData

from signing.documents.stamps.errors import StampDoesNotFit

QUIET_ZONE = 4  # modules on each side
MIN_MODULE_MM = 0.33
MAX_VERSION = 16  # 81 modules: 29.4 mm with the quiet zone
# Shorter runs cost more in mode indicators than they save.
_ALPHANUMERIC = re.compile(rb"[0-9A-Z $%*+\-./:]{16,}")


@dataclass(frozen=True)
class QrPicture:
    """Rows of dark and light modules, without the quiet zone."""

    version: int
    rows: tuple[tuple[bool, ...], ...]

    @property
    def modules(self) -> int:
        """The modules of a side, quiet zone included."""
        return len(self.rows) + 2 * QUIET_ZONE

    @property
    def smallest_side_mm(self) -> float:
        """The side below which a phone may fail."""
        return self.modules * MIN_MODULE_MM

    def bars(self) -> Iterator[tuple[int, int, int]]:
        """Yield (column, row from above, length) of each horizontal bar of dark modules."""
        for number, row in enumerate(self.rows):
            start: int | None = None
            for column, is_dark in enumerate((*row, False)):
                if is_dark and start is None:
                    start = column
                elif not is_dark and start is not None:
                    yield start, number, column - start
                    start = None


@lru_cache(maxsize=64)
def qr_picture(text: str) -> QrPicture:
    """Encode ``text`` in as few modules as its characters allow. Raises StampDoesNotFit."""
    code = QRCode(error_correction=constants.ERROR_CORRECT_M, border=0)
    for mode, part in _segments(text.encode()):
        code.add_data(QRData(part, mode=mode), optimize=0)
    try:
        code.make(fit=True)
    except (DataOverflowError, ValueError) as error:
        raise _too_much(text) from error
    if code.version > MAX_VERSION:
        raise _too_much(text)
    rows: Sequence[Sequence[bool | None]] = code.get_matrix()
    return QrPicture(code.version, tuple(tuple(bool(one) for one in row) for row in rows))


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Split into alphanumeric segments (5.5 bits a character) and bytes (8)."""
    at = 0
    for match in _ALPHANUMERIC.finditer(data):
        if match.start() > at:
            yield MODE_8BIT_BYTE, data[at : match.start()]
        yield MODE_ALPHA_NUM, match.group()
        at = match.end()
    if at < len(data):
        yield MODE_8BIT_BYTE, data[at:]


def _too_much(text: str) -> StampDoesNotFit:
    return StampDoesNotFit(
        f"The QR code would hold {len(text)} characters, more than a phone reads from paper. "
        "Leave key fields out or shorten them.",
        characters=len(text),
    )
