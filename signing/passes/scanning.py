"""Codes out of a file: its text, or the QR codes of a picture or of a PDF file.

zxing-cpp finds and reads the codes; a PDF file is drawn by poppler's ``pdftoppm`` first, in a
process of its own that has its bounds of time, of memory and of what it writes (``prlimit``).
"""

from __future__ import annotations

import io
import math
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import zxingcpp
from PIL import Image, UnidentifiedImageError

from core.errors import Unavailable
from signing.passes.errors import PassRefused, bad_encoding
from signing.passes.settings import PassSettings
from signing.passes.statuses import Status

_PICTURES = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
_MAGIC = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"RIFF", b"GIF8", b"BM")
_PDF = b"%PDF-"
# Dots of a page's longer side, however large it says that it is: 256 to the inch of A4.
_LONGER_SIDE = 3000
_DRAWING_SECONDS = 20
# Octets: a scanned page of A4 at 600 dots to the inch has 100 MB; a drawn one has 27.
_DRAWING_MEMORY = 512 << 20
_DRAWN_PAGE = 32 << 20
_LIMITS = (
    f"--cpu={_DRAWING_SECONDS}",
    f"--as={_DRAWING_MEMORY}",
    f"--fsize={_DRAWN_PAGE}",
    "--core=0",
)


class DrawingAway(Unavailable):
    """poppler or util-linux is not installed, so PDF files cannot be looked at."""

    problem = "pass-drawing-away"
    title = "PDF files cannot be drawn here"


def codes_of(octets: bytes, settings: PassSettings) -> list[str]:
    """Return the texts of the codes in a file. Raises PassRefused, DrawingAway."""
    if octets.startswith(_PDF):
        return _codes_of_pdf(octets, settings)
    if octets.startswith(_MAGIC):
        return _found(_codes_of_picture(octets, settings))
    return _lines(octets)


def _lines(octets: bytes) -> list[str]:
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PassRefused(
            Status.NOT_SUPPORTED,
            "The file is neither text nor a picture (PNG, JPEG, WebP, GIF, BMP) nor a PDF file.",
        ) from error
    if text.lstrip().startswith("{"):
        return [text.strip()]
    # A blank is a character of base45: only ends of lines are taken off.
    lines = [line.strip("\t") for line in text.splitlines()]
    return [line for line in lines if line.strip()]


def _codes_of_picture(octets: bytes, settings: PassSettings) -> list[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(octets), formats=_PICTURES) as picture:
                if picture.width * picture.height > settings.most_pixels:
                    raise bad_encoding("The picture is larger than is looked at.")
                drawn = _on_white(picture)
    except PassRefused:
        raise
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise bad_encoding("The picture cannot be read.") from error
    # Pillow's decoders raise whatever a broken file leads them to.
    except Exception as error:
        raise bad_encoding("The picture is broken.") from error
    return _read(drawn)


def _on_white(picture: Image.Image) -> Image.Image:
    # What is transparent would be black, and the code's quiet zone with it.
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        upper = picture.convert("RGBA")
        white = Image.new("RGBA", upper.size, "white")
        return Image.alpha_composite(white, upper).convert("L")
    return picture.convert("L")


def _read(picture: Image.Image) -> list[str]:
    found = zxingcpp.read_barcodes(
        picture,
        formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]),
        text_mode=zxingcpp.TextMode.Plain,
    )
    return [one.text for one in found]


def _codes_of_pdf(octets: bytes, settings: PassSettings) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="camtrust-pass-") as folder:
        _draw(octets, Path(folder), settings)
        return _found(list(_codes_of_pages(Path(folder), settings)))


def _codes_of_pages(folder: Path, settings: PassSettings) -> Iterator[str]:
    for page in sorted(folder.glob("page*.png")):
        yield from _codes_of_picture(page.read_bytes(), settings)


def _draw(octets: bytes, folder: Path, settings: PassSettings) -> None:
    if not (shutil.which("prlimit") and shutil.which("pdftoppm")):
        raise DrawingAway("pdftoppm (poppler-utils) or prlimit (util-linux) is not installed.")
    source = folder / "file.pdf"
    source.write_bytes(octets)
    # One less: poppler rounds the other side up.
    side = min(_LONGER_SIDE, math.isqrt(settings.most_pixels) - 1)
    command = ["prlimit", *_LIMITS, "pdftoppm", "-q", "-png", "-gray", "-scale-to", str(side)]
    command += ["-l", str(settings.most_pages), str(source), str(folder / "page")]
    try:
        subprocess.run(  # noqa: S603 - fixed program and options; the file's name is ours
            command,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_DRAWING_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise bad_encoding("The PDF file takes too long to draw.") from error
    except subprocess.CalledProcessError as error:
        raise bad_encoding("The PDF file is broken or encrypted, or takes too much.") from error


def _found(codes: list[str]) -> list[str]:
    if not codes:
        raise bad_encoding("There is no QR code that can be read.")
    return codes
