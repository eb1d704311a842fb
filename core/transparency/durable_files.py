"""Files that survive a power failure, and a lock that other processes respect."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.transparency.errors import LogUnavailable

# Long enough for a bulk publication by another process, short enough for a waiting clerk.
LOCK_TIMEOUT_SECONDS = 30.0
_LOCK_POLL_SECONDS = 0.002


class DurableWriter:
    """Writes whole files; after :meth:`settle` they are there even if the power fails.

    A file is written beside its place, synced and renamed, so nobody ever sees half of it.
    Two writers of one folder exclude each other by :func:`folder_lock`.
    """

    def __init__(self) -> None:
        self._touched: set[Path] = set()

    def write(self, path: Path, octets: bytes) -> None:
        """Put ``octets`` at ``path``, making its folders. Raises OSError."""
        self._make_folder(path.parent)
        beside = path.with_name(f".{path.name}.new")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            with open(handle, "wb", closefd=False) as file:
                file.write(octets)
            os.fsync(handle)
        finally:
            os.close(handle)
        beside.replace(path)
        self._touched.add(path.parent)

    def settle(self) -> None:
        """Sync the folders, so that the names last as the contents do. Raises OSError."""
        for folder in self._touched:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        self._touched.clear()

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        self._touched.add(folder.parent)


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold the folder's lock against every other thread and process.

    The kernel gives it back when the holder dies. Raises LogUnavailable when it stays taken,
    OSError when the folder cannot be written.
    """
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _lock(handle)
        yield
    finally:
        os.close(handle)


def _lock(handle: int) -> None:
    until = time.monotonic() + LOCK_TIMEOUT_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > until:
                raise LogUnavailable("Another process keeps the published log locked.") from error
            time.sleep(_LOCK_POLL_SECONDS)
        else:
            return
