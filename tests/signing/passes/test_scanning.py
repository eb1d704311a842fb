"""Codes out of files: pictures as phones and printers make them, PDF files, and what is none."""

from __future__ import annotations

import io
import os
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import qrcode
from PIL import Image, ImageFilter

from signing.passes import scanning
from signing.passes.errors import PassRefused
from signing.passes.scanning import codes_of
from signing.passes.settings import PassSettings
from signing.passes.statuses import Status
from tests.signing.passes.issuers import card, claims, identity, issuer, seal_data

SETTINGS = PassSettings()
HEALTH = issuer()
CODES = {
    "HC1": HEALTH.hc1(claims()),
    "SHC": HEALTH.shc(card()),
    "VDS-NC": HEALTH.seal(seal_data()),
    "claim 169": HEALTH.claim169(identity()),
}


def drawn(text: str, *, dots: int = 4) -> Image.Image:
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_L, box_size=dots)
    code.add_data(text)
    code.make()
    picture: Image.Image = code.make_image().get_image().convert("L")
    return picture


def saved(picture: Image.Image, form: str) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form)
    return stream.getvalue()


def read(octets: bytes) -> list[str]:
    return codes_of(octets, SETTINGS)


def refused(octets: bytes) -> PassRefused:
    with pytest.raises(PassRefused) as refusal:
        read(octets)
    return refusal.value


@pytest.mark.parametrize("name", CODES)
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "PDF"])
def test_a_code_is_read_from_a_picture_of_any_form(name: str, form: str) -> None:
    assert read(saved(drawn(CODES[name]), form)) == [CODES[name]]


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "upside down": lambda one: one.rotate(180),
    "askew": lambda one: one.rotate(20, expand=True, fillcolor=255),
    "blurred": lambda one: one.filter(ImageFilter.GaussianBlur(1.2)),
    "scaled": lambda one: one.resize((one.width * 2 // 3, one.height * 2 // 3)),
    "inverted": lambda one: one.point(lambda dot: 255 - dot),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_photographed_code_is_read(change: str) -> None:
    picture = CHANGES[change](drawn(CODES["HC1"], dots=6))
    assert read(saved(picture, "PNG")) == [CODES["HC1"]]


def test_what_is_transparent_is_white() -> None:
    code = drawn(CODES["HC1"])
    picture = Image.new("RGBA", code.size, (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), mask=code.point(lambda dot: 255 - dot))
    assert read(saved(picture, "PNG")) == [CODES["HC1"]]


def test_two_codes_in_view_are_two_codes() -> None:
    one, other = drawn(CODES["HC1"]), drawn(CODES["SHC"])
    both = Image.new("L", (one.width + other.width, max(one.height, other.height)), 255)
    both.paste(one, (0, 0))
    both.paste(other, (one.width, 0))
    assert sorted(read(saved(both, "PNG"))) == sorted([CODES["HC1"], CODES["SHC"]])


def test_a_text_keeps_its_blanks_and_loses_its_ends_of_lines() -> None:
    assert read(b"HC1:NCF OX \r\n") == ["HC1:NCF OX "]
    assert read(b"\xef\xbb\xbfshc:/1/2/11\n\nshc:/2/2/22\n") == ["shc:/1/2/11", "shc:/2/2/22"]
    assert read(b' {"data":\n {}}\n') == ['{"data":\n {}}']


def test_a_picture_without_a_code_says_so() -> None:
    assert "no QR code" in refused(saved(Image.new("L", (200, 200), 255), "PNG")).detail
    assert "no QR code" in refused(saved(Image.new("L", (200, 200), 255), "PDF")).detail


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "PDF"])
def test_a_broken_picture_is_refused(form: str) -> None:
    whole = saved(drawn(CODES["HC1"]), form)
    for octets in (whole[:20], whole[: len(whole) // 9], whole[:60] + b"\xff" * 60):
        assert refused(octets).status is Status.INVALID_ENCODING


def test_a_picture_that_unfolds_to_a_wall_is_refused_unopened() -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(b"\0" * 10_000_000))
    bomb = b"\x89PNG\r\n\x1a\n" + header + data + chunk(b"IEND", b"")
    assert refused(bomb).status is Status.INVALID_ENCODING
    wide = chunk(b"IHDR", struct.pack(">IIBBBBB", 9_000, 9_000, 1, 0, 0, 0, 0))
    assert "larger" in refused(b"\x89PNG\r\n\x1a\n" + wide + data + chunk(b"IEND", b"")).detail


def test_pages_behind_the_first_few_are_not_looked_at() -> None:
    pages = [Image.new("L", (400, 400), 255)] * SETTINGS.most_pages
    stream = io.BytesIO()
    pages[0].save(stream, "PDF", save_all=True, append_images=[*pages[1:], drawn(CODES["HC1"])])
    assert "no QR code" in refused(stream.getvalue()).detail


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, require: Any) -> Path:
    """A folder into which pdftoppm writes with what options, limits and streams it was started."""
    script = f"""#!/bin/sh
echo "$@" > {tmp_path}/options
cat /proc/$$/limits > {tmp_path}/limits
readlink /proc/$$/fd/0 /proc/$$/fd/2 > {tmp_path}/streams
exec {require("pdftoppm")} "$@"
"""
    program = tmp_path / "pdftoppm"
    program.write_text(script)
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def test_a_pdf_file_is_drawn_within_bounds_and_talks_to_nobody(watched: Path) -> None:
    assert read(saved(drawn(CODES["HC1"]), "PDF")) == [CODES["HC1"]]
    text = (watched / "limits").read_text()
    limits = dict(re.findall(r"^(Max [a-z ]+?)  +(\S+)", text, re.MULTILINE))
    assert int(limits["Max cpu time"]) <= 20
    assert int(limits["Max address space"]) <= 512 << 20
    assert int(limits["Max file size"]) <= 32 << 20
    assert limits["Max core file size"] == "0"
    assert (watched / "streams").read_text().split() == ["/dev/null", "/dev/null"]
    assert "-q" in (watched / "options").read_text().split()


def test_a_page_has_no_more_dots_than_pictures_may_have(watched: Path) -> None:
    page = saved(drawn(CODES["HC1"]), "PDF")
    for most, side in ((250_000, "499"), (40_000_000, "3000")):
        settings = PassSettings(most_pixels=most, most_pages=2)
        assert codes_of(page, settings) == [CODES["HC1"]]
        options = (watched / "options").read_text().split()
        assert options[options.index("-scale-to") + 1] == side
        assert options[options.index("-l") + 1] == "2"


def test_a_file_that_takes_more_than_the_bounds_is_refused(
    watched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = saved(drawn(CODES["HC1"]), "PDF")
    for limit in ("--as=1000000", "--fsize=100"):
        monkeypatch.setattr(scanning, "_LIMITS", (limit,))
        assert refused(page).status is Status.INVALID_ENCODING


def test_without_poppler_pdf_files_cannot_be_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = saved(drawn(CODES["HC1"]), "PDF")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(scanning.DrawingAway):
        read(page)


def test_a_file_of_another_kind_is_not_supported() -> None:
    assert refused(b"PK\x03\x04\xff\xfe\x00").status is Status.NOT_SUPPORTED
    assert read(b"") == []
