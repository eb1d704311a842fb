"""The folder of the LMDB store, and how a process holds the file in it that is in use.

    answers/current          the number of the generation in use; 1 where there is no such file
    answers/1/data.mdb       the records and named values of a generation
    answers/1/lock.mdb       LMDB's own: who reads and who writes
    answers/compaction.lock  held by whoever writes the next generation (ocsp.stored.compaction)

A file that others read and write cannot be rewritten in its place, so that compaction makes a new
generation and then changes ``current``, in one rename, while it holds the old one's only write
transaction. Writers look at ``current`` inside of theirs, and therefore never write to a file
that was left; readers look once a second.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

import lmdb

from ocsp.stored.store import StoreUnavailable

DATA_FILE: Final = "data.mdb"
_POINTER: Final = "current"
_FIRST: Final = 1
# How long a reader may go on with a file that was left. Its heartbeat stands still with it.
LOOK_AGAIN_SECONDS: Final = 1.0
# Signers, workers of the listeners and commands, each with its threads.
MOST_READERS: Final = 1024
# Views that are kept open and renewed; beginning one anew costs a slot in the table of readers.
_SPARE_VIEWS: Final = 64
_LONGEST_WAIT_SECONDS: Final = 1.0
_DATABASES: Final = (b"records", b"values", b"changed")
# What is wrong with the process's hold on a file, and not with the file.
_HOLD_IS_BROKEN: Final = (lmdb.PanicError, lmdb.MapResizedError, lmdb.BadRslotError)


class Generation:
    """One file, open in this process."""

    def __init__(
        self, folder: Path, number: int, *, map_octets: int, create: bool, sync: bool = True
    ) -> None:
        """Open the file of a generation, or make it. Raises lmdb.Error."""
        self.number = number
        self.path = generation_folder(folder, number)
        self.environment = lmdb.open(
            str(self.path),
            map_size=map_octets,
            max_dbs=len(_DATABASES),
            max_readers=MOST_READERS,
            max_spare_txns=_SPARE_VIEWS,
            create=create,
            sync=sync,
            # The last transactions may be lost with the power, the position of the follower among
            # them, but the file stays whole: what they held is signed again.
            metasync=False,
            readahead=False,
        )
        self.records, self.values, self.changed = map(self.environment.open_db, _DATABASES)
        # Readers that were killed would keep freed pages from being used again.
        self.environment.reader_check()

    @property
    def octets(self) -> int:
        """How large the file is."""
        return (self.path / DATA_FILE).stat().st_size


class AnswerFolder:
    """A process's one hold on a folder: LMDB forbids to open a file twice in one process."""

    def __init__(self, path: Path, *, map_octets: int) -> None:
        self.path = path
        self.map_octets = map_octets
        self._lock = threading.Lock()
        self._generation: Generation | None = None
        self._until = float("-inf")

    def current(self) -> Generation:
        """Return the generation in use, as of a second ago at most. Raises StoreUnavailable."""
        generation = self._generation
        if generation is not None and time.monotonic() < self._until:
            return generation
        return self.look_again()

    def look_again(self) -> Generation:
        """Return the generation in use now. Raises StoreUnavailable."""
        with self._lock:
            generation = self._generation
            if generation is None or generation.number != self.pointer():
                try:
                    generation = self._generation = self._open()
                except lmdb.Error as error:
                    raise unavailable(error) from error
            self._until = time.monotonic() + LOOK_AGAIN_SECONDS
            return generation

    def pointer(self) -> int:
        """Return the number of the generation in use. Raises StoreUnavailable."""
        try:
            return int((self.path / _POINTER).read_text())
        except FileNotFoundError:
            return _FIRST
        except (OSError, ValueError) as error:
            raise StoreUnavailable(f"{self.path / _POINTER} cannot be read: {error}.") from error

    def point_to(self, number: int) -> None:
        """Put another generation into use. Raises OSError."""
        fresh = self.path / f"{_POINTER}.new"
        with fresh.open("w") as file:
            file.write(f"{number}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path / _POINTER)
        sync_folder(self.path)

    @contextmanager
    def reading(self) -> Iterator[tuple[Generation, lmdb.Transaction]]:
        """Read a view of the generation in use. Raises StoreUnavailable."""
        try:
            generation = self.current()
            with generation.environment.begin() as transaction:
                yield generation, transaction
        except lmdb.Error as error:
            raise self.failed(error) from error

    @contextmanager
    def writing(self) -> Iterator[tuple[Generation, lmdb.Transaction]]:
        """Write to the generation in use: all of it or nothing. Raises StoreUnavailable."""
        try:
            generation = self.current()
            while True:
                with generation.environment.begin(write=True) as transaction:
                    # Only who holds this transaction may change the pointer.
                    if self.pointer() == generation.number:
                        yield generation, transaction
                        return
                generation = self.look_again()
        except lmdb.Error as error:
            raise self.failed(error) from error

    def failed(self, error: lmdb.Error) -> StoreUnavailable:
        """Return what is said of a failure, having seen to it that the next call can succeed."""
        if isinstance(error, _HOLD_IS_BROKEN):
            with self._lock:
                self._generation = None
        elif isinstance(error, lmdb.ReadersFullError) and self._generation is not None:
            self._generation.environment.reader_check()
        return unavailable(error)

    def leave(self) -> None:
        """Give the file back before a fork, and let nobody open it until after."""
        self._lock.acquire()
        left = None if self._generation is None else weakref.ref(self._generation)
        self._generation = None
        # Other threads finish what they are at; a view that is held for ever is not waited for.
        end = time.monotonic() + _LONGEST_WAIT_SECONDS
        while left is not None and left() is not None and time.monotonic() < end:
            time.sleep(0.001)

    def come_back(self, *, forked: bool) -> None:
        """Let the file be opened again, in the process that forked or in its child."""
        if forked:
            self._lock = threading.Lock()
        else:
            self._lock.release()

    def _open(self) -> Generation:
        # Compaction may put another generation into use, and remove this one, at any moment.
        while True:
            number = self.pointer()
            self._generation = None
            try:
                generation = Generation(
                    self.path, number, map_octets=self.map_octets, create=number == _FIRST
                )
            except lmdb.Error:
                if self.pointer() == number:
                    raise
            else:
                if self.pointer() == number:
                    return generation


_folders: weakref.WeakValueDictionary[Path, AnswerFolder] = weakref.WeakValueDictionary()
_folders_lock = threading.Lock()
_left: list[AnswerFolder] = []


def hold_folder(path: Path, *, map_octets: int) -> AnswerFolder:
    """Return the process's hold on a folder. Raises StoreUnavailable."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(f"The folder of signed answers cannot be made: {error}.") from error
    path = path.resolve()
    with _folders_lock:
        held = _folders.get(path)
        if held is None:
            held = _folders[path] = AnswerFolder(path, map_octets=map_octets)
        return held


def generation_folder(path: Path, number: int) -> Path:
    """Return where a generation's files are."""
    return path / str(number)


def sync_folder(path: Path) -> None:
    """Have the names in a folder survive the loss of power. Raises OSError."""
    opened = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def pairs(cursor: lmdb.Cursor) -> Iterator[tuple[bytes, bytes]]:
    """Yield keys and values from where a cursor stands."""
    # Views into the mapped file are only given where they were asked for.
    return cast("Iterator[tuple[bytes, bytes]]", iter(cursor))


def unavailable(error: lmdb.Error) -> StoreUnavailable:
    """Return what is said of a failure of LMDB's."""
    return StoreUnavailable(
        f"The file of signed answers cannot be used: {_explain(error)}.",
        kept="What was stored before is as it was.",
    )


def _explain(error: lmdb.Error) -> str:
    if isinstance(error, lmdb.MapFullError):
        return "it is full; map_octets of [ocsp.answers] is the most that it may grow to"
    if isinstance(error, lmdb.ReadersFullError):
        return f"more than {MOST_READERS} read it at once"
    return str(error)


# A file that is open on both sides of a fork has one table of readers and locks of one side only:
# a child that closes it frees its parent's places. So it is closed before, and opened after.


def _before_fork() -> None:
    _folders_lock.acquire()
    _left[:] = list(_folders.values())
    for folder in _left:
        folder.leave()


def _after_fork(*, forked: bool) -> None:
    for folder in _left:
        folder.come_back(forked=forked)
    _left.clear()
    _folders_lock.release()


os.register_at_fork(
    before=_before_fork,
    after_in_parent=lambda: _after_fork(forked=False),
    after_in_child=lambda: _after_fork(forked=True),
)
