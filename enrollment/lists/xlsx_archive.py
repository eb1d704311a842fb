"""Whether an XLSX file (ISO/IEC 29500) is safe to be parsed: looked at before openpyxl sees it.

An XLSX is a ZIP of XML. Either can be made so that little on disk becomes much in memory.
"""

from __future__ import annotations

import io
import re
import zipfile

from enrollment.lists.errors import ListTooLarge, ListUnreadable

MEBIBYTE = 1024 * 1024
MOST_MEMBERS = 500
# What all members together may unpack to: a list of 150,000 people takes about 140 MiB.
MOST_UNPACKED = 200 * MEBIBYTE
# XML of sheets packs to a tenth, seldom to a fiftieth; bombs to a thousandth.
MOST_RATIO = 200
# openpyxl keeps every shared string in memory.
MOST_SHARED_STRINGS = 32 * MEBIBYTE
# It builds a row, or what stands outside rows, as a tree: the longest stretch without a new row.
LONGEST_ROW = 512 * 1024
MOST_OTHER = 4 * MEBIBYTE
_CHUNK = 256 * 1024
_ROW = re.compile(rb"<(?:\w+:)?(?:row|si)[ />]")
_OVERLAP = 128


def check_archive(octets: bytes) -> None:
    """Unpack every member once, keeping nothing. Raises ListUnreadable or ListTooLarge."""
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            members = archive.infolist()
            _check_sizes(members, len(octets))
            for member in members:
                _check_member(archive, member)
    except ListTooLarge:
        raise
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError) as error:
        raise _broken() from error
    except (RuntimeError, ValueError, zipfile.zlib.error) as error:  # type: ignore[attr-defined]
        # Encrypted, packed in an unusual way, or cut off.
        raise _broken() from error


def _check_sizes(members: list[zipfile.ZipInfo], packed: int) -> None:
    # zipfile reads no more of a member than is declared, so that what is declared is the truth.
    unpacked = sum(one.file_size for one in members)
    if len(members) > MOST_MEMBERS:
        raise ListTooLarge("The workbook has too many parts.")
    if unpacked > MOST_UNPACKED or unpacked > MOST_RATIO * max(packed, 1024):
        raise ListTooLarge(
            "The workbook unpacks to far more than a list of people needs.",
            unpacked_octets=unpacked,
        )


def _check_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    if "sharedstrings" in member.filename.lower() and member.file_size > MOST_SHARED_STRINGS:
        raise ListTooLarge("The workbook holds too much text.")
    since_row, position, rows, tail = 0, 0, 0, b""
    with archive.open(member) as unpacked:
        while chunk := unpacked.read(_CHUNK):
            window = tail + chunk
            _check_markup(window, first=position == 0)
            begin = position - len(tail)
            for match in _ROW.finditer(window):
                _check_stretch(begin + match.start() - since_row, rows)
                since_row, rows = begin + match.start(), rows + 1
            position += len(chunk)
            _check_stretch(position - since_row, rows)
            tail = window[-_OVERLAP:]


def _check_stretch(length: int, rows: int) -> None:
    if length > (LONGEST_ROW if rows else MOST_OTHER):
        raise ListTooLarge("A row of the workbook is far wider than a list's.")


def _check_markup(window: bytes, *, first: bool) -> None:
    # A DOCTYPE can define entities that grow; none of Excel's files has one. In UTF-16 the
    # search would not see it, and none of Excel's files is in UTF-16.
    if b"<!DOCTYPE" in window or b"<!ENTITY" in window:
        raise ListUnreadable("The workbook holds a document type, which no spreadsheet writes.")
    if first and window.startswith((b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")):
        raise ListUnreadable("The workbook's XML is in UTF-16, which no spreadsheet writes.")


def _broken() -> ListUnreadable:
    return ListUnreadable(
        "The workbook is damaged, cut off or protected by a password. Open it in the "
        "spreadsheet, save it again without a password, and upload that."
    )
