"""Publish into a folder of this machine, for any web server.

A file is written beside its place, synced and renamed. Publishers take turns by a lock, batch by
batch, so that comparing and replacing are one act. A file's time is that of its content
(thisUpdate), which is what web servers say in Last-Modified.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import file_digest
from pathlib import Path
from typing import BinaryIO, cast

from core.publishing.errors import DestinationAway
from core.publishing.target import PRIVATE, Outcome, Publication, order_in_place

# Readable by the web server, which runs as somebody else.
_FILE_MODE, _FOLDER_MODE = 0o644, 0o755
# Beyond it, order and time have to do in place of the hash: a CRL is compared every minute.
_HASHED_OCTETS = 1 << 20
# More than these are synced with their whole file system at once: a thousand fsync take seconds.
_SYNCED_SINGLY = 16
# syncfs(2) reports failures since Linux 5.8; Python has no function for it.
_syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
_INCOMING = f"{PRIVATE}/incoming"


class FolderTarget:
    """A :class:`~core.publishing.target.PublicationTarget` in a folder, which is made.

    Machines that share the folder need a file system with working ``flock``.
    """

    has_folders = True
    orders_publishers = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with _away_on_failure():
            self._make_folder(folder / _INCOMING, set())

    def put(self, publications: Sequence[Publication]) -> list[Outcome]:
        """Put files in place; a batch costs little more than one file."""
        touched: set[Path] = set()
        with _away_on_failure(), self._locked():
            outcomes = [self._judge(one) for one in publications]
            wanted = [
                one
                for one, outcome in zip(publications, outcomes, strict=True)
                if outcome is Outcome.WRITTEN
            ]
            # All are written before the first is synced, and all synced before the first is
            # renamed: the file system then settles them together.
            incoming = [self._write(number, one) for number, one in enumerate(wanted)]
            self._settle(incoming)
            for path, one in zip(incoming, wanted, strict=True):
                self._move(path, self._path(one.name), touched)
            self._settle(touched)
        return outcomes

    def remove(self, names: Sequence[str], is_unwanted: Callable[[str], bool]) -> int:
        """Remove files, asked again under the lock."""
        removed = 0
        with _away_on_failure(), self._locked():
            for name in names:
                path = self._path(name)
                if path.exists() and is_unwanted(name):
                    path.unlink()
                    removed += 1
        return removed

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names of files, one folder open at a time on each level."""
        with _away_on_failure():
            yield from self._walk(self._folder / prefix)

    def read(self, name: str) -> bytes | None:
        """Return a file's octets."""
        with _away_on_failure():
            try:
                return self._path(name).read_bytes()
            except FileNotFoundError:
                return None

    def note(self, name: str, octets: bytes) -> None:
        """Keep a note."""
        touched: set[Path] = set()
        with _away_on_failure(), self._locked():
            path = self._folder / _INCOMING / "note"
            path.write_bytes(octets)
            _sync(path)
            self._move(path, self._folder / PRIVATE / name, touched)
            self._settle(touched)

    def close(self) -> None:
        """Nothing is held between calls."""

    def _judge(self, publication: Publication) -> Outcome:
        try:
            file = self._path(publication.name).open("rb")
        except FileNotFoundError:
            return Outcome.WRITTEN
        with file:
            order = order_in_place(file, publication)
            if order is not None and order > publication.order:
                return Outcome.OVERTAKEN
            status = os.fstat(file.fileno())
            if status.st_size > _HASHED_OCTETS:
                same = order == publication.order and status.st_mtime_ns == _nanoseconds(
                    publication
                )
            else:
                file.seek(0)
                same = file_digest(file, "sha256").digest() == publication.sha256
            return Outcome.UNCHANGED if same else Outcome.WRITTEN

    def _write(self, number: int, publication: Publication) -> Path:
        path = self._folder / _INCOMING / str(number)
        with publication.open() as content, path.open("wb") as file:
            os.fchmod(file.fileno(), _FILE_MODE)
            shutil.copyfileobj(content, cast("BinaryIO", file))
        instant = _nanoseconds(publication)
        os.utime(path, ns=(instant, instant))
        return path

    def _move(self, path: Path, to: Path, touched: set[Path]) -> None:
        self._make_folder(to.parent, touched)
        path.replace(to)
        touched.add(to.parent)

    def _make_folder(self, folder: Path, touched: set[Path]) -> None:
        if folder.is_dir():
            return
        self._make_folder(folder.parent, touched)
        with suppress(FileExistsError):
            folder.mkdir()
            folder.chmod(_FOLDER_MODE)
        touched.add(folder.parent)

    def _settle(self, paths: Collection[Path]) -> None:
        """Have files or folders survive a power failure."""
        if len(paths) > _SYNCED_SINGLY and _syncfs is not None:
            handle = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
            try:
                if _syncfs(handle) != 0:
                    raise OSError(ctypes.get_errno(), "the file system could not be synced")
            finally:
                os.close(handle)
            return
        for path in paths:
            _sync(path)

    def _walk(self, folder: Path) -> Iterator[str]:
        try:
            entries = os.scandir(folder)
        except FileNotFoundError:
            return
        with entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from self._walk(Path(entry.path))
                else:
                    yield Path(entry.path).relative_to(self._folder).as_posix()

    def _path(self, name: str) -> Path:
        return self._folder / name

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # The kernel gives it back when the holder dies.
        with (self._folder / PRIVATE / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _nanoseconds(publication: Publication) -> int:
    return int(publication.modified_at.timestamp()) * 1_000_000_000


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _away_on_failure() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = "its disk is full" if full else f"{error.strerror} ({error.filename})"
        raise DestinationAway(
            f"The folder cannot be written: {what}.",
            kept="What was published stays in place. Run it again to go on.",
        ) from error
