"""A composition drawn as the appearance of a signature field, in pyHanko's terms a stamp style.

The content is drawn upright in its own box; on a turned page the form's matrix turns it back, and
a viewer fits the turned box into the field's rectangle (ISO 32000-2, 12.5.5, algorithm 8). No
transparency and no device colours but grey are used, so that PDF/A files of every part stay so.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import ResourceType
from pyhanko.pdf_utils.generic import FloatObject, StreamObject, pdf_name
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.stamp import BaseStamp, BaseStampStyle

from signing.documents.stamps.composition import Area, Composition, PlacedLine
from signing.documents.stamps.embedded_font import EmbeddedFont
from signing.documents.stamps.fonts import Font
from signing.documents.stamps.qr_code import QUIET_ZONE, QrPicture
from signing.documents.stamps.seal import Seal

_BORDER = 0.5  # points
_BORDER_GREY = 0.45
# sRGB's primaries and white (IEC 61966-2-1) as CalRGB: a colour of its own, whatever the document's
# output intent is (ISO 19005-1, 6.2.3).
_WHITE = (0.9505, 1.0, 1.089)
_GAMMA = (2.2, 2.2, 2.2)
_MATRIX = (0.4124, 0.2126, 0.0193, 0.3576, 0.7152, 0.1192, 0.1805, 0.0722, 0.9505)
_TURNED = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}


@dataclass(frozen=True)
class StampStyle(BaseStampStyle):
    """For ``stamp_style`` of pyHanko's ``PdfSigner``: draws one composition on one page."""

    composition: Composition | None = None
    rotation: int = 0

    def create_stamp(
        self, writer: BasePdfFileWriter, box: BoxConstraints, text_params: dict[str, Any]
    ) -> Stamp | None:
        """Return the stamp, in the size it was composed for. pyHanko calls this."""
        if self.composition is None:
            return None
        return Stamp(writer, self, self.composition)


class Stamp(BaseStamp):
    """The appearance stream of one signature field."""

    def __init__(
        self, writer: BasePdfFileWriter, style: StampStyle, composition: Composition
    ) -> None:
        box = BoxConstraints(width=composition.width, height=composition.height)
        super().__init__(writer, style, box)
        self._composition = composition
        self._fonts: dict[Font, tuple[str, EmbeddedFont]] = {}

    def render(self) -> bytes:
        """Return the content stream."""
        return b"\n".join([b"q", *self._parts(), b"Q"])

    def as_form_xobject(self) -> StreamObject:
        """Return the form, turned so that it is upright on its page."""
        form = super().as_form_xobject()
        # pyHanko rounds the box to whole points, and a viewer would stretch it again.
        stamp = self._composition
        form[pdf_name("/BBox")] = _numbers(0, 0, stamp.width, stamp.height)
        turned = _TURNED.get(self.style.rotation)
        if turned is not None:
            form[pdf_name("/Matrix")] = _numbers(*turned, 0, 0)
        form.compress()
        return form

    def _parts(self) -> Iterator[bytes]:
        stamp = self._composition
        # Pictures and lines say nothing that a reader of the text would miss.
        yield b"/Artifact BMC"
        if stamp.has_ground:
            yield b"1 g 0 0 %.4f %.4f re f" % (stamp.width, stamp.height)
        if stamp.has_border:
            yield _border(stamp)
        if stamp.seal is not None:
            yield self._seal(*stamp.seal)
        if stamp.qr is not None:
            yield _qr(*stamp.qr)
        yield b"EMC"
        for line in stamp.lines:
            yield self._line(line)

    def _line(self, placed: PlacedLine) -> bytes:
        # ISO 32000-2, 14.9.4: the text that the glyphs stand for, so that it is copied as written.
        actual = generic.TextStringObject(placed.line.text)
        parts = [b"/Span << /ActualText %s >> BDC" % _written(actual), b"BT 0 g"]
        x = placed.x
        for run in placed.line.runs:
            name, font = self._font(run.font)
            shown, advance = font.operators(run.text)
            parts.append(b"/%s 1 Tf" % name.encode())
            parts.append(b"%.4f 0 0 %.4f %.4f %.4f Tm" % (placed.size, placed.size, x, placed.y))
            parts.append(shown)
            x += advance * placed.size
        return b"\n".join([*parts, b"ET EMC"])

    def _font(self, font: Font) -> tuple[str, EmbeddedFont]:
        if font not in self._fonts:
            name = f"F{len(self._fonts)}"
            embedded = EmbeddedFont(self._ensure_writer, font)
            self.set_resource(ResourceType.FONT, pdf_name(f"/{name}"), embedded.as_resource())
            self._fonts[font] = name, embedded
        return self._fonts[font]

    def _seal(self, seal: Seal, area: Area) -> bytes:
        self.set_resource(
            ResourceType.XOBJECT, pdf_name("/Seal"), self._ensure_writer.add_object(_image(seal))
        )
        return b"q %.4f 0 0 %.4f %.4f %.4f cm /Seal Do Q" % (
            area.width,
            area.height,
            area.x,
            area.y,
        )


def _numbers(*values: float) -> generic.ArrayObject:
    return generic.ArrayObject([FloatObject(f"{one:.4f}") for one in values])


def _written(value: generic.PdfObject) -> bytes:
    buffer = io.BytesIO()
    value.write_to_stream(buffer, None)
    return buffer.getvalue()


def _border(stamp: Composition) -> bytes:
    inset = _BORDER / 2
    return b"%g G %g w %g %g %.4f %.4f re S" % (
        _BORDER_GREY,
        _BORDER,
        inset,
        inset,
        stamp.width - _BORDER,
        stamp.height - _BORDER,
    )


def _qr(picture: QrPicture, area: Area) -> bytes:
    module = area.width / picture.modules
    top = area.y + area.height - QUIET_ZONE * module
    left = area.x + QUIET_ZONE * module
    bars = [b"%d %d %d 1 re" % (column, -row - 1, long) for column, row, long in picture.bars()]
    return b"\n".join(
        [
            b"q 1 g %.4f %.4f %.4f %.4f re f" % (area.x, area.y, area.width, area.height),
            b"0 g %.6f 0 0 %.6f %.4f %.4f cm" % (module, module, left, top),
            *bars,
            b"f Q",
        ]
    )


def _image(seal: Seal) -> StreamObject:
    image = StreamObject(
        {
            pdf_name("/Type"): pdf_name("/XObject"),
            pdf_name("/Subtype"): pdf_name("/Image"),
            pdf_name("/Width"): generic.NumberObject(seal.width),
            pdf_name("/Height"): generic.NumberObject(seal.height),
            pdf_name("/BitsPerComponent"): generic.NumberObject(8),
            pdf_name("/ColorSpace"): pdf_name("/DeviceGray") if seal.is_grey else _colours(),
        },
        stream_data=seal.pixels,
    )
    image.compress()
    return image


def _colours() -> generic.ArrayObject:
    values = {"/WhitePoint": _WHITE, "/Gamma": _GAMMA, "/Matrix": _MATRIX}
    parameters = {pdf_name(key): _numbers(*numbers) for key, numbers in values.items()}
    return generic.ArrayObject([pdf_name("/CalRGB"), generic.DictionaryObject(parameters)])
