"""Where the documents of batches lie: put up once, and signed once, under their numbers."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from signing.documents.portions import PORTION_OCTETS, portions
from signing.documents.storage import storage


@dataclass(frozen=True)
class StoredFile:
    """A file that is whole: its SHA-256 and its length."""

    sha256: bytes
    octets: int


class BatchFiles:
    """A folder that all workers and web servers share, with a folder for each batch."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def source(self, batch_id: str, number: int, sha256: bytes) -> Path:
        """Return where a document as it was put up lies: no other takes its place."""
        return self._folder / batch_id / f"{number}.{sha256.hex()}.in"

    def result(self, batch_id: str, number: int) -> Path:
        """Return where the signed one lies, once it is whole."""
        return self._folder / batch_id / f"{number}.out"

    def put(self, batch_id: str, number: int, content: BinaryIO, most: int) -> StoredFile:
        """Store what was put up; the same again replaces it.

        Raises DocumentTooLarge, StorageUnavailable.
        """
        folder = self._folder / batch_id
        with storage("What was put up before stays."):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._partial(folder / f"{number}.in") as partial:
                stored = _copy(content, partial, most)
                partial.replace(self.source(batch_id, number, stored.sha256))
        return stored

    def drop(self, batch_id: str, number: int, sha256: bytes) -> None:
        """Erase what was put up in vain; what cannot be erased goes with its batch."""
        with suppress(OSError):
            self.source(batch_id, number, sha256).unlink(missing_ok=True)

    def settle(self, batch_id: str, number: int, partial: Path) -> bool:
        """Make ``partial`` the result, unless there is one already; tell whether it became it.

        link(2) fails where the name exists: of two workers that both signed, one is too late.
        """
        try:
            os.link(partial, self.result(batch_id, number))
        except FileExistsError:
            return False
        return True

    def note(self, batch_id: str, number: int, sha256: bytes, content: bytes) -> None:
        """Put down what belongs to a signed file of this SHA-256, before it is the result."""
        place = self._note(batch_id, number, sha256)
        with self._partial(place) as partial:
            with partial.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(place)

    def note_of(self, batch_id: str, number: int, sha256: bytes) -> bytes:
        """Return what was put down."""
        return self._note(batch_id, number, sha256).read_bytes()

    @contextmanager
    def working(self, batch_id: str, number: int) -> Iterator[Path]:
        """Yield a name to sign to, which is gone afterwards."""
        with self._partial(self.result(batch_id, number)) as partial:
            yield partial

    def make_room(self, batch_id: str) -> None:
        """Make a folder. Raises StorageUnavailable."""
        with storage():
            (self._folder / batch_id).mkdir(parents=True, exist_ok=True, mode=0o700)

    def untouched_since(self, moment: datetime) -> list[str]:
        """Return the folders in which nothing came or went since then."""
        before = moment.timestamp()
        return [one for one in self.held() if (self._folder / one).stat().st_mtime < before]

    def is_there(self) -> bool:
        """Tell whether the folder is there: a shared one may be away."""
        return self._folder.is_dir()

    def held(self) -> list[str]:
        """Return the ids of the batches that have files."""
        if not self.is_there():
            return []
        return sorted(one.name for one in self._folder.iterdir() if one.is_dir())

    def forget(self, batch_id: str) -> None:
        """Erase a batch's files."""
        shutil.rmtree(self._folder / batch_id, ignore_errors=True)

    def _note(self, batch_id: str, number: int, sha256: bytes) -> Path:
        return self._folder / batch_id / f"{number}.{sha256.hex()}.stamp"

    @contextmanager
    def _partial(self, target: Path) -> Iterator[Path]:
        partial = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
        try:
            yield partial
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)


def sha256_of(path: Path) -> bytes:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def sha256_of_stream(content: BinaryIO) -> bytes:
    """Return the SHA-256 of what a stream still has."""
    digest = hashlib.sha256()
    while chunk := content.read(PORTION_OCTETS):
        digest.update(chunk)
    return digest.digest()


def _copy(content: BinaryIO, partial: Path, most: int) -> StoredFile:
    digest, octets = hashlib.sha256(), 0
    with partial.open("xb") as file:
        for portion in portions(content, largest_octets=most):
            octets += len(portion)
            digest.update(portion)
            file.write(portion)
        file.flush()
        os.fsync(file.fileno())
    return StoredFile(digest.digest(), octets)
