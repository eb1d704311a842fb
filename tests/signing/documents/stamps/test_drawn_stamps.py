"""Stamps as poppler draws them and extracts their text, and as a camera reads their QR code."""

from __future__ import annotations

import dataclasses
import io
import itertools
import re
import subprocess
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
import uharfbuzz
import zxingcpp
from PIL import Image, ImageDraw

from signing.documents.stamps.content import StampContent, Words
from signing.documents.stamps.seal import read_seal
from signing.documents.stamps.settings import DEBIAN_FOLDER
from signing.documents.stamps.template import Corner, StampTemplate
from tests.published import published_pdf
from tests.signing.documents.stamps.conftest import Stamped, page

Stamp = Callable[..., Stamped]
A4 = "/MediaBox [0 0 595 842]"
FULL = StampTemplate(x=15, y=15, width=125, height=50, lunar_date=True)


@pytest.fixture(autouse=True)
def _poppler(require: Callable[[str], str]) -> None:
    require("pdftoppm")
    require("pdftotext")


def seal_png() -> bytes:
    image = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((5, 5, 195, 195), outline=(180, 0, 0, 128), width=12)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def test_every_line_extracts_as_it_was_written(stamp: Stamp, content: StampContent) -> None:
    stamped = stamp(page(A4), FULL, content)
    extracted = [line.strip() for line in stamped.text().splitlines() if line.strip()]
    assert stamped.prepared.style.composition is not None
    written = [one.line.text for one in stamped.prepared.style.composition.lines]
    assert extracted == written
    assert "ថ្ងៃអង្គារ ៧រោច ខែកត្តិក ឆ្នាំមមី អដ្ឋស័ក ព.ស. ២៥៧០" in extracted
    assert "លេខ · No. ១២៣ សជណ/MPTC-2026" in extracted
    assert content.address in "".join(extracted)


def test_the_qr_code_is_read_from_the_drawn_page(stamp: Stamp, content: StampContent) -> None:
    drawn = stamp(page(A4), FULL, content).drawn(dpi=150)
    (code,) = zxingcpp.read_barcodes(drawn)
    assert code.text == content.qr_text
    assert code.ec_level == "M"


EXTREME = [
    "ស្ត្រី",
    "ក្រសួងប្រៃសណីយ៍និងទូរគមនាគមន៍",
    "សាស្ត្រាចារ្យ ញ៉ាំ ខ្ញុំ ប៊ិច",
    "ឯកឧត្តម SOK Chan (អគ្គនាយក)",
    "ឥន្ទ្រិយ សង្រ្គាម អង្គុលី",
    "«លេខ ០០១/២៦ ស.រ.» — Nº 7 “x”",
]


def independent_runs(text: str) -> list[tuple[str, str]]:
    """Split between the two fonts, written anew: Khmer with the spaces that follow it."""
    runs = re.findall(
        r"([\u1780-\u17ff\u19e0-\u19ff][\u1780-\u17ff\u19e0-\u19ff ]*)|([^ក-\u17ff]+)", text
    )
    return [("NotoSansKhmer", khmer) if khmer else ("NotoSans", latin) for khmer, latin in runs]


@pytest.mark.parametrize("text", EXTREME)
def test_the_glyphs_are_those_that_harfbuzz_shapes_with_debians_fonts(
    stamp: Stamp, content: StampContent, text: str
) -> None:
    template = StampTemplate(x=10, y=10, width=150, height=30, layout="text")
    only = StampContent(signer=Words(), moment=content.moment, title=Words(text))
    drawn = stamp(page(A4), template, only).appearance
    actual = (b"\xfe\xff" + text.encode("utf-16-be")).decode("latin-1")
    spans = re.findall(rb"/Span << /ActualText (.*?) >> BDC\n(.*?)EMC", drawn, re.DOTALL)
    shown = [operators for value, operators in spans if literal(value) == actual.encode("latin-1")]
    assert len(shown) == 1, [literal(value) for value, _ in spans]
    runs = shown[0].split(b" 1 Tf")[1:]
    found = [
        [
            int(one[at : at + 4], 16)
            for one in re.findall(rb"<([0-9a-f]+)>", run)
            for at in range(0, len(one), 4)
        ]
        for run in runs
    ]
    assert found == [shaped(*run) for run in independent_runs(text)]


def literal(value: bytes) -> bytes:
    """Read a PDF string (ISO 32000-2, 7.3.4)."""
    if value.startswith(b"<"):
        return bytes.fromhex(value[1:-1].decode())
    plain = re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8)]), value[1:-1])
    plain = plain.replace(rb"\n", b"\n").replace(rb"\r", b"\r").replace(rb"\t", b"\t")
    plain = plain.replace(rb"\b", b"\b").replace(rb"\f", b"\f")
    return re.sub(rb"\\(.)", rb"\1", plain, flags=re.DOTALL)


def shaped(family: str, text: str) -> list[int]:
    face = uharfbuzz.Face((DEBIAN_FOLDER / f"{family}-Regular.ttf").read_bytes())
    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    uharfbuzz.shape(uharfbuzz.Font(face), buffer)
    return [one.codepoint for one in buffer.glyph_infos]


@pytest.mark.parametrize("text", EXTREME)
def test_no_ink_leaves_the_box_or_is_cut_at_its_edge(
    stamp: Stamp, content: StampContent, text: str
) -> None:
    template = StampTemplate(
        x=20, y=20, width=60, height=22, layout="letter", corner=Corner.BOTTOM_LEFT
    )
    only = dataclasses.replace(content, signer=Words(text), title=Words(text), qr_text="")
    only = dataclasses.replace(only, ministry=Words(), on_behalf_of=Words(), number="", address="")
    image = stamp(page(A4), template, only).drawn(dpi=300).convert("L")
    scale = 300 / 25.4
    left, top = 20 * scale, image.height - 42 * scale
    right, bottom = left + 60 * scale, top + 22 * scale
    ink = image.point(lambda value: 255 if value < 200 else 0).getbbox()
    assert ink is not None
    assert ink[0] >= left + 5
    assert ink[1] >= top + 5
    assert ink[2] <= right - 5
    assert ink[3] <= bottom - 5


def test_lines_of_stacked_khmer_do_not_touch(stamp: Stamp, content: StampContent) -> None:
    template = StampTemplate(x=20, y=20, width=60, height=40, layout="letter")
    only = StampContent(signer=Words("ស្ត្រីៗ ញ្ញុំ"), moment=content.moment, title=Words("ស្ត្រីៗ ញ្ញុំ"))
    stamped = stamp(page(A4), template, only)
    image = stamped.drawn(dpi=300).convert("L")
    composition = stamped.prepared.style.composition
    assert composition is not None
    assert len(composition.lines) == 4
    for above, below in itertools.pairwise(composition.lines):
        lowest = above.y + above.line.bottom * above.size / 1000
        highest = below.y + below.line.top * below.size / 1000
        assert lowest > highest
        y = stamped.prepared.place.box[1] + (lowest + highest) / 2
        row = round(image.height - y * 300 / 72)
        assert min(image.crop((0, row, image.width, row + 1)).tobytes()) > 200


def test_a_seal_is_drawn_in_its_colour(stamp: Stamp, content: StampContent) -> None:
    drawn = stamp(page(A4), FULL, content, read_seal(seal_png())).drawn().convert("RGB")
    reds = sum(
        1
        for r, g, b in zip(*[iter(drawn.tobytes())] * 3, strict=True)
        if r > 200 and 100 < g < 150 and 100 < b < 150
    )
    assert reds > 500


VISIBLE_BOX = (15 / 25.4, 15 / 25.4, 140 / 25.4, 65 / 25.4)  # inches from the corner


def check_upright_in_corner(stamped: Stamped, content: StampContent, corner: Corner) -> None:
    image = stamped.drawn(dpi=150)
    (code,) = zxingcpp.read_barcodes(image)
    assert code.text == content.qr_text
    assert abs(code.orientation) <= 2
    x = (code.position.top_left.x + code.position.bottom_right.x) / 2
    y = (code.position.top_left.y + code.position.bottom_right.y) / 2
    near_x, near_y, far_x, far_y = (one * 150 for one in VISIBLE_BOX)
    from_x = image.width - x if corner in {Corner.TOP_RIGHT, Corner.BOTTOM_RIGHT} else x
    from_y = image.height - y if corner in {Corner.BOTTOM_LEFT, Corner.BOTTOM_RIGHT} else y
    assert near_x < from_x < far_x
    assert near_y < from_y < far_y


@pytest.mark.parametrize("name", ["dss-rotate-90", "js-hello-rotated", "dss-negative-mediabox"])
def test_a_stamp_is_upright_where_it_was_asked_on_pages_that_others_made(
    stamp: Stamp, content: StampContent, name: str
) -> None:
    stamped = stamp(published_pdf(f"{name}.pdf").read_bytes(), FULL, content)
    check_upright_in_corner(stamped, content, Corner.BOTTOM_RIGHT)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_a_stamp_is_upright_on_each_page_of_a_document_with_turned_pages(
    stamp: Stamp, content: StampContent, number: int
) -> None:
    template = FULL.model_copy(update={"page": number})
    stamped = stamp(published_pdf("js-hello-rotated.pdf").read_bytes(), template, content)
    check_upright_in_corner(stamped, content, Corner.BOTTOM_RIGHT)


@pytest.mark.parametrize(
    ("boxes", "corner"),
    [
        ("/Rotate 0", Corner.TOP_LEFT),
        ("/Rotate 90", Corner.TOP_LEFT),
        ("/Rotate 90", Corner.BOTTOM_RIGHT),
        ("/Rotate -180", Corner.BOTTOM_LEFT),
        ("/Rotate 630", Corner.TOP_LEFT),
        ("/MediaBox [300 421 -295 -421] /Rotate 270", Corner.BOTTOM_RIGHT),
        ("/CropBox [50 60 545 782] /Rotate 90", Corner.TOP_RIGHT),
        ("/MediaBox [0 0 297.5 421] /UserUnit 2 /Rotate 180", Corner.TOP_LEFT),
    ],
)
def test_a_corner_of_a_turned_cut_or_scaled_page_is_the_one_that_is_seen(
    stamp: Stamp, content: StampContent, boxes: str, corner: Corner
) -> None:
    stamped = stamp(page(boxes), FULL.model_copy(update={"corner": corner}), content)
    check_upright_in_corner(stamped, content, corner)


def test_a_stamp_is_read_on_a_dark_page_and_may_leave_the_ground_as_it_is(
    stamp: Stamp, content: StampContent
) -> None:
    dark = page(A4, b"0.2 g 0 0 595 842 re f")
    corner = (595 - 140 / 25.4 * 72, 842 - 20 / 25.4 * 72)
    for template, colour in ((FULL, 255), (FULL.model_copy(update={"ground": False}), 51)):
        image = stamp(dark, template, content).drawn(dpi=72).convert("L")
        inside = (int(corner[0]) + 8, int(corner[1]) + 2)
        assert image.getpixel(inside) == pytest.approx(colour, abs=2)


def test_an_addition_to_pdf_a_1_has_embedded_fonts_and_no_transparency(
    stamp: Stamp, content: StampContent, require: Callable[[str], str]
) -> None:
    original = published_pdf("sf-pdfa.pdf").read_bytes()
    stamped = stamp(original, FULL, content, read_seal(seal_png()))
    for forbidden in (
        b"/SMask",
        b"/ExtGState",
        b"/Group",
        b"/DeviceRGB",
        b"/DeviceCMYK",
        b"/ObjStm",
    ):
        assert forbidden not in stamped.added
    # ISO 19005-1, 6.3.5: a CIDSet for each subset.
    assert stamped.added.count(b"/CIDSet") == stamped.added.count(b"/FontFile2") == 4
    listing = subprocess.run(
        [require("pdffonts"), stamped.path], check=True, capture_output=True, text=True
    ).stdout
    noto = [line for line in listing.splitlines() if "Noto" in line]
    assert len(noto) == 4
    assert all(re.search(r"Identity-H\s+yes yes yes", line) for line in noto)
    subprocess.run([require("qpdf"), "--check", stamped.path], check=True, capture_output=True)


def test_every_glyph_of_a_stamp_has_a_unicode_value(stamp: Stamp, content: StampContent) -> None:
    """ISO 19005-2, 6.2.11.7; an extractor that ignores ActualText sees no gaps."""
    stamped = stamp(page(A4), FULL, content)
    drawn = stamped.appearance.replace(b"ActualText", b"OtherThing1")
    raw = stamped.path.read_bytes()
    assert b"/ToUnicode" in raw
    assert b"<0000>" not in drawn


def test_the_signature_with_a_stamp_is_valid_for_others(
    stamp: Stamp, content: StampContent, require: Callable[[str], str]
) -> None:
    stamped = stamp(published_pdf("dss-rotate-90.pdf").read_bytes(), FULL, content)
    seen = subprocess.run(
        [require("pdfsig"), "-nocert", stamped.path], capture_output=True, text=True
    ).stdout
    assert "Signature is Valid" in seen


@pytest.mark.parametrize("layout", ["full", "letter", "compact", "text", "qr"])
def test_each_layout_shows_what_it_promises(
    stamp: Stamp, content: StampContent, layout: str, tmp_path: Path
) -> None:
    template = StampTemplate(x=15, y=15, width=110, height=60, layout=layout)
    stamped = stamp(page(A4), template, content)
    flat = unicodedata.normalize("NFC", "".join(stamped.text().split()))
    codes = zxingcpp.read_barcodes(stamped.drawn())
    assert len(codes) == (layout != "text")
    assert ("".join(content.signer.khmer.split()) in flat) == (layout != "qr")
