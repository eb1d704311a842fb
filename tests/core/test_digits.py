from __future__ import annotations

from core.digits import ascii_digits


def test_khmer_digits_become_ascii_digits() -> None:
    assert ascii_digits("០១២៣៤៥៦៧៨៩") == "0123456789"


def test_everything_else_stays_as_it_is() -> None:
    assert ascii_digits("ថ្ងៃទី 24 ខែ៖ ១១") == "ថ្ងៃទី 24 ខែ៖ 11"
