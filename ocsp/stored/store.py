"""The port behind which records are kept, on one machine or for many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from core.errors import Unavailable


class StoreUnavailable(Unavailable):
    """Stored answers cannot be read or written just now."""

    problem = "answer-store-unavailable"
    title = "The store of signed answers cannot be reached"


class AnswerStore(Protocol):
    """Keeps records by key, and a few named values. Safe in many threads and processes.

    Keys and records are those of :mod:`ocsp.stored.certid` and :mod:`ocsp.stored.record`. Every
    method raises StoreUnavailable where the store is away or full.
    """

    def get(self, key: bytes) -> bytes | None:
        """Return the record of a certificate."""

    def write(self, records: Sequence[tuple[bytes, bytes]]) -> int:
        """Store records, and return how many were: all but those that came too late.

        A record is left out where one of a higher version is kept already. Either all are
        stored or none. Faster when keys ascend.
        """

    def scan(self, prefix: bytes = b"", after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Yield keys that begin with ``prefix`` and come after ``after``, with their records.

        What is written meanwhile may be seen or not. LMDB yields them in order.
        """

    def delete(self, keys: Sequence[bytes]) -> None:
        """Remove records, of certificates about which nobody has to be answered any more."""

    def count(self) -> int:
        """Return how many records there are."""

    def value(self, name: str) -> bytes | None:
        """Return a named value."""

    def set_value(self, name: str, value: bytes) -> None:
        """Keep a named value."""

    def delete_value(self, name: str) -> None:
        """Forget a named value; nothing happens where there is none."""

    def values(self, prefix: str) -> dict[str, bytes]:
        """Return the named values whose names begin with ``prefix``."""

    def close(self) -> None:
        """Give back what the process holds."""
