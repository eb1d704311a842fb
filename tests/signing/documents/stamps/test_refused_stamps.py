"""What no stamp can show, and what a template cannot say, is refused in words."""

from __future__ import annotations

import dataclasses
import io
import re
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image
from pyhanko.pdf_utils.reader import PdfFileReader

from signing.documents.stamps.content import StampContent, Words
from signing.documents.stamps.errors import (
    UNSIGNED,
    FontMissing,
    SealRefused,
    StampDoesNotFit,
    StampOutsidePage,
    TemplateMalformed,
    TextCannotBeDrawn,
)
from signing.documents.stamps.fonts import FontFolder
from signing.documents.stamps.seal import read_seal
from signing.documents.stamps.stamping import PreparedStamp, Stamping
from signing.documents.stamps.template import StampTemplate, checked, read_values
from tests.signing.documents.stamps.conftest import page

FULL = StampTemplate(x=15, y=15, width=125, height=50)


def prepared(
    stamping: Stamping,
    content: StampContent,
    template: StampTemplate = FULL,
    pdf: bytes | None = None,
) -> PreparedStamp:
    reader = PdfFileReader(io.BytesIO(pdf or page("")), strict=False)
    return stamping.prepare(template, content, pdf=reader)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("印章", "CJK UNIFIED IDEOGRAPH-5370"),
        ("SOK 🙂", "SLIGHTLY SMILING FACE"),
        ("สมชาย", "THAI CHARACTER SO SUA"),
        ("SOK\u202eCHAN", "U+202E"),
        ("SOK\x00", "U+0000"),
        ("សុខ\ufffe", "U+FFFE"),
        ("\u17b6សុខ", "cannot be drawn"),
        ("សុខ \u17d2", "cannot be drawn"),
        ("ក\u17b6\u17d2\u17d2", "cannot be drawn"),
    ],
)
def test_a_text_without_a_picture_is_refused_and_named(
    stamping: Stamping, content: StampContent, name: str, said: str
) -> None:
    with pytest.raises(TextCannotBeDrawn, match=re.escape(said)) as refusal:
        prepared(stamping, dataclasses.replace(content, signer=Words(name)))
    assert refusal.value.kept == UNSIGNED


def test_a_long_name_is_wrapped_and_shrunk_within_limits(
    stamping: Stamping, content: StampContent
) -> None:
    long = Words("អគ្គនាយកដ្ឋានបច្ចេកវិទ្យាគមនាគមន៍និងព័ត៌មាន" * 2, "Department " * 8)
    short = prepared(stamping, content).style.composition
    wrapped = prepared(stamping, dataclasses.replace(content, title=long)).style.composition
    assert short is not None
    assert wrapped is not None
    assert len(wrapped.lines) > len(short.lines)
    assert min(one.size for one in wrapped.lines) < min(one.size for one in short.lines)
    drawn = "".join(one.line.text for one in wrapped.lines).replace(" ", "")
    assert long.khmer in drawn
    assert long.english.replace(" ", "") in drawn


def test_no_line_ends_inside_a_syllable(stamping: Stamping, content: StampContent) -> None:
    long = Words("សាស្ត្រាចារ្យក្រសួងស្រី" * 5)
    found = prepared(stamping, dataclasses.replace(content, title=long)).style.composition
    assert found is not None
    for one in found.lines:
        assert (
            one.line.text[0] not in "\u17d2\u17b6\u17b8\u17bb\u17bc\u17bd\u17c1\u17c6\u17cb\u17d0"
        )
        assert one.line.text[-1] != "\u17d2"


@pytest.mark.parametrize(
    ("title", "said"),
    [("ក" * 201, "201 characters"), ("ក្រសួង" * 33, "do not fit")],
)
def test_a_text_that_is_too_long_is_refused_and_named(
    stamping: Stamping, content: StampContent, title: str, said: str
) -> None:
    narrow = FULL.model_copy(update={"width": 70.0, "height": 40.0})
    with pytest.raises(StampDoesNotFit, match=said) as refusal:
        prepared(stamping, dataclasses.replace(content, title=Words(title)), narrow)
    assert refusal.value.data["text"] == "title (Khmer)"


def test_a_qr_code_that_no_phone_would_read_is_refused(
    stamping: Stamping, content: StampContent
) -> None:
    small = StampTemplate(x=15, y=15, width=60, height=14, layout="compact")
    with pytest.raises(StampDoesNotFit, match="The QR code needs 12"):
        prepared(stamping, content, small)
    with pytest.raises(StampDoesNotFit, match="5000 characters"):
        prepared(stamping, dataclasses.replace(content, qr_text="A" * 5000))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"page": 2}, "page 2, and the document has 1"),
        ({"width": 200.0}, "210 by 297 mm; the box of the stamp needs 215 by 65 mm"),
        ({"y": 290.0}, "needs 140 by 340 mm"),
    ],
)
def test_a_box_outside_the_page_is_refused_with_both_sizes(
    stamping: Stamping, content: StampContent, changed: dict[str, object], said: str
) -> None:
    with pytest.raises(StampOutsidePage, match=said):
        prepared(stamping, content, FULL.model_copy(update=changed))


def test_a_page_tree_that_goes_round_is_refused_or_read(
    stamping: Stamping, content: StampContent
) -> None:
    broken = page("").replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]")
    with pytest.raises(StampOutsidePage):
        prepared(stamping, content, pdf=broken)


def test_a_stamp_fits_itself_into_a_field_that_the_document_has(
    stamping: Stamping, content: StampContent
) -> None:
    pdf = PdfFileReader(io.BytesIO(page("/Rotate 90")), strict=False)
    found = stamping.prepare_in_field(FULL, content, pdf=pdf, page=1, box=(100, 100, 250, 500))
    assert found.style.composition is not None
    assert (found.style.composition.width, found.style.composition.height) == (400, 150)
    assert found.place.rotation == 90
    with pytest.raises(StampDoesNotFit, match="invisible"):
        stamping.prepare_in_field(FULL, content, pdf=pdf, page=1, box=(0, 0, 0, 0))


TOML = b"""page = 3
corner = "top-left"
unit = "pt"
x = 20
y = 30
width = 200
height = 90
layout = "compact"
"""


def test_a_template_is_read_from_toml_and_from_json() -> None:
    template = checked(StampTemplate, read_values(TOML))
    again = read_values(template.model_dump_json().encode())
    assert checked(StampTemplate, again) == template
    assert template.points == (20, 30, 200, 90)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (TOML.replace(b"page = 3", b"page = 0"), "page"),
        (TOML.replace(b'"top-left"', b'"middle"'), "corner: Input should be 'top-left'"),
        (TOML.replace(b"x = 20", b"x = -1"), "x: Input should be greater than or equal to 0"),
        (TOML.replace(b"x = 20", b"x = nan"), "x: Input should be"),
        (TOML.replace(b"compact", b"huge"), "there is no layout 'huge'; there are compact"),
        (TOML + b"colour = 1\n", "colour: Extra inputs"),
        (TOML.replace(b"width = 200\n", b""), "width: Field required"),
        (b"{", "neither JSON nor TOML"),
        (b"\xff", "neither JSON nor TOML"),
        (b"[" * 20_000, "at most 16384"),
        (b'{"x":' + b"[" * 9000, "neither JSON nor TOML"),
    ],
)
def test_a_template_with_a_mistake_names_the_key_and_the_reason(data: bytes, said: str) -> None:
    with pytest.raises(TemplateMalformed, match=said):
        checked(StampTemplate, read_values(data))


def png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def noise() -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((100, 100), 50).save(buffer, "PNG")
    return buffer.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + png(1, 1)[33:]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"GIF89a" + b"\0" * 100, "no PNG file"),
        (b"", "no PNG file"),
        (noise()[:9000], "no PNG file"),
        (png_that_claims(60_000, 60_000), "too many pixels"),
        (png_that_claims(2**31 - 1, 2**31 - 1), "pixels|no PNG"),
        (png(100, 5), "too narrow"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * (512 * 1024), "524296 bytes"),
    ],
)
def test_a_seal_that_is_no_bounded_png_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(SealRefused, match=said):
        read_seal(data)


def test_a_grey_seal_stays_grey_and_a_large_one_is_made_smaller() -> None:
    seal = read_seal(png(2000, 1000))
    assert (seal.width, seal.height, seal.is_grey) == (600, 300, True)


def test_a_missing_font_is_named_with_its_package(content: StampContent, tmp_path: Path) -> None:
    fonts = FontFolder(tmp_path)
    assert len(fonts.missing()) == 4
    with pytest.raises(FontMissing, match="fonts-noto-core"):
        prepared(Stamping(fonts=fonts), content)
    assert FontFolder().missing() == []
