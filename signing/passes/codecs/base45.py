"""Base45 (RFC 9285): two octets in three characters of a QR code's alphanumeric alphabet."""

from __future__ import annotations

import struct
from itertools import product

from signing.passes.errors import bad_encoding

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_CHARACTERS = frozenset(ALPHABET)
# Octets of a text to values of characters: what is no character of the alphabet is 255.
_NONE = 255
_VALUES = bytes(
    ALPHABET.index(chr(octet)) if chr(octet) in _CHARACTERS else _NONE for octet in range(256)
)
# Two characters for each number below 45 times 45, the lower digit first.
_PAIRS = [low + high for high, low in product(ALPHABET, repeat=2)]


def is_base45(text: str) -> bool:
    """Tell whether every character is of the alphabet."""
    return bool(text) and _CHARACTERS.issuperset(text)


def decode(text: str) -> bytes:
    """Return the octets. Raises PassRefused (INVALID_ENCODING)."""
    values = text.encode("latin-1", "replace").translate(_VALUES)
    if _NONE in values:
        raise bad_encoding("The code has a character that does not occur in base45 (RFC 9285).")
    whole, rest = divmod(len(values), 3)
    if rest == 1:
        raise bad_encoding("The code is a character too short or too long: base45 comes in threes.")
    end = whole * 3
    threes = zip(values[0:end:3], values[1:end:3], values[2:end:3], strict=True)
    numbers = [first + 45 * second + 2025 * third for first, second, third in threes]
    last = values[-2] + 45 * values[-1] if rest else 0
    if last > 0xFF or (numbers and max(numbers) > 0xFFFF):
        raise bad_encoding("Characters of the code stand for more than the octets of their place.")
    return struct.pack(f">{whole}H", *numbers) + (bytes([last]) if rest else b"")


def encode(octets: bytes) -> str:
    """Return the text of octets."""
    whole, rest = divmod(len(octets), 2)
    numbers = struct.unpack(f">{whole}H", octets[: whole * 2])
    text = "".join([_PAIRS[number % 2025] + ALPHABET[number // 2025] for number in numbers])
    return text + _PAIRS[octets[-1]] if rest else text
