"""Reasons, opinions and steps as strangers type them: refused, or kept as they are."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import CamtrustError
from signing.approval.pages.starting.routes import step_in
from signing.approval.words import LONGEST_TEXT, checked_text, is_readable


@given(st.text(max_size=LONGEST_TEXT + 10))
@example("a\r\nb")
@example("យល់ព្រម\u200bទាំងស្រុង")
@example("\u202egnp.exe")
@example("\u200b")
def test_what_is_kept_is_readable_and_no_longer_than_it_may_be(text: str) -> None:
    try:
        kept = checked_text(text, "why")
    except CamtrustError:
        return
    assert 0 < len(kept) <= LONGEST_TEXT
    assert all(is_readable(line) for line in kept.split("\n") if line.strip())
    # Taken again, it is the same.
    assert checked_text(kept, "why") == kept


@given(st.text(max_size=6))
@example("២")
@example("٣")
@example("²")
@example("-1")
@example("1000")
def test_a_step_is_a_small_number_or_refused(text: str) -> None:
    try:
        number = step_in(text)
    except CamtrustError:
        return
    assert 1 <= number <= 99


@pytest.mark.parametrize("text", ["ok", "យល់ព្រម", "two\nlines", "a\u200bb"])
def test_what_people_write_is_kept(text: str) -> None:
    assert checked_text(text, "why") == text
