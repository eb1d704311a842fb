"""Reasons, opinions and steps as strangers type them: refused, or kept as they are."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import CamtrustError
from signing.approval.pages.starting.routes import step_in
from signing.approval.words import LONGEST_TEXT, checked_text, holds_link, is_readable


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


@pytest.mark.parametrize(
    "text",
    [
        "http://pki",
        "See HTTPS://pki",
        "www.1",
        "pki.example",
        "Renew at pki.example/login now",
        "clerk@pki.example",
        "pki\u200b.\u200bexample",
        "pki\uff0eexample",
        "pki\u3002example",
        "ក្រសួងសុភា.example",
        "xn--test.xn--p1ai",
    ],
)
def test_what_a_mail_program_makes_a_link_of_is_one(text: str) -> None:
    assert holds_link(text)


@pytest.mark.parametrize(
    "text",
    [
        "Decision 12/2026",
        "Letter of 01.12.2026, no. 3.4",
        "Leave. Approved.",
        "សេចក្តីសម្រេច លេខ ១២/២០២៦",
        "ឯ.ឧ. ស៊ី សុវណ្ណ",
        "Re: budget",
    ],
)
def test_what_titles_say_is_no_link(text: str) -> None:
    assert not holds_link(text)
