"""Rows out of a CSV file (RFC 4180, with the separators that spreadsheets use)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from enrollment.lists.cells import EMPTY, LONGEST_CELL, MOST_COLUMNS, Cell, SheetRow
from enrollment.lists.errors import ListTooLarge, ListUnreadable

SEPARATORS = ",;\t"
# What a header line may take at most when its separator is looked for.
_HEAD = 64 * 1024
# How files begin that are something else; what their owner should do.
_OTHERS = (
    (b"\xff\xfe", "It is text in UTF-16."),
    (b"\xfe\xff", "It is text in UTF-16."),
    (b"\xd0\xcf\x11\xe0", "It is an Excel file of the old kind (.xls), or one with a password."),
    (b"%PDF", "It is a PDF."),
    (b"{\\rtf", "It is a text document."),
    (b"\x1f\x8b", "It is a compressed file."),
)
ADVICE = "In Excel choose Save As and 'CSV UTF-8' or 'Excel Workbook (.xlsx)'."


def csv_rows(octets: bytes) -> Iterator[SheetRow]:
    """Yield each row as it is read; rows without any text are left out, and still counted.

    Raises ListUnreadable for anything but UTF-8 and for broken quoting, ListTooLarge for rows
    that are too wide.
    """
    text = _decoded(octets)
    text.seek(0)
    reader = csv.reader(text, delimiter=_separator(octets), strict=True)
    try:
        for number, row in enumerate(reader, start=1):
            if len(row) > MOST_COLUMNS and any(row[MOST_COLUMNS:]):
                raise ListTooLarge(
                    f"Row {number} has more than {MOST_COLUMNS} columns.", row=number
                )
            cells = tuple(Cell(one[: LONGEST_CELL + 1]) if one else EMPTY for one in row)
            if any(one.text.strip() for one in cells):
                yield number, cells[:MOST_COLUMNS]
    except csv.Error as error:
        raise ListUnreadable(
            f"Line {reader.line_num} is no CSV: a quotation mark is open, or a cell is huge.",
            line=reader.line_num,
        ) from error


def _decoded(octets: bytes) -> io.TextIOWrapper:
    for beginning, what in _OTHERS:
        if octets.startswith(beginning):
            raise ListUnreadable(f"{what} {ADVICE}")
    if b"\0" in octets:
        raise ListUnreadable(f"It holds octets that are no text. {ADVICE}")
    # RFC 3629. The mark that Excel puts in front is taken away.
    text = io.TextIOWrapper(io.BytesIO(octets), encoding="utf-8-sig", newline="")
    line = 0
    try:
        # Looked through once, so that nobody learns of it after half the rows.
        for line, _text in enumerate(_pieces(text), start=1):  # noqa: B007
            pass
    except UnicodeDecodeError as error:
        raise ListUnreadable(
            f"The text is not in UTF-8, perhaps in an old Windows code page. {ADVICE}",
            after_octet=line * _HEAD,
        ) from error
    return text


def _pieces(text: io.TextIOWrapper) -> Iterator[str]:
    while piece := text.read(_HEAD):
        yield piece


def _separator(octets: bytes) -> str:
    # The first line that has one: above the names a list often has a title.
    head = octets[:_HEAD].decode("utf-8-sig", errors="ignore")
    for line in head.splitlines():
        counts = {one: _outside_quotes(line).count(one) for one in SEPARATORS}
        if max(counts.values()) > 0:
            return max(counts, key=counts.__getitem__)
    return SEPARATORS[0]


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2])
