"""The file of rejects: it can be read again, and no spreadsheet runs anything of it."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.jurisdiction import NATION
from enrollment.lists.rejects import rejects_csv, safe_cell
from tests.enrollment.lists.files import DARA, csv_of, read
from tests.enrollment.lists.world import bring, crowd, officer
from tests.enrollment.world import World


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1"])
def test_what_looks_like_a_formula_is_made_text(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@given(text=st.text(max_size=30))
def test_no_cell_begins_like_a_formula(text: str) -> None:
    assert not safe_cell(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_rejects_have_number_reason_and_the_cells_as_they_stood(world: World) -> None:
    clerk = officer(world, "clerk")
    evil = ("=HYPERLINK(1)", *DARA[1:])
    short = (*DARA[:7], "12345678", DARA[8])
    ready = bring(world, clerk, *crowd(2), evil, short)
    rows = world.staff_lists.lists.rejects(ready.id, limit=10)
    text = "".join(rejects_csv(rows))
    assert text.startswith("\ufeff")
    table = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [one["row"] for one in table] == ["4", "5"]
    assert table[0]["staff_number"] == "'=HYPERLINK(1)"
    assert "staff_number: A staff number has" in table[0]["reason"]
    assert table[0]["given_name_km"] == "ដារ៉ា"
    assert "earlier row has the same" in table[1]["reason"]
    assert table[1]["national_id"] == "12345678"


def test_rejects_that_were_put_right_are_read_as_a_list(world: World) -> None:
    clerk = officer(world, "clerk")
    ready = bring(world, clerk, (*DARA[:6], "31/02/1980", *DARA[7:]))
    text = "".join(rejects_csv(world.staff_lists.lists.rejects(ready.id, limit=10)))
    (row,) = read(text.replace("31/02/1980", "28/02/1980").encode())
    assert row.findings == ()
    assert row.values == read(csv_of((*DARA[:6], "28/02/1980", *DARA[7:])))[0].values
    assert world.staff_lists.lists.find(ready.id, NATION).unaccepted == 0
