"""Goes on with what was read a moment ago while the store behind the network is away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Generic, TypeVar

from ocsp.stored.store import AnswerStore, StoreUnavailable

# As long as caches may keep an answer by default: a revocation is not hidden for longer by this.
MOST_SECONDS: Final = 60.0
# Records of a P-256 responder take some 5 MB then, those of an RSA responder 17 MB.
MOST_RECORDS: Final = 16_384
_Found = TypeVar("_Found")


class RecentlyRead:
    """An :class:`~ocsp.stored.store.AnswerStore` before another that can be away.

    What was read of the store in the last minute is given again while the store is away, and
    at no other time. Nothing is remembered of keys that have no record.
    """

    def __init__(
        self, store: AnswerStore, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._records: _Memory[bytes, bytes] = _Memory(MOST_RECORDS, monotonic)
        self._value: _Memory[str, bytes | None] = _Memory(MOST_RECORDS, monotonic)
        self._values: _Memory[str, dict[str, bytes]] = _Memory(MOST_RECORDS, monotonic)

    def get(self, key: bytes) -> bytes | None:
        """Return the record of a certificate, at most a minute old while the store is away."""
        try:
            record = self._store.get(key)
        except StoreUnavailable as error:
            return self._records.recall(key, error)
        if record is not None:
            self._records.keep(key, record)
        return record

    def value(self, name: str) -> bytes | None:
        """Return a named value, at most a minute old while the store is away."""
        try:
            value = self._store.value(name)
        except StoreUnavailable as error:
            return self._value.recall(name, error)
        self._value.keep(name, value)
        return value

    def values(self, prefix: str) -> dict[str, bytes]:
        """Return named values, at most a minute old while the store is away."""
        try:
            values = self._store.values(prefix)
        except StoreUnavailable as error:
            return self._values.recall(prefix, error)
        self._values.keep(prefix, values)
        return values

    def write(self, records: Sequence[tuple[bytes, bytes]]) -> int:
        """Store records that are not older than those kept; return how many."""
        return self._store.write(records)

    def scan(self, prefix: bytes = b"", after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Yield keys after ``after`` that begin with ``prefix``, with their records."""
        return self._store.scan(prefix, after)

    def delete(self, keys: Sequence[bytes]) -> None:
        """Remove records."""
        self._store.delete(keys)

    def count(self) -> int:
        """Return how many records there are."""
        return self._store.count()

    def set_value(self, name: str, value: bytes) -> None:
        """Keep a named value."""
        self._store.set_value(name, value)

    def delete_value(self, name: str) -> None:
        """Forget a named value."""
        self._store.delete_value(name)

    def close(self) -> None:
        """Close the store."""
        self._store.close()
        for memory in (self._records, self._value, self._values):
            memory.forget()


_Key = TypeVar("_Key")


class _Memory(Generic[_Key, _Found]):
    """What was read, and when; about the newest ``most`` of it."""

    def __init__(self, most: int, monotonic: Callable[[], float]) -> None:
        self._half = most // 2
        self._monotonic = monotonic
        self._newer: dict[_Key, tuple[float, _Found]] = {}
        self._older: dict[_Key, tuple[float, _Found]] = {}

    def keep(self, key: _Key, found: _Found) -> None:
        if len(self._newer) >= self._half:
            # Two halves instead of a list of uses: the older one goes as a whole.
            self._older, self._newer = self._newer, {}
        self._newer[key] = (self._monotonic(), found)

    def recall(self, key: _Key, error: StoreUnavailable) -> _Found:
        """Return what was found a minute ago at most. Raises ``error``."""
        kept = self._newer.get(key) or self._older.get(key)
        if kept is None or self._monotonic() - kept[0] > MOST_SECONDS:
            raise error
        return kept[1]

    def forget(self) -> None:
        self._newer, self._older = {}, {}
