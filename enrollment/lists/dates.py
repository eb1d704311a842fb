"""Days as lists have them: day/month/year, and what spreadsheets and calendars make of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from core.digits import ascii_digits
from enrollment.lists.cells import Cell, CellKind
from enrollment.lists.findings import Finding

# ISO/IEC 29500-1, Section 18.17.4.1: day 1 is 1900-01-01, and a day that never was is counted.
_EXCEL_DAY_0 = date(1899, 12, 30)
# 1927-05-18 to 2064-04-08: no year and no other number in a column of dates lies there.
_SERIALS = range(10_000, 60_000)
# Cambodia counts 543 years more, and 544 from Visakha Bochea on; no birth is so late otherwise.
_BUDDHIST_YEARS = range(2_400, 2_700)
BUDDHIST_ERA_YEARS = 543
_YEARS = range(1_850, 2_200)
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ][0:.]+Z?)?")
_THREE = re.compile(r"(\d{1,2})[-/. ]+(\d{1,2})[-/. ]+(\d{4}|\d{2})(?: 0?0:00(?::00)?)?")
_MONTH_AND_YEAR = re.compile(r"(\d{1,2})[-/. ](\d{4})")
_MONTHS: Mapping[str, int] = {
    name: number
    for names in (
        "មករា កុម្ភៈ មីនា មេសា ឧសភា មិថុនា កក្កដា សីហា កញ្ញា តុលា វិច្ឆិកា ធ្នូ",
        "jan feb mar apr may jun jul aug sep oct nov dec",
    )
    for number, name in enumerate(names.split(), start=1)
}
_WORDS = re.compile("ថ្ងៃទី|ថ្ងៃ|ខែ|ឆ្នាំ|,")
_LATIN_MONTH = re.compile(r"[a-z]{3,9}")


@dataclass
class DateHabits:
    """How the dates of a whole column are written: what no other reading allows."""

    day_first: int = 0
    month_first: int = 0

    def learn(self, text: str) -> None:
        """Look at one cell."""
        match = _THREE.fullmatch(_numeric(text))
        if match is None:
            return
        first, second = int(match[1]), int(match[2])
        self.day_first += first > 12 >= second
        self.month_first += second > 12 >= first

    @property
    def are_mixed(self) -> bool:
        """Tell whether some date of the column can only begin with its month."""
        return self.month_first > 0


@dataclass
class ReadDate:
    """A date as YYYY, YYYY-MM or YYYY-MM-DD, None when it is none, and what was found."""

    value: str | None
    findings: list[Finding] = field(default_factory=list)


def read_date(cell: Cell, column: str, habits: DateHabits, today: date) -> ReadDate:
    """Read a cell of a column of dates; an empty one is no date and no finding."""
    if cell.kind is CellKind.DATE:
        return ReadDate(cell.text, [Finding("excel-date", column, cell.text)])
    text = _numeric(cell.text)
    if not text:
        return ReadDate(None)
    if text.isdigit() and int(text) in _SERIALS:
        value = (_EXCEL_DAY_0 + timedelta(days=int(text))).isoformat()
        return ReadDate(value, [Finding("excel-serial", column, cell.text, value)])
    if text.isdigit() and int(text) in _YEARS:
        # Many older people know the year of their birth alone.
        return ReadDate(text)
    if match := _ISO.fullmatch(text):
        return _made(cell, column, (int(match[1]), int(match[2]), int(match[3])), [])
    if match := _MONTH_AND_YEAR.fullmatch(text):
        year, month = int(match[2]), int(match[1])
        good = year in _YEARS and 1 <= month <= 12
        return ReadDate(f"{year}-{month:02}") if good else _no("date-impossible", cell, column)
    if match := _THREE.fullmatch(text):
        return _read_three(cell, column, match, habits, today)
    return _no("date-unreadable", cell, column)


def _read_three(
    cell: Cell, column: str, match: re.Match[str], habits: DateHabits, today: date
) -> ReadDate:
    day, month, year = int(match[1]), int(match[2]), int(match[3])
    codes = []
    if len(match[3]) == 2:
        year += 2000 if 2000 + year <= today.year - 10 else 1900
        codes.append("two-digit-year")
    if year in _BUDDHIST_YEARS:
        year -= BUDDHIST_ERA_YEARS
        codes.append("buddhist-year")
    if month > 12 >= day:
        day, month = month, day
        codes.append("month-first")
    elif habits.are_mixed and day <= 12 and day != month:
        # Day first is the custom; others here wrote otherwise, so somebody has to look.
        codes.append("date-ambiguous")
    return _made(cell, column, (year, month, day), codes)


def _made(cell: Cell, column: str, parts: tuple[int, int, int], codes: list[str]) -> ReadDate:
    try:
        value = date(*parts)
    except ValueError:
        return _no("date-impossible", cell, column)
    if value.year not in _YEARS:
        return _no("date-impossible", cell, column)
    text = value.isoformat()
    return ReadDate(text, [Finding(code, column, cell.text, text) for code in codes])


def _no(code: str, cell: Cell, column: str) -> ReadDate:
    return ReadDate(None, [Finding(code, column, cell.text)])


def _numeric(text: str) -> str:
    """Return a date with its words taken out and its months as numbers."""
    plain = _WORDS.sub(" ", ascii_digits(text).casefold())
    for name, number in _MONTHS.items():
        if not name.isascii():
            plain = plain.replace(name, f" {number} ")
    plain = _LATIN_MONTH.sub(_month_number, plain)
    return " ".join(plain.split())


def _month_number(match: re.Match[str]) -> str:
    return str(_MONTHS.get(match[0][:3], match[0]))
