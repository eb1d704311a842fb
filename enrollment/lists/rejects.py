"""The rows that a list's applying leaves out, as a CSV file for whoever made the list.

It is opened in a spreadsheet, which runs what looks like a formula: such cells get an apostrophe
in front (OWASP, CSV Injection).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from enrollment.lists.columns import COLUMNS
from enrollment.lists.findings import Severity
from enrollment.lists.staff_list import Outcome, StoredRow

MEDIA_TYPE = "text/csv; charset=utf-8"
_MARK = "\ufeff"  # without it Excel takes UTF-8 for an old code page
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def rejects_csv(rows: Iterable[StoredRow]) -> Iterator[str]:
    """Yield the file line by line: row number, reasons, and the cells as they stood."""
    yield _MARK + _line(["row", "reason", *COLUMNS])
    for row in rows:
        cells = [row.cells.get(column, "") for column in COLUMNS]
        yield _line([str(row.number), _reason(row), *cells])


def safe_cell(text: str) -> str:
    """Return a cell's text such that no spreadsheet runs it."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow(map(safe_cell, cells))
    return out.getvalue()


def _reason(row: StoredRow) -> str:
    wanted = Severity.ERROR if row.outcome is Outcome.REJECTED else Severity.PROPOSAL
    reasons = [
        f"{one.column}: {one.text}" if one.column else one.text
        for one in row.findings
        if one.severity is wanted
    ]
    if wanted is Severity.PROPOSAL:
        reasons.append("Nobody accepted what was proposed.")
    return " ".join(reasons)
