"""Reads a list: its file's kind, its columns, its habits, and then row by row.

The file is gone through twice, and no more than a row of it is held at a time: once to learn how
its dates, numbers and scripts are written, and once to judge each row in that light.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

from enrollment.lists.cells import SheetRow
from enrollment.lists.columns import Layout, ListDefinition, find_layout
from enrollment.lists.csv_sheet import csv_rows
from enrollment.lists.errors import ListColumnsMissing, ListTooLarge, ListUnreadable
from enrollment.lists.findings import Finding
from enrollment.lists.rows import Habits, ReadRow, RowReader, identifiers_of
from enrollment.lists.xlsx_sheet import BEGINNING, xlsx_rows

# Above the column names stand at most so many rows: ministry, title, date.
MOST_TITLE_ROWS = 15


@dataclass(frozen=True)
class ListLimits:
    """How large a list may be."""

    octets: int
    rows: int


class ListReader:
    """Reads the lists of one institution."""

    def __init__(self, *, definition: ListDefinition, limits: ListLimits) -> None:
        self._definition = definition
        self._limits = limits

    def check_size(self, octets: int) -> None:
        """Refuse a file by its size. Raises ListTooLarge."""
        if octets > self._limits.octets:
            mebibytes = self._limits.octets // (1024 * 1024)
            raise ListTooLarge(
                f"A list has at most {mebibytes} MiB. Take pictures and other sheets out.",
                max_octets=self._limits.octets,
            )

    def layout_of(self, octets: bytes) -> Layout:
        """Return where the columns stand.

        Raises ListUnreadable, ListTooLarge and ListColumnsMissing.
        """
        self.check_size(len(octets))
        head = islice(_sheet(octets)(octets), MOST_TITLE_ROWS)
        named = ((number, [one.text for one in cells]) for number, cells in head)
        layout = find_layout(self._definition, named)
        if layout is None:
            raise ListColumnsMissing(
                f"None of the first {MOST_TITLE_ROWS} rows names the columns, such as "
                "'Staff number', 'Surname' and 'Given name'."
            )
        return layout

    def read(
        self, octets: bytes, *, mail_domains: Collection[str], today: date
    ) -> Iterator[ReadRow]:
        """Yield each row with its findings, those of the whole list included.

        Raises ListUnreadable, ListTooLarge and ListColumnsMissing, before the first row.
        """
        layout = self.layout_of(octets)
        habits = Habits()
        for _number, cells in self._below(octets, layout):
            habits.learn(layout, cells)
        reader = RowReader(
            definition=self._definition,
            layout=layout,
            habits=habits,
            mail_domains=mail_domains,
            today=today,
        )
        seen = _Seen()
        return (seen.check(reader.read(*one)) for one in self._below(octets, layout))

    def _below(self, octets: bytes, layout: Layout) -> Iterator[SheetRow]:
        count = 0
        for number, cells in _sheet(octets)(octets):
            if number <= layout.header_row:
                continue
            count += 1
            if count > self._limits.rows:
                raise ListTooLarge(
                    f"A list has at most {self._limits.rows} rows.", max_rows=self._limits.rows
                )
            yield number, cells
        if not count:
            raise ListUnreadable("The list names its columns, but nobody stands in it.")


class _Seen:
    """What stood in earlier rows: a person, a staff number and a mail address stand there once."""

    def __init__(self) -> None:
        self._staff_numbers: set[str] = set()
        self._mails: set[str] = set()
        self._documents: set[tuple[str, str, str]] = set()

    def check(self, row: ReadRow) -> ReadRow:
        found: list[Finding] = []
        number, mail = row.values.get("staff_number"), row.values.get("official_mail")
        if number and number.casefold() in self._staff_numbers:
            found.append(Finding("duplicate-staff-number", "staff_number", number))
        if mail and mail in self._mails:
            found.append(Finding("duplicate-mail", "official_mail", mail))
        documents = {one[:3] for one in identifiers_of(row.values)}
        found += [
            Finding("duplicate-person", one[0].replace("-", "_"), one[2])
            for one in sorted(documents & self._documents)
        ]
        if number:
            self._staff_numbers.add(number.casefold())
        if mail:
            self._mails.add(mail)
        self._documents |= documents
        return replace(row, findings=(*row.findings, *found)) if found else row


def _sheet(octets: bytes) -> Callable[[bytes], Iterator[SheetRow]]:
    return xlsx_rows if octets.startswith(BEGINNING) else csv_rows
