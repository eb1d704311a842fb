"""Feed the reader of lists with what atheris invents: only Malformed and Unacceptable may come out.

    python tests/fuzz/fuzz_lists.py -max_total_time=60 [CORPUS]

The first octet chooses: a CSV of the rest, or a workbook one of whose parts is the rest.
"""

from __future__ import annotations

import sys
from datetime import date

import atheris

with atheris.instrument_imports(include=["enrollment.lists"]):
    from enrollment.lists.columns import load_definition
    from enrollment.lists.reader import ListLimits, ListReader

from core.errors import Malformed, Unacceptable
from enrollment.lists.findings import FINDINGS
from tests.enrollment.lists.files import DARA, rewritten, xlsx_of

READER = ListReader(definition=load_definition(), limits=ListLimits(octets=100_000, rows=100))
WORKBOOK = xlsx_of(DARA)
PARTS = ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml")


def one_input(data: bytes) -> None:
    chosen, rest = (data[0], data[1:]) if data else (0, b"")
    octets = rest
    if chosen in range(1, len(PARTS) + 1):
        octets = rewritten(WORKBOOK, PARTS[chosen - 1], lambda _old: rest)
    try:
        rows = list(READER.read(octets, mail_domains=["x.example"], today=date(2026, 11, 23)))
    except (Malformed, Unacceptable):
        return
    for row in rows:
        assert all(one.code in FINDINGS for one in row.findings)
        assert all(0 < len(one) <= 254 for one in row.values.values() if one is not None)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
