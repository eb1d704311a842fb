"""Lists as institutions make them: CSV by hand, XLSX by openpyxl."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from openpyxl import Workbook

from enrollment.lists.columns import load_definition
from enrollment.lists.findings import Severity
from enrollment.lists.reader import ListLimits, ListReader
from enrollment.lists.rows import ReadRow

HEADER = (
    "Staff number",
    "Surname (Khmer)",
    "Given name (Khmer)",
    "Surname",
    "Given name",
    "Sex",
    "Date of birth",
    "National ID",
    "Official mail",
)
DARA = ("0012", "សុខ", "ដារ៉ា", "SOK", "Dara", "M", "31/12/1980", "012345678", "dara@moi.example")
MAIL_DOMAINS = ("moi.example",)
TODAY = date(2026, 11, 23)
LIMITS = ListLimits(octets=1024 * 1024, rows=1_000)


def person(number: int, **changes: str) -> tuple[str, ...]:
    """One of many people, none like the other."""
    values = dict(
        zip(
            HEADER,
            (
                f"{number:04}",
                "ចាន់",
                "សុភា",
                "CHAN",
                f"Sophea {'ABCDEFGHIJ'[number % 10]}",
                "F",
                "15/06/1985",
                f"{200_000_000 + number}",
                f"p{number}@moi.example",
            ),
            strict=True,
        )
    )
    return tuple((values | changes).values())


def csv_of(*rows: Sequence[str], separator: str = ",", header: Sequence[str] = HEADER) -> bytes:
    return "\r\n".join(separator.join(row) for row in (header, *rows)).encode()


def xlsx_of(*rows: Sequence[Any], header: Sequence[Any] = HEADER) -> bytes:
    workbook = Workbook()
    for row in (header, *rows):
        workbook.active.append(list(row))
    return saved(workbook)


def saved(workbook: Workbook) -> bytes:
    octets = io.BytesIO()
    workbook.save(octets)
    return octets.getvalue()


def rewritten(octets: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one of its parts changed."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(octets)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            held = old.read(name)
            new.writestr(name, change(held) if name == part else held)
    return out.getvalue()


def reader(limits: ListLimits = LIMITS) -> ListReader:
    return ListReader(definition=load_definition(), limits=limits)


def read(octets: bytes, limits: ListLimits = LIMITS) -> list[ReadRow]:
    return list(reader(limits).read(octets, mail_domains=MAIL_DOMAINS, today=TODAY))


def codes(row: ReadRow, *severities: Severity) -> list[str]:
    return [one.code for one in row.findings if not severities or one.severity in severities]


def one_cell(column: str, text: str, *others: str) -> ReadRow:
    """Read Dara's row with one cell changed; ``others`` are the same cell of rows before it."""
    place = HEADER.index(column)
    rows = [
        [*person(number)[:place], other, *person(number)[place + 1 :]]
        for number, other in enumerate(others)
    ]
    return read(csv_of(*rows, [*DARA[:place], text, *DARA[place + 1 :]]))[-1]


def proposed(row: ReadRow) -> Iterable[tuple[str, str, str]]:
    return [
        (one.code, one.was, one.proposed)
        for one in row.findings
        if one.severity is Severity.PROPOSAL
    ]
