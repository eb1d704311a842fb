"""Rewrites the records in order into a new file, while other processes read and write.

Keys come at random, so that LMDB's pages stand half empty; written in order they are full.

1. Writers are told, by a mark in the file, to note the keys of what they write from now on.
2. All records are copied in order, some thousand at a time: nobody waits.
3. What was noted meanwhile is copied again, a batch in each of the old file's write transactions;
   in the last of them named values too, the new file is put on disk, and ``current`` is changed.

Until that rename the old file is in use, and from then on the new one: a compaction that is killed
at any moment leaves one whole file and another that the next compaction removes.
"""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import lmdb

from core.errors import Conflict
from ocsp.stored.generations import (
    AnswerFolder,
    Generation,
    generation_folder,
    pairs,
    sync_folder,
    unavailable,
)
from ocsp.stored.store import StoreUnavailable

COPIED_AT_ONCE: Final = 10_000
_LOCK_FILE: Final = "compaction.lock"
# Shorter than any record's key.
_MARK: Final = b"\x00"
# Writers try the lock for a moment, to see whether it is held.
_LOCK_TRIES: Final = 20
_BETWEEN_TRIES_SECONDS: Final = 0.05


class CompactionRuns(Conflict):
    """Another process compacts the answers already."""

    problem = "compaction-runs"
    title = "The stored answers are being compacted already"


@dataclass(frozen=True)
class Compaction:
    """What a compaction came to."""

    records: int
    octets_before: int
    octets_after: int

    @property
    def octets_per_record(self) -> float:
        """How much room a certificate takes now; 0 where there is none."""
        return self.octets_after / self.records if self.records else 0.0


def compact(folder: AnswerFolder) -> Compaction:
    """Rewrite the records in order. Raises CompactionRuns and StoreUnavailable."""
    with _only_one(folder.path):
        before = folder.look_again()
        octets_before = before.octets
        _remove_generations(folder.path, but=before.number)
        _check_room(folder)
        try:
            compaction = _rewrite(folder, before.number + 1, octets_before)
        except lmdb.Error as error:
            raise unavailable(error) from error
        except OSError as error:
            raise StoreUnavailable(f"The answers could not be compacted: {error}.") from error
        finally:
            # One of two files is in use, whatever happened; the other one is nobody's.
            _remove_generations(folder.path, but=folder.pointer())
        folder.look_again()
        return compaction


def note_changes(
    path: Path, generation: Generation, transaction: lmdb.Transaction, keys: Sequence[bytes]
) -> None:
    """Note what a write transaction changed, where a compaction has to copy it again."""
    if transaction.get(_MARK, db=generation.changed) is None:
        return
    if _is_held(path):
        for key in keys:
            transaction.put(key, b"", db=generation.changed)
    else:
        # It was killed; what it asked for is of no use to the next one.
        transaction.drop(generation.changed, delete=False)


def _rewrite(folder: AnswerFolder, number: int, octets_before: int) -> Compaction:
    with folder.writing() as (generation, transaction):
        transaction.drop(generation.changed, delete=False)
        transaction.put(_MARK, b"", db=generation.changed)
    generation_folder(folder.path, number).mkdir()
    target = Generation(folder.path, number, map_octets=folder.map_octets, create=False, sync=False)
    try:
        _copy_all(folder, target)
        # Most of it reaches the disk here, where no writer waits for it.
        target.environment.sync(True)
        records = None
        while records is None:
            records = _catch_up(folder, target)
    finally:
        target.environment.close()
    return Compaction(records, octets_before, target.octets)


def _copy_all(folder: AnswerFolder, target: Generation) -> None:
    after = b""
    while True:
        with (
            folder.reading() as (generation, view),
            view.cursor(generation.records) as cursor,
        ):
            # The next key after another is that key and an octet of zero.
            found = cursor.set_range(after + b"\x00" if after else b"")
            page = list(islice(pairs(cursor), COPIED_AT_ONCE)) if found else []
        if not page:
            return
        with (
            target.environment.begin(write=True) as transaction,
            transaction.cursor(target.records) as cursor,
        ):
            cursor.putmulti(page, append=True)
        after = page[-1][0]


def _catch_up(folder: AnswerFolder, target: Generation) -> int | None:
    """Copy again what was noted; once that is all, switch over and return how many records."""
    with folder.writing() as (generation, transaction):
        with transaction.cursor(generation.changed) as cursor:
            noted = cursor.set_range(_MARK + b"\x00")
            keys = [key for key, _ in islice(pairs(cursor), COPIED_AT_ONCE)] if noted else []
        with target.environment.begin(write=True) as copied:
            for key in keys:
                record = transaction.get(key, db=generation.records)
                if record is None:
                    copied.delete(key, db=target.records)
                else:
                    copied.put(key, record, db=target.records)
        if len(keys) == COPIED_AT_ONCE:
            for key in keys:
                transaction.delete(key, db=generation.changed)
            return None
        return _switch_over(folder, target, generation, transaction)


def _switch_over(
    folder: AnswerFolder, target: Generation, generation: Generation, transaction: lmdb.Transaction
) -> int:
    with (
        target.environment.begin(write=True) as copied,
        transaction.cursor(generation.values) as cursor,
    ):
        for name, value in pairs(cursor):
            copied.put(name, value, db=target.values)
        records: int = copied.stat(target.records)["entries"]
    target.environment.sync(True)
    # Once the pointer names it, threads of this process will want to open it.
    target.environment.close()
    sync_folder(target.path)
    folder.point_to(target.number)
    return records


def _check_room(folder: AnswerFolder) -> None:
    with folder.reading() as (generation, view):
        facts = view.stat(generation.records)
    pages = facts["branch_pages"] + facts["leaf_pages"] + facts["overflow_pages"]
    needed, free = pages * facts["psize"], shutil.disk_usage(folder.path).free
    if free < needed:
        raise StoreUnavailable(
            f"A compaction may need {needed} octets beside the file, and {free} are free.",
            kept="What was stored before is as it was.",
        )


def _remove_generations(path: Path, *, but: int) -> None:
    for folder in path.iterdir():
        if folder.name.isdigit() and folder.name != str(but):
            # Whoever still reads it keeps it until it looks again.
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with (path / _LOCK_FILE).open("a") as file:
        for _ in range(_LOCK_TRIES):
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            time.sleep(_BETWEEN_TRIES_SECONDS)
        else:
            raise CompactionRuns("Another process compacts the stored answers already.")
        yield


def _is_held(path: Path) -> bool:
    with (path / _LOCK_FILE).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
