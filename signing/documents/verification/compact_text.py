"""Texts in a QR code: Khmer in one octet a letter instead of UTF-8's three.

A text of ASCII and of the Khmer block alone becomes a byte string: ASCII as it is, U+1780 to U+17FF
as 0x80 to 0xFF. Any other text stays a text string. CBOR tells the two apart.
"""

from __future__ import annotations

_KHMER = 0x1780
_HALF = 0x80


def pack(text: str) -> str | bytes:
    """Return the shorter of the two forms."""
    codes = [_octet(ord(character)) for character in text]
    if text.isascii() or None in codes:
        return text
    return bytes(code for code in codes if code is not None)


def unpack(value: object) -> str:
    """Read what :func:`pack` wrote. Raises ValueError."""
    if isinstance(value, str):
        return value
    if not isinstance(value, bytes):
        raise ValueError("neither text nor bytes")  # noqa: TRY004 - it came from outside
    return "".join(chr(one if one < _HALF else _KHMER + one - _HALF) for one in value)


def _octet(code: int) -> int | None:
    if code < _HALF:
        return code
    return code - _KHMER + _HALF if _KHMER <= code < _KHMER + _HALF else None
