from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.web.cursors import CursorMalformed, cursor_after, row_id_of


@given(st.integers(0, 2**128 - 1))
def test_a_cursor_names_the_row_that_it_comes_after(number: int) -> None:
    row_id = f"{number:032x}"
    assert row_id_of(cursor_after(row_id)) == row_id


@given(st.text(max_size=80))
def test_what_is_no_cursor_is_malformed_and_nothing_else(text: str) -> None:
    try:
        row_id = row_id_of(text)
    except CursorMalformed:
        return
    assert row_id_of(cursor_after(row_id)) == row_id


@pytest.mark.parametrize("text", ["", "%", "AAAA", "Mjo", "MTo", cursor_after("0" * 32) + "A"])
def test_a_foreign_cursor_is_refused(text: str) -> None:
    with pytest.raises(CursorMalformed):
        row_id_of(text)
