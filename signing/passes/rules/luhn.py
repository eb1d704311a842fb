"""The checksum of a UVCI: Luhn mod N over its own alphabet (eHealth Network, Annex 2 of the
guidelines on proof of vaccination).
"""

from __future__ import annotations

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/:"
_MARK = "#"


def has_checksum(identifier: str) -> bool:
    """Tell whether an identifier ends in a checksum: ``#`` and one character."""
    return len(identifier) > 2 and identifier[-2] == _MARK


def is_right(identifier: str) -> bool:
    """Tell whether the checksum of an identifier that has one is right."""
    body, _, check = identifier.upper().rpartition(_MARK)
    return checksum(body) == check


def checksum(body: str) -> str | None:
    """Return the character that belongs behind ``body`` and ``#``, None for foreign characters."""
    total, factor = 0, 2
    size = len(_ALPHABET)
    for character in reversed(body):
        value = _ALPHABET.find(character)
        if value < 0:
            return None
        quotient, rest = divmod(factor * value, size)
        total += quotient + rest
        factor = 3 - factor
    return _ALPHABET[-total % size]
