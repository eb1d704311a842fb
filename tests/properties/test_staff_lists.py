"""What holds for every list, whatever stands in it."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Malformed, Unacceptable
from enrollment.lists.khmer_text import in_khmer_order, tidied
from tests.enrollment.lists.files import DARA, HEADER, codes, csv_of, one_cell, read, xlsx_of

DAYS = st.dates(min_value=date(1930, 1, 1), max_value=date(2008, 11, 23))
KHMER_DIGITS = str.maketrans("0123456789", "០១២៣៤៥៦៧៨៩")


@settings(deadline=None)
@given(text=st.text(st.characters(blacklist_categories=["Cs"]), max_size=40))
def test_tidied_text_stays_as_it_is(text: str) -> None:
    once = tidied(text)
    assert tidied(once) == once


@settings(deadline=None)
@given(text=st.text(st.characters(min_codepoint=0x1780, max_codepoint=0x17D3), max_size=8))
def test_ordering_khmer_letters_loses_no_syllable_and_never_fails(text: str) -> None:
    assert bool(in_khmer_order(text)) == bool(text)


@settings(deadline=None)
@given(day=DAYS, pattern=st.sampled_from(["%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d", "%d.%m.%Y"]))
def test_a_day_is_read_back_in_either_digits(day: date, pattern: str) -> None:
    typed = day.strftime(pattern)
    for text in (typed, typed.translate(KHMER_DIGITS)):
        row = one_cell("Date of birth", text)
        assert row.values["date_of_birth"] == day.isoformat()
        assert not row.is_proposed


@settings(deadline=None)
@given(day=DAYS)
def test_a_day_as_a_spreadsheet_counts_it_is_proposed(day: date) -> None:
    serial = (day - date(1899, 12, 30)) // timedelta(days=1)
    row = one_cell("Date of birth", str(serial))
    assert row.values["date_of_birth"] == day.isoformat()
    assert codes(row) == ["excel-serial"]


@settings(deadline=None)
@given(number=st.integers(min_value=0, max_value=999_999_999))
def test_a_national_id_keeps_its_zeros_or_gets_them_back(number: int) -> None:
    full = f"{number:09}"
    assert one_cell("National ID", full).values["national_id"] == full
    row = one_cell("National ID", str(number))
    if row.is_rejected:
        assert number < 100_000
    else:
        assert row.values["national_id"] == full
        assert row.is_proposed == (len(str(number)) < 9)


@settings(max_examples=50, deadline=None)
@given(
    cells=st.lists(
        st.text(st.characters(min_codepoint=32, max_codepoint=0x17FF), max_size=20),
        min_size=len(HEADER),
        max_size=len(HEADER),
    )
)
def test_csv_and_xlsx_say_the_same(cells: list[str]) -> None:
    # What a spreadsheet takes for a formula it keeps as one; CSV has no formulas.
    cells = [one.lstrip("=") for one in cells]
    out = io.StringIO()
    csv.writer(out).writerows([HEADER, DARA, cells])
    by_csv, by_xlsx = read(out.getvalue().encode()), read(xlsx_of(DARA, cells))
    assert [(row.number, row.values, codes(row)) for row in by_csv] == [
        (row.number, row.values, codes(row)) for row in by_xlsx
    ]


@settings(max_examples=200, deadline=None)
@given(octets=st.binary(max_size=400))
def test_octets_are_read_or_refused(octets: bytes) -> None:
    for one in (octets, csv_of(DARA) + b"\n" + octets, xlsx_of(DARA)[:200] + octets):
        try:
            read(one)
        except (Malformed, Unacceptable):
            continue
