"""One row of a list, read: the person that it speaks of, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from enrollment.lists.cells import EMPTY, LONGEST_CELL, Cell, CellKind
from enrollment.lists.columns import Layout, ListDefinition
from enrollment.lists.dates import DateHabits, ReadDate, read_date
from enrollment.lists.findings import Finding, Severity
from enrollment.lists.identifiers import (
    NumberHabits,
    Read,
    read_document,
    read_mail,
    read_national_id,
    read_staff_number,
)
from enrollment.lists.khmer_text import ZERO_WIDTH, has_controls, tidied
from enrollment.lists.names import ScriptHabits, has_name, read_text, split_full_name

TEXTS = (
    "surname_km",
    "given_name_km",
    "full_name_km",
    "surname_latin",
    "given_name_latin",
    "full_name_latin",
    "title_km",
    "title_latin",
    "unit",
)
# Kind of identifier, and the column of its number; "<column>_until" holds its expiry.
DOCUMENTS: Mapping[str, str] = {
    "national-id": "national_id",
    "passport": "passport",
    "residence-card": "residence_card",
}
CAMBODIA = "KH"
Values = dict[str, str | None]


@dataclass
class Habits:
    """How a whole list is written, learnt before its rows are judged."""

    dates: dict[str, DateHabits] = field(default_factory=dict)
    numbers: NumberHabits = field(default_factory=NumberHabits)
    scripts: ScriptHabits = field(default_factory=ScriptHabits)

    def learn(self, layout: Layout, cells: Sequence[Cell]) -> None:
        """Look at one row."""
        for column, place in layout.places.items():
            text = tidied(cells[place].text) if place < len(cells) else ""
            if not text:
                continue
            self.scripts.learn(column, text)
            if column == "staff_number":
                self.numbers.learn(text)
            elif _is_date(column):
                self.dates.setdefault(column, DateHabits()).learn(text)


@dataclass(frozen=True)
class ReadRow:
    """A row of the file: its cells as they stand, its values, and the findings.

    ``values`` are those with every proposal accepted; an unreadable one is missing.
    """

    number: int
    cells: Mapping[str, str]
    values: Mapping[str, str | None]
    findings: tuple[Finding, ...]

    @property
    def is_rejected(self) -> bool:
        """Tell whether some finding is an error."""
        return any(one.severity is Severity.ERROR for one in self.findings)

    @property
    def is_proposed(self) -> bool:
        """Tell whether an officer has to accept something first."""
        return any(one.severity is Severity.PROPOSAL for one in self.findings)


class RowReader:
    """Reads the rows of one list, whose layout and habits are known."""

    def __init__(
        self,
        *,
        definition: ListDefinition,
        layout: Layout,
        habits: Habits,
        mail_domains: Collection[str],
        today: date,
    ) -> None:
        self._definition = definition
        self._layout = layout
        self._habits = habits
        self._mail_domains = mail_domains
        self._today = today

    def read(self, number: int, cells: Sequence[Cell]) -> ReadRow:
        """Read a row; whatever is in it, the answer is a row with findings."""
        findings: list[Finding] = []
        tidy = {
            column: self._tidy(column, cells[place] if place < len(cells) else EMPTY, findings)
            for column, place in self._layout.places.items()
        }
        if any(one.text for one in cells[self._width :]):
            findings.append(Finding("extra-cells"))
        values = self._values(tidy, findings)
        if not has_name(values) and not _is_wrong(findings, "name"):
            findings.append(Finding("name-missing"))
        self._check_keys(values, findings)
        return ReadRow(
            number=number,
            cells={
                column: cells[place].text[:LONGEST_CELL]
                for column, place in self._layout.places.items()
                if place < len(cells)
            },
            values={name: value for name, value in values.items() if value},
            findings=tuple(findings),
        )

    @property
    def _width(self) -> int:
        return max(self._layout.places.values(), default=0) + 1 + len(self._layout.ignored)

    def _tidy(self, column: str, cell: Cell, findings: list[Finding]) -> Cell:
        """Return the cell without what nobody sees; empty where it cannot be used at all."""
        code = _unusable(cell)
        if code is not None:
            findings.append(Finding(code, column, cell.text[:LONGEST_CELL]))
            return EMPTY
        if ZERO_WIDTH.search(cell.text):
            findings.append(Finding("zero-width", column))
        return Cell(tidied(cell.text), cell.kind)

    def _values(self, tidy: Mapping[str, Cell], findings: list[Finding]) -> Values:
        values: Values = {}
        for column, cell in tidy.items():
            if not cell.text:
                continue
            read = self._read_cell(column, cell)
            findings += read.findings
            values[column] = read.value
        for script in ("km", "latin"):
            if full := values.pop(f"full_name_{script}", None):
                parts, found = split_full_name(values, script, full)
                values |= parts
                findings += [found] if found else []
        return values

    def _read_cell(self, column: str, cell: Cell) -> Read | ReadDate:
        if column in TEXTS:
            return read_text(column, cell.text, self._habits.scripts)
        if _is_date(column):
            return self._read_date(column, cell)
        readers: Mapping[str, Callable[[Cell], Read]] = {
            "staff_number": lambda one: read_staff_number(one, self._habits.numbers),
            "national_id": read_national_id,
            "official_mail": lambda one: read_mail(one, self._mail_domains),
            "sex": lambda one: _word(one, "sex", self._definition.sex_of),
            "nationality": lambda one: _word(one, "nationality", self._definition.nationality_of),
        }
        if column in readers:
            return readers[column](cell)
        return read_document(cell, column)

    def _read_date(self, column: str, cell: Cell) -> ReadDate:
        habits = self._habits.dates.get(column, DateHabits())
        read = read_date(cell, column, habits, self._today)
        if read.value is None:
            return read
        code = self._age_code(read.value) if column == "date_of_birth" else None
        if code is not None:
            return ReadDate(None, [*read.findings, Finding(code, column, cell.text)])
        if column != "date_of_birth" and read.value < self._today.isoformat()[: len(read.value)]:
            read.findings.append(Finding("document-expired", column, cell.text))
        return read

    def _age_code(self, born: str) -> str | None:
        # Where month or day are not known, the youngest and the oldest that it can be are asked.
        limits = self._definition.limits
        today = self._today.isoformat()
        if born > today:
            return "date-in-future"
        if born[:10] > _years_before(today, limits.minimum_age_years)[: len(born)]:
            return "too-young"
        if born < _years_before(today, limits.maximum_age_years)[: len(born)]:
            return "too-old"
        return None

    def _check_keys(self, values: Values, findings: list[Finding]) -> None:
        keys = ("staff_number", *DOCUMENTS.values())
        wrong = {one.column for one in findings if one.severity is Severity.ERROR}
        if not any(values.get(one) for one in keys) and not wrong & set(keys):
            findings.append(Finding("key-missing"))


def identifiers_of(values: Mapping[str, str | None]) -> list[tuple[str, str, str, str | None]]:
    """Return each identity document in a row: kind, country, number and until when it is valid.

    A national ID and a residence card are Cambodia's, a passport is that of the nationality.
    """
    found = []
    for kind, column in DOCUMENTS.items():
        if number := values.get(column):
            own = values.get("nationality") or CAMBODIA
            country = own if kind == "passport" else CAMBODIA
            found.append((kind, country, number, values.get(f"{column}_until")))
    return found


def _is_date(column: str) -> bool:
    return column == "date_of_birth" or column.endswith("_until")


def _unusable(cell: Cell) -> str | None:
    if cell.kind is CellKind.FORMULA:
        return "formula"
    if cell.kind is CellKind.FAULT:
        return "fault"
    if len(cell.text) > LONGEST_CELL:
        return "too-long"
    return "control-characters" if has_controls(cell.text) else None


def _is_wrong(findings: Sequence[Finding], part: str) -> bool:
    return any(part in one.column and one.severity is Severity.ERROR for one in findings)


def _word(cell: Cell, column: str, meaning: Callable[[str], str | None]) -> Read:
    value = meaning(cell.text)
    if value is None:
        return Read(None, [Finding(f"{column}-unreadable", column, cell.text)])
    return Read(value)


def _years_before(day: str, years: int) -> str:
    return f"{int(day[:4]) - years:04}{day[4:]}"
