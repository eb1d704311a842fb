"""The four fonts of stamps: Noto Sans and Noto Sans Khmer, regular and bold.

Noto Sans Khmer has no Latin letters and Noto Sans no Khmer ones, so every line is split between
them (``shaping.py``). They come from Debian's ``fonts-noto-core``.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path

import uharfbuzz as harfbuzz
from fontTools.ttLib import TTFont, TTLibError
from fontTools.ttLib.scaleUpem import scale_upem

from signing.documents.stamps.errors import FontMissing
from signing.documents.stamps.settings import DEBIAN_FOLDER

# pyHanko positions glyphs in thousandths of an em, so a font has to have a thousand units.
_UNITS_PER_EM = 1000
# Latin to Cyrillic, Latin extended additional, punctuation, currency, letter-like.
LATIN_RANGES: tuple[tuple[int, int], ...] = (
    (0x20, 0x52F),
    (0x1E00, 0x1EFF),
    (0x2010, 0x2027),
    (0x2030, 0x205E),
    (0x20A0, 0x20CF),
    (0x2100, 0x214F),
)


class Script(Enum):
    """The two scripts of a stamp, by their OpenType tag."""

    KHMER = "khmr"
    LATIN = "latn"


_FILES = {
    (Script.KHMER, False): "NotoSansKhmer-Regular.ttf",
    (Script.KHMER, True): "NotoSansKhmer-Bold.ttf",
    (Script.LATIN, False): "NotoSans-Regular.ttf",
    (Script.LATIN, True): "NotoSans-Bold.ttf",
}


@dataclass(frozen=True)
class Font:
    """One font file: its bytes as they are embedded, and HarfBuzz's view of them."""

    path: Path
    script: Script
    is_bold: bool

    @cached_property
    def data(self) -> bytes:
        """The font, with a thousand units per em."""
        try:
            data = self.path.read_bytes()
            tables = TTFont(io.BytesIO(data))
        except (OSError, TTLibError) as error:
            raise FontMissing(
                f"The font {self.path.name} cannot be read from {self.path.parent}. Install "
                "Debian's package fonts-noto-core, or set the folder in [stamps] fonts."
            ) from error
        if tables["head"].unitsPerEm == _UNITS_PER_EM:
            return data
        scale_upem(tables, _UNITS_PER_EM)
        return _saved(tables)

    @cached_property
    def outlines(self) -> bytes:
        """The same font without layout tables: what is embedded once the text is shaped.

        Reading those tables would cost ten times what the rest of a stamp does.
        """
        tables = TTFont(io.BytesIO(self.data))
        for tag in ("GSUB", "GPOS", "GDEF"):
            if tag in tables:
                del tables[tag]
        return _saved(tables)

    @cached_property
    def shaper(self) -> harfbuzz.Font:
        """HarfBuzz's font, in units of a thousandth of an em."""
        return harfbuzz.Font(harfbuzz.Face(self.data))

    @cached_property
    def characters(self) -> frozenset[int]:
        """The code points that have a glyph."""
        return frozenset(TTFont(io.BytesIO(self.data))["cmap"].getBestCmap())


def _saved(tables: TTFont) -> bytes:
    buffer = io.BytesIO()
    tables.save(buffer)
    return buffer.getvalue()


class FontFolder:
    """The fonts of one folder, each read once for the life of the process."""

    def __init__(self, folder: Path = DEBIAN_FOLDER) -> None:
        self.folder = folder
        self._fonts = {
            (script, bold): Font(folder / name, script, bold)
            for (script, bold), name in _FILES.items()
        }

    def font(self, script: Script, *, bold: bool) -> Font:
        """Return the font of a script and weight; its file is read when it is first used."""
        return self._fonts[script, bold]

    def missing(self) -> list[str]:
        """Return the names of files that are not there."""
        return [name for name in _FILES.values() if not (self.folder / name).is_file()]
