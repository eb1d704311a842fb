"""Members of CSC requests, read strictly, by their names in version 2 and in version 1.

A member that is not known is left alone, as the specification asks (CSC 2.0, Section 6.2).
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, BinaryIO

from signing.csc.errors import CscRequestRefused, DocumentsTooLarge

LONGEST_TEXT = 20_000
# NUL, which no PostgreSQL stores, and halves of UTF-16 pairs, which UTF-8 does not write.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# Far more than one authorization gives; what is between is refused with its number.
MOST_HASHES = 20_000
# Characters of base64 that are decoded at a time: a multiple of four.
_PORTION = 1 << 18


class Fields:
    """The members of one request's JSON object."""

    def __init__(self, document: object) -> None:
        if not isinstance(document, dict):
            raise CscRequestRefused("Send a JSON object.")
        self._members: Mapping[str, Any] = document

    def text(self, *names: str) -> str:
        """Return a string, by the first of its names that is there. Raises CscRequestRefused."""
        value = self.optional_text(*names)
        if value is None:
            raise CscRequestRefused(f"Missing (or invalid type) string parameter {names[0]}")
        return value

    def optional_text(self, *names: str) -> str | None:
        """Return a string or, where no name is there, None. Raises CscRequestRefused."""
        name, value = self._first(names)
        if value is None:
            return None
        if (
            not isinstance(value, str)
            or not 0 < len(value) <= LONGEST_TEXT
            or _UNSTORABLE.search(value)
        ):
            raise CscRequestRefused(f"Missing (or invalid type) string parameter {name}")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a boolean. Raises CscRequestRefused."""
        value = self._members.get(name)
        if value is not None and not isinstance(value, bool):
            raise CscRequestRefused(f"Invalid type of boolean parameter {name}")
        return default if value is None else value

    def number(self, name: str) -> int | None:
        """Return a number; version 1 has it as a string. Raises CscRequestRefused."""
        value = self._members.get(name)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
            value = int(value)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise CscRequestRefused(f"Invalid type of number parameter {name}")
        return value

    def objects(self, name: str) -> list[Fields]:
        """Return a list of objects, empty where it is not there. Raises CscRequestRefused."""
        value = self._members.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise CscRequestRefused(f"Invalid type of array parameter {name}")
        return [Fields(one) for one in value]

    def hashes(self) -> list[bytes]:
        """Return ``hashes`` (version 1: ``hash``). Raises CscRequestRefused."""
        name, value = self._first(("hashes", "hash"))
        if isinstance(value, str):
            # Version 1 has one hash of credentials/extendTransaction without a list.
            value = [value]
        if not isinstance(value, list) or not 0 < len(value) <= MOST_HASHES:
            raise CscRequestRefused(f"Missing (or invalid type) array parameter {name}")
        return [_octets(one) for one in value]

    def content(self, name: str, *, at_most: int) -> tuple[BinaryIO, int]:
        """Return a file, at its beginning, and its length. Raises as :meth:`text`.

        It is decoded in portions, so that the text is not held thrice. Raises DocumentsTooLarge.
        """
        value = self._members.get(name)
        if not isinstance(value, str) or not value:
            raise CscRequestRefused(f"Missing (or invalid type) string parameter {name}")
        octets = len(value) // 4 * 3 - value[-2:].count("=")
        if octets > at_most:
            raise DocumentsTooLarge("The documents of one request are larger than is taken here.")
        # Padding in the midst would be the end of a portion, and nobody would see it.
        if len(value) % 4 or "=" in value[:-2]:
            raise CscRequestRefused(f"Invalid Base64 {name} parameter")
        content = BytesIO()
        try:
            for start in range(0, len(value), _PORTION):
                content.write(b64decode(value[start : start + _PORTION], validate=True))
        except (binascii.Error, ValueError) as error:
            raise CscRequestRefused(f"Invalid Base64 {name} parameter") from error
        content.seek(0)
        return content, octets

    def has(self, name: str) -> bool:
        """Tell whether a member is there."""
        return self._members.get(name) is not None

    def _first(self, names: Sequence[str]) -> tuple[str, Any]:
        for name in names:
            if self._members.get(name) is not None:
                return name, self._members[name]
        return names[0], None


def hashes_of_query(text: str) -> list[bytes]:
    """Return hashes in base64url, separated by commas (CSC 2.0, Section 8.4.2)."""
    return [_octets_of_url(one) for one in text.split(",")]


def _octets(value: object) -> bytes:
    if not isinstance(value, str) or len(value) > 200:
        raise _not_base64()
    try:
        octets = b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _not_base64() from error
    return octets


def _octets_of_url(value: str) -> bytes:
    if len(value) > 200 or not value.isascii():
        raise _not_base64()
    # Both alphabets, with and without padding: programs disagree about what a URL may carry.
    text = value.replace("+", "-").replace("/", "_").rstrip("=")
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise _not_base64() from error


def _not_base64() -> CscRequestRefused:
    return CscRequestRefused("Invalid Base64 hashes parameter")
