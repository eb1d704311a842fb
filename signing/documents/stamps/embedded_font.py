"""Fonts inside a PDF: only the glyphs that are used, and what PDF/A wants to know about them."""

from __future__ import annotations

import io

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.font.opentype import GlyphAccumulator
from pyhanko.pdf_utils.writer import BasePdfFileWriter

from signing.documents.stamps.fonts import Font

_CID_SET = generic.pdf_name("/CIDSet")


class EmbeddedFont(GlyphAccumulator):
    """A font of a stamp in one PDF: set at one unit, scaled by the text matrix."""

    def __init__(self, writer: BasePdfFileWriter, font: Font) -> None:
        super().__init__(
            writer,
            io.BytesIO(font.outlines),
            font_size=1,
            ot_script_tag=font.script.value,
            writing_direction="ltr",
        )
        # Shaping needs the layout tables that the embedded subset goes without.
        self.hb_font = font.shaper

    def operators(self, text: str) -> tuple[bytes, float]:
        """Return the operators that show ``text``, and its advance in ems."""
        shaped = self.shape(text, with_actual_text=False)
        self._name_every_glyph(text)
        return shaped.graphics_ops, shaped.x_advance

    def _name_every_glyph(self, text: str) -> None:
        # ISO 19005-2, 6.2.11.7: every glyph has a Unicode value. Where several glyphs stand for a
        # cluster the line's ActualText says what was written; here any letter of it will do.
        first = text.strip()[:1] or " "
        for cid, _ in self._glyphs.values():
            self._cid_to_unicode.setdefault(cid, first)

    def prepare_write(self) -> None:
        """Embed the subset, with the set of its glyphs."""
        if self._write_prepared:
            return
        super().prepare_write()  # type: ignore[no-untyped-call]
        # ISO 19005-1, 6.3.5: a subset lists its glyphs; those that keep a number are in it too.
        count = self.tt["maxp"].numGlyphs
        bits = bytearray(b"\xff" * (count // 8))
        if count % 8:
            bits.append(0xFF << (8 - count % 8) & 0xFF)
        stream = generic.StreamObject(stream_data=bytes(bits))
        stream.compress()
        descriptor = self.cidfont_obj["/FontDescriptor"]
        descriptor[_CID_SET] = self.writer.add_object(stream)
