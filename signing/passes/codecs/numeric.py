"""Numeric QR segments of SMART Health Cards: two digits a character, in one code or several."""

from __future__ import annotations

import re
from collections.abc import Sequence

from signing.passes.errors import bad_encoding

PREFIX = "shc:/"
# Two digits are ord(character) - 45; compact JWS has characters from "-" (45) to "z" (122).
_BASE, _HIGHEST = 45, ord("z")
_CODE = re.compile(r"shc:/(?:(\d{1,3})/(\d{1,3})/)?(\d+)\Z", re.ASCII)


def is_numeric(text: str) -> bool:
    """Tell whether a text means to be such a code."""
    return text.startswith("shc:")


def decode(codes: Sequence[str], *, most: int) -> str:
    """Return the text of one code, or of the chunks of one text in whatever order they come.

    Raises PassRefused (INVALID_ENCODING).
    """
    chunks: dict[int, str] = {}
    totals: set[int] = set()
    for code in codes:
        match = _CODE.match(code)
        if match is None:
            raise bad_encoding("A SMART Health Card's code is shc:/ and digits behind it.")
        index, total, digits = match.groups()
        number = int(index or 1)
        totals.add(int(total or 1))
        if chunks.setdefault(number, digits) != digits:
            raise bad_encoding("Two different codes say that they are the same part of one card.")
    if len(totals) != 1:
        raise bad_encoding("The codes belong to different cards: check one card at a time.")
    total_count = totals.pop()
    if not 1 <= total_count <= most:
        raise bad_encoding(f"A card may be spread over {most} codes at most.")
    if set(chunks) != set(range(1, total_count + 1)):
        raise bad_encoding(
            f"The card is spread over {total_count} codes, and {len(chunks)} of them are here."
        )
    return "".join(_characters(chunks[number]) for number in sorted(chunks))


def encode(text: str) -> str:
    """Return the one code of a text."""
    return PREFIX + "".join(f"{ord(character) - _BASE:02d}" for character in text)


def _characters(digits: str) -> str:
    if len(digits) % 2:
        raise bad_encoding("A digit of the code is missing, or there is one too many.")
    numbers = [int(digits[at : at + 2]) + _BASE for at in range(0, len(digits), 2)]
    if max(numbers) > _HIGHEST:
        raise bad_encoding("Two digits of the code stand for no character of a JWS.")
    return "".join(map(chr, numbers))
