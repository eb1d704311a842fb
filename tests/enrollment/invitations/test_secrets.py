"""What opens an invitation, as it is made, typed and kept."""

from __future__ import annotations

import pytest

from enrollment.invitations.errors import DigitsMalformed, InvitationUnknown
from enrollment.invitations.masking import masked_name
from enrollment.invitations.secrets import (
    CODE_DIGITS,
    SlipCodes,
    new_code,
    new_number,
    new_token,
    read_digits,
    token_hash,
)
from tests.enrollment.world import SoftwareMacKey


@pytest.mark.parametrize(
    "typed", ["01234567", "0123 4567", "០១២៣៤៥៦៧", " ០១២៣ 4567 ", "0123-4567", "0123\u00a04567"]
)
def test_digits_are_read_as_they_are_meant(typed: str) -> None:
    assert read_digits(typed, CODE_DIGITS) == "01234567"


@pytest.mark.parametrize(
    "typed", ["", "0123456", "012345678", "0123456a", "٠١٢٣٤٥٦٧", "1" * 10_000]
)
def test_what_are_no_digits_of_a_slip_are_refused(typed: str) -> None:
    with pytest.raises(DigitsMalformed):
        read_digits(typed, CODE_DIGITS)


def test_tokens_and_codes_have_their_length_and_differ() -> None:
    assert len({new_token() for _time in range(50)}) == 50
    assert {len(new_code()) for _time in range(200)} == {8}
    assert {len(new_number()) for _time in range(200)} == {6}


@pytest.mark.parametrize("token", ["", "a" * 42, "a" * 44, "a" * 42 + "/", "é" * 43, "a" * 5000])
def test_what_is_no_token_opens_nothing(token: str) -> None:
    with pytest.raises(InvitationUnknown):
        token_hash(token)


def test_the_digits_of_one_slip_are_not_those_of_another() -> None:
    key = SoftwareMacKey()
    codes = SlipCodes(mac_key=lambda: key)
    kept = codes.mac("a" * 32, "01234567")
    assert codes.is_right("a" * 32, "01234567", kept)
    assert not codes.is_right("b" * 32, "01234567", kept)
    assert not codes.is_right("a" * 32, "01234568", kept)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("SOK Dara", "S… D…"),
        ("សុខ ដារ៉ា", "សុ… ដា…"),
        ("ស្រី", "ស…"),
        ("Dara", "D…"),
        ("  SOK   Dara ", "S… D…"),
    ],
)
def test_a_masked_name_shows_its_first_letters(name: str, masked: str) -> None:
    assert masked_name(name) == masked
