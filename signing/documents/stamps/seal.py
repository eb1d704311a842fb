"""Seal images: small PNG files, made opaque, so that a stamp needs no transparency."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from signing.documents.stamps.errors import SealRefused

MAX_BYTES = 512 * 1024
MAX_SIDE = 2048  # pixels; a seal of 4 cm at 1200 dpi
_UNREADABLE = (UnidentifiedImageError, OSError, ValueError, SyntaxError)
_KEPT_SIDE = 600  # pixels; 4 cm at 380 dpi
_RATIO = 8  # a strip that is longer is no seal


@dataclass(frozen=True)
class Seal:
    """An opaque picture of eight bits a channel."""

    width: int
    height: int
    is_grey: bool
    pixels: bytes


def read_seal(png: bytes) -> Seal:
    """Read a PNG file. Raises SealRefused."""
    if len(png) > MAX_BYTES:
        raise SealRefused(f"The seal has {len(png)} bytes; at most {MAX_BYTES} are taken.")
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            # The header is read here, the pixels only below: a small file may claim a huge picture.
            _check_size(*image.size)
            opaque = _on_white(image)
    except Image.DecompressionBombError as error:
        raise SealRefused(
            f"The seal has too many pixels; at most {MAX_SIDE} by {MAX_SIDE} are taken."
        ) from error
    except _UNREADABLE as error:
        raise SealRefused("The seal is no PNG file that can be read. Save it as PNG.") from error
    return Seal(opaque.width, opaque.height, opaque.mode == "L", opaque.tobytes())


def _check_size(width: int, height: int) -> None:
    if max(width, height) > MAX_SIDE:
        raise SealRefused(
            f"The seal is {width} by {height} pixels; at most {MAX_SIDE} by {MAX_SIDE} are taken."
        )
    if max(width, height) > _RATIO * min(width, height):
        raise SealRefused(f"The seal is {width} by {height} pixels, which is too narrow.")


def _on_white(image: Image.Image) -> Image.Image:
    # ISO 19005-1, 6.4: PDF/A-1 forbids transparency, so a seal lies on white.
    coloured = image.convert("RGBA")
    coloured.thumbnail((_KEPT_SIDE, _KEPT_SIDE))
    white = Image.new("RGBA", coloured.size, "white")
    white.alpha_composite(coloured)
    red, green, blue = white.convert("RGB").split()
    is_grey = red.tobytes() == green.tobytes() == blue.tobytes()
    return red if is_grey else white.convert("RGB")
