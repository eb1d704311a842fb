"""Rows out of an XLSX file, by openpyxl in its reading mode: no formula is computed, no link
followed, no picture or macro loaded.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from openpyxl import load_workbook

from core.errors import CamtrustError
from enrollment.lists.cells import EMPTY, LONGEST_CELL, MOST_COLUMNS, Cell, CellKind, SheetRow
from enrollment.lists.errors import ListTooLarge, ListUnreadable
from enrollment.lists.xlsx_archive import check_archive

BEGINNING = b"PK\x03\x04"


def xlsx_rows(octets: bytes) -> Iterator[SheetRow]:
    """Yield each row of the first visible sheet that has any; empty ones only count.

    Raises ListUnreadable for a file that is no workbook, ListTooLarge for one that is more than a
    list can be.
    """
    check_archive(octets)
    try:
        with warnings.catch_warnings():
            # openpyxl tells what it leaves out: styles, validations, extensions.
            warnings.simplefilter("ignore")
            yield from _rows(octets)
    except CamtrustError:
        raise
    except Exception as error:
        # A damaged workbook fails in openpyxl in a hundred ways; all mean the same to a clerk.
        raise ListUnreadable(
            "The workbook cannot be read. Open it in the spreadsheet and save it again as "
            "'Excel Workbook (.xlsx)'."
        ) from error


def _rows(octets: bytes) -> Iterator[SheetRow]:
    workbook = load_workbook(io.BytesIO(octets), read_only=True, keep_links=False)
    try:
        for sheet in workbook.worksheets:
            if sheet.sheet_state != "visible":
                continue
            # What a file says of its own size is not believed: rows would be filled up to it.
            sheet.reset_dimensions()
            found, last = False, None
            for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS + 1), start=1):
                # Rows that the file does not have come as one and the same empty one.
                if row is last:
                    continue
                last, cells = row, tuple(map(_cell, row))
                if not any(one.text for one in cells):
                    continue
                if cells[MOST_COLUMNS:] and cells[MOST_COLUMNS].text:
                    raise ListTooLarge(
                        f"Row {number} has more than {MOST_COLUMNS} columns.", row=number
                    )
                found = True
                yield number, cells[:MOST_COLUMNS]
            if found:
                return
    finally:
        workbook.close()


def _cell(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return EMPTY
    if cell.data_type == "f":
        return Cell(str(value)[: LONGEST_CELL + 1], CellKind.FORMULA)
    if cell.data_type == "e":
        return Cell(str(value)[:32], CellKind.FAULT)
    if isinstance(value, datetime | date):
        return Cell(f"{value:%Y-%m-%d}", CellKind.DATE)
    if isinstance(value, bool):
        return Cell(str(value).upper())
    if isinstance(value, int | float | Decimal):
        return Cell(_plain(value), CellKind.NUMBER)
    return Cell(str(value)[: LONGEST_CELL + 1])


def _plain(value: Any) -> str:
    # 12345678.0 is how a spreadsheet keeps what was typed as 12345678.
    if value == value and abs(value) < 10**15 and value == int(value):
        return str(int(value))
    return repr(value)
