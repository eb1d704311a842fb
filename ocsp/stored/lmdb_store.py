"""Records in a memory-mapped file: for one machine, with nothing to install or run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import lmdb

from ocsp.stored.compaction import note_changes
from ocsp.stored.generations import AnswerFolder, hold_folder, pairs
from ocsp.stored.record import VERSION
from ocsp.stored.store import StoreUnavailable

# A scan gives up its view every so often: an old one keeps LMDB from using freed pages again.
SCAN_AT_ONCE = 1_000


class LmdbAnswerStore:
    """An :class:`~ocsp.stored.store.AnswerStore` in one folder.

    ``map_octets`` is address space, and the most that the file may grow to. Several of one folder
    in a process share the file, which is opened when it is first used, and anew after a fork.
    """

    def __init__(self, folder: Path, *, map_octets: int) -> None:
        self._held: AnswerFolder | None = hold_folder(folder, map_octets=map_octets)

    def get(self, key: bytes) -> bytes | None:
        """Return the record of a certificate."""
        folder = self.folder
        try:
            generation = folder.current()
            # Unnamed, the view is given back at once; a `with` costs a quarter as much again.
            return generation.environment.begin(generation.records).get(key)
        except lmdb.Error as error:
            raise folder.failed(error) from error

    def write(self, records: Sequence[tuple[bytes, bytes]]) -> int:
        """Store records that are not older than those kept; return how many."""
        written = []
        with self.folder.writing() as (generation, transaction):
            database = generation.records
            for key, record in records:
                kept = cast("bytes | None", transaction.get(key, db=database))
                if kept is None or kept[VERSION] <= record[VERSION]:
                    transaction.put(key, record, db=database)
                    written.append(key)
            note_changes(self.folder.path, generation, transaction, written)
        return len(written)

    def scan(self, prefix: bytes = b"", after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Yield keys after ``after`` that begin with ``prefix``, with their records, in order."""
        position = after
        while page := self._page(prefix, position):
            yield from page
            position = page[-1][0]

    def delete(self, keys: Sequence[bytes]) -> None:
        """Remove records."""
        with self.folder.writing() as (generation, transaction):
            for key in keys:
                transaction.delete(key, db=generation.records)
            note_changes(self.folder.path, generation, transaction, keys)

    def count(self) -> int:
        """Return how many records there are."""
        with self.folder.reading() as (generation, transaction):
            entries: int = transaction.stat(generation.records)["entries"]
            return entries

    def value(self, name: str) -> bytes | None:
        """Return a named value."""
        with self.folder.reading() as (generation, transaction):
            return cast("bytes | None", transaction.get(name.encode(), db=generation.values))

    def set_value(self, name: str, value: bytes) -> None:
        """Keep a named value."""
        with self.folder.writing() as (generation, transaction):
            transaction.put(name.encode(), value, db=generation.values)

    def delete_value(self, name: str) -> None:
        """Forget a named value."""
        with self.folder.writing() as (generation, transaction):
            transaction.delete(name.encode(), db=generation.values)

    def values(self, prefix: str) -> dict[str, bytes]:
        """Return the named values whose names begin with ``prefix``."""
        wanted = prefix.encode()
        found = {}
        with (
            self.folder.reading() as (generation, transaction),
            transaction.cursor(generation.values) as cursor,
        ):
            if cursor.set_range(wanted):
                for name, value in pairs(cursor):
                    if not name.startswith(wanted):
                        break
                    found[name.decode()] = value
        return found

    def close(self) -> None:
        """Close the file, unless another store of the process has it open."""
        self._held = None

    @property
    def folder(self) -> AnswerFolder:
        """The process's hold on the folder. Raises StoreUnavailable once the store is closed."""
        if self._held is None:
            raise StoreUnavailable("This store of signed answers was closed.")
        return self._held

    def _page(self, prefix: bytes, after: bytes) -> list[tuple[bytes, bytes]]:
        page: list[tuple[bytes, bytes]] = []
        with (
            self.folder.reading() as (generation, transaction),
            transaction.cursor(generation.records) as cursor,
        ):
            if not cursor.set_range(max(prefix, after)):
                return page
            for key, record in pairs(cursor):
                if not key.startswith(prefix) or len(page) == SCAN_AT_ONCE:
                    break
                if key != after:
                    page.append((key, record))
        return page
