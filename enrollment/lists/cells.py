"""One cell of a list, as its file holds it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# Nothing in a list is longer; what is, came into the wrong cell.
LONGEST_CELL = 1_000
MOST_COLUMNS = 64


class CellKind(StrEnum):
    """What a spreadsheet says that a cell is; in CSV all is text."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    FORMULA = "formula"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its text (a date as YYYY-MM-DD, a number in plain digits) and its kind."""

    text: str
    kind: CellKind = CellKind.TEXT


EMPTY = Cell("")
# A row's number as spreadsheets count, from 1, and its cells.
SheetRow = tuple[int, tuple[Cell, ...]]
