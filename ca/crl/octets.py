"""Octets that may be too many for memory: gone through in parts, as often as one likes.

A CRL of a million entries is 50 MB and more. Beyond a little, what is built waits in a file
without a name (``O_TMPFILE``): a process that is killed leaves nothing behind.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from ca.crl.errors import CrlWorkspaceUnavailable

# Most CRLs are smaller than this and never see a disk.
IN_MEMORY_OCTETS = 1 << 20
# What is read at a time: large for a disk, small for memory.
PART_OCTETS = 1 << 18


class Spool:
    """Takes octets and gives them back in parts. For one thread."""

    def __init__(self, folder: Path | None = None) -> None:
        # Closed with the object: nobody else can have it.
        self._file = tempfile.SpooledTemporaryFile(  # noqa: SIM115
            max_size=IN_MEMORY_OCTETS, dir=None if folder is None else str(folder)
        )
        self.size = 0

    def append(self, octets: bytes) -> None:
        """Add octets at the end. Raises CrlWorkspaceUnavailable when there is no room."""
        try:
            self._file.seek(self.size)
            self._file.write(octets)
        except OSError as error:
            raise _no_room(error) from error
        self.size += len(octets)

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[bytes]:
        offset = 0
        while offset < self.size:
            part = self._read(offset)
            yield part
            offset += len(part)

    def rewound(self) -> IO[bytes]:
        """Return the file itself, at its beginning; it stays open as long as somebody has it."""
        self._file.seek(0)
        return self._file

    def _read(self, offset: int) -> bytes:
        try:
            # Each time, since somebody else may be half-way through.
            self._file.seek(offset)
            part = self._file.read(PART_OCTETS)
        except OSError as error:
            raise _no_room(error) from error
        if not part:
            raise CrlWorkspaceUnavailable("The file in which the CRL waits was cut off.")
        return part


class Octets:
    """Pieces of octets, one after the other; they have to stay as they are."""

    def __init__(self, *pieces: bytes | Spool) -> None:
        self._pieces = pieces

    def __len__(self) -> int:
        return sum(map(len, self._pieces))

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, bytes):
                yield piece
            else:
                yield from piece


def in_parts_of(size: int, parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same octets in parts of ``size``, the last one shorter."""
    waiting = bytearray()
    for part in parts:
        waiting += part
        while len(waiting) >= size:
            yield bytes(waiting[:size])
            del waiting[:size]
    if waiting:
        yield bytes(waiting)


def _no_room(error: OSError) -> CrlWorkspaceUnavailable:
    return CrlWorkspaceUnavailable(
        f"The CRL could not be kept while it is built: {error.strerror}.",
        kept="The CRLs published before stay.",
    )
