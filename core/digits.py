"""Khmer digits: read wherever a number, a date or a code is typed, and stored as ASCII."""

from __future__ import annotations

# Unicode, block Khmer: U+17E0 to U+17E9 are the digits zero to nine.
_TO_ASCII = {0x17E0 + value: str(value) for value in range(10)}


def ascii_digits(text: str) -> str:
    """Return ``text`` with each Khmer digit as its ASCII digit.

    Apply it before anything is checked, compared or hashed.
    """
    return text.translate(_TO_ASCII)
