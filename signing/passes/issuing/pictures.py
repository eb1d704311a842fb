"""Pictures of codes, drawn when they are asked for: SVG and PNG.

zxing-cpp writes them, 25 times faster than what scores masks in Python.
"""

from __future__ import annotations

import io
import re
from enum import StrEnum
from typing import Any, cast

import zxingcpp
from PIL import Image

from core.errors import NotFound, Unacceptable
from signing.passes.codecs import numeric
from signing.passes.issuing.pass_types import CodeKind

# ISO/IEC 18004, 9.1: light modules around a code.
QUIET_ZONE = 4
# HCERT specification, Section 3.2: Q. MOSIP's claim 169: L, as a picture of a person fills it.
_LEVELS = {
    CodeKind.DCC: "Q",
    CodeKind.ICVP: "Q",
    CodeKind.VDS_NC: "L",
    CodeKind.SHC: "L",
    CodeKind.CLAIM_169: "L",
    CodeKind.CLAIM_169_MINIMAL: "L",
}
# Dots of a module in PNG: at 300 dpi a code of 100 modules is 35 mm wide with four.
_SCALE = 4
_DARK = re.compile(b"\0+")


class PictureFormat(StrEnum):
    """The kinds of pictures."""

    SVG = "svg"
    PNG = "png"

    @property
    def mimetype(self) -> str:
        """Its media type."""
        return {"svg": "image/svg+xml", "png": "image/png"}[self.value]


class CodeTooLong(Unacceptable):
    """A code holds more than a QR code can (ISO/IEC 18004, version 40)."""

    problem = "pass-code-too-long"
    title = "The code does not fit into a QR code"


class PictureUnknown(NotFound):
    """The pass has no code of this kind, or pictures are not drawn in this format."""

    problem = "pass-picture-unknown"
    title = "There is no such picture"


def in_qr(kind: CodeKind, text: str) -> str:
    """Return what a QR code holds: a SMART Health Card's text becomes digits."""
    return numeric.encode(text) if kind is CodeKind.SHC else text


def picture(kind: CodeKind, text: str, wanted: PictureFormat) -> bytes:
    """Draw a code. Raises CodeTooLong."""
    code = _drawn(in_qr(kind, text), _LEVELS[kind])
    return _svg(code) if wanted is PictureFormat.SVG else _png(code)


def _drawn(text: str, level: str) -> zxingcpp.Barcode:
    try:
        return zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level=level)
    except ValueError as error:
        raise CodeTooLong(
            f"The code has {len(text)} characters, more than a QR code can hold: shorten names "
            "or the picture in it.",
            kept="The pass stands, and its text can be used.",
        ) from error


def _png(code: zxingcpp.Barcode) -> bytes:
    modules = Image.fromarray(code.to_image(scale=1, add_quiet_zones=False)).convert("1")
    width, height = (side + 2 * QUIET_ZONE for side in modules.size)
    framed = Image.new("1", (width, height), 1)
    framed.paste(modules, (QUIET_ZONE, QUIET_ZONE))
    buffer = io.BytesIO()
    size = (width * _SCALE, height * _SCALE)
    framed.resize(size, Image.Resampling.NEAREST).save(buffer, "PNG")
    return buffer.getvalue()


def _svg(code: zxingcpp.Barcode) -> bytes:
    # A stroke for each run of dark modules: zxing-cpp's own SVG takes five times as long.
    image = code.to_image(scale=1, add_quiet_zones=False)
    octets, (height, width) = bytes(cast(Any, image)), image.shape
    strokes = [
        f"M{run.start() + QUIET_ZONE} {row + QUIET_ZONE}.5h{run.end() - run.start()}"
        for row in range(height)
        for run in _DARK.finditer(octets[row * width : (row + 1) * width])
    ]
    side = width + 2 * QUIET_ZONE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" '
        f'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/>'
        f'<path stroke="#000" d="{"".join(strokes)}"/></svg>'
    ).encode()
