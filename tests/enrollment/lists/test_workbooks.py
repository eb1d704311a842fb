"""Workbooks that are made to hurt, or came out broken."""

from __future__ import annotations

import io
import re
import resource
import time
import zipfile
from collections.abc import Callable

import pytest
from openpyxl import Workbook

from enrollment.lists.errors import ListTooLarge, ListUnreadable
from tests.enrollment.lists.files import DARA, HEADER, codes, read, rewritten, saved, xlsx_of

SHEET = "xl/worksheets/sheet1.xml"
GOOD = xlsx_of(DARA)


def changed(part: str, change: Callable[[bytes], bytes]) -> bytes:
    return rewritten(GOOD, part, change)


def into_rows(markup: bytes) -> bytes:
    return changed(SHEET, lambda xml: xml.replace(b"</sheetData>", markup + b"</sheetData>"))


def test_a_good_workbook_is_read() -> None:
    (row,) = read(GOOD)
    assert codes(row) == []


def test_what_a_workbook_says_of_its_own_size_is_not_believed() -> None:
    wide = changed(
        SHEET,
        lambda xml: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', xml),
    )
    began = time.process_time()
    (row,) = read(wide)
    assert codes(row) == []
    assert time.process_time() - began < 5


def test_a_last_row_far_below_costs_no_time() -> None:
    began = time.process_time()
    (row,) = read(into_rows(b'<row r="1048576"><c r="A1048576"/></row>'))
    assert codes(row) == []
    assert time.process_time() - began < 10


def test_a_million_columns_are_refused() -> None:
    cells = b"".join(b"<c><v>%d</v></c>" % number for number in range(1_000_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ListTooLarge):
        read(into_rows(b'<row r="9">' + cells + b"</row>"))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 200_000  # KiB


def test_a_hundred_columns_are_refused_with_their_row() -> None:
    with pytest.raises(ListTooLarge, match="Row 2 has more than 64 columns"):
        read(xlsx_of((*DARA, *("x" for _ in range(100)))))


@pytest.mark.parametrize("part", [SHEET, "xl/sharedStrings.xml", "xl/media/image1.png", "x"])
def test_a_zip_bomb_is_refused_unopened(part: str) -> None:
    bomb = io.BytesIO(GOOD)
    with (
        zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open(
            "xl/bomb.xml" if part in archive.namelist() else part, "w", force_zip64=True
        ) as member,
    ):
        for _ in range(300):
            member.write(bytes(1024 * 1024))
    began = time.process_time()
    with pytest.raises(ListTooLarge):
        read(bomb.getvalue())
    assert time.process_time() - began < 5


def test_a_member_that_lies_about_its_size_is_refused() -> None:
    octets = bytearray(GOOD)
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        size = archive.getinfo(SHEET).file_size
    lying = bytes(octets).replace(size.to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != GOOD
    with pytest.raises(ListUnreadable):
        read(lying)


@pytest.mark.parametrize(
    "doctype",
    [
        b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>',
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_entities_are_refused(doctype: bytes) -> None:
    with pytest.raises(ListUnreadable, match="document type"):
        read(changed(SHEET, lambda xml: doctype + xml.replace(b"SOK", b"&b;")))


def test_utf_16_does_not_hide_entities() -> None:
    with pytest.raises(ListUnreadable, match="UTF-16"):
        read(changed(SHEET, lambda xml: xml.decode().encode("utf-16")))


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.99])
def test_a_file_that_was_cut_off_is_refused(kept: float) -> None:
    with pytest.raises(ListUnreadable):
        read(GOOD[: int(len(GOOD) * kept)])


@pytest.mark.parametrize("part", ["xl/workbook.xml", SHEET, "xl/styles.xml", "[Content_Types].xml"])
def test_a_workbook_with_a_broken_part_is_refused(part: str) -> None:
    with pytest.raises(ListUnreadable):
        read(changed(part, lambda xml: xml[: len(xml) // 2]))


def test_links_to_other_workbooks_are_not_followed() -> None:
    workbook = Workbook()
    workbook.active.append(HEADER)
    workbook.active.append([*DARA[:5], "='[http://evil.example/x.xlsx]Sheet1'!A1", *DARA[6:]])
    (row,) = read(saved(workbook))
    assert codes(row) == ["formula"]


def test_a_hidden_sheet_is_not_the_list() -> None:
    workbook = Workbook()
    workbook.active.append(HEADER)
    workbook.active.append(("9999", *DARA[1:]))
    workbook.active.sheet_state = "hidden"
    seen = workbook.create_sheet("People")
    seen.append(HEADER)
    seen.append(DARA)
    (row,) = read(saved(workbook))
    assert row.values["staff_number"] == "0012"
