"""The document while revisions are appended to it: copied once, hashed as it is copied.

A PDF signature covers the whole file but itself (ISO 32000-2, Section 12.8.1), so each revision
would read the file again. The hash of what lies before the newest revision is kept and copied
instead, so that a document is read once, however many signatures and time-stamps it gets.
"""

from __future__ import annotations

import hashlib
from typing import Any, BinaryIO

from signing.documents.portions import PORTION_OCTETS, portions


class WorkingCopy:
    """A document in ``stream``, which is read and appended to."""

    def __init__(self, stream: BinaryIO, *, hash_name: str) -> None:
        self.stream = stream
        self.hash_name = hash_name
        self._hash: Any = hashlib.new(hash_name)
        self._hashed = 0

    def take(self, source: BinaryIO, *, largest_octets: int) -> int:
        """Copy ``source`` and return its length. Raises DocumentTooLarge."""
        self._hashed = 0
        for portion in portions(source, largest_octets=largest_octets):
            self._hashed += len(portion)
            self.stream.write(portion)
            self._hash.update(portion)
        return self._hashed

    def digest_around(self, start: int, end: int, eof: int) -> bytes:
        """Return the hash of the octets [0, start) and [end, eof)."""
        _feed(self._hash, self.stream, self._hashed, start)
        self._hashed = start
        whole = self._hash.copy()
        _feed(whole, self.stream, end, eof)
        digest: bytes = whole.digest()
        return digest


def _feed(digest: Any, stream: BinaryIO, start: int, end: int) -> None:
    stream.seek(start)
    left = end - start
    while left > 0:
        chunk = stream.read(min(PORTION_OCTETS, left))
        if not chunk:
            raise EOFError("the document is shorter than it was")
        digest.update(chunk)
        left -= len(chunk)
