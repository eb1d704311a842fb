"""Where the files of batches lie: whole under their batch's name and their SHA-256, or not at all.

Of two files that are put up at once neither takes the place of the other.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from signing.passes.issuing.batches.errors import PassStorageUnavailable

_PORTION = 1 << 20


class RecordFiles:
    """A folder that web servers and workers share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, batch_id: str, content: BinaryIO) -> tuple[bytes, int]:
        """Store a file; return its SHA-256 and its length. Raises PassStorageUnavailable."""
        partial = self._folder / f"{batch_id}.{secrets.token_hex(8)}.partial"
        digest, octets = hashlib.sha256(), 0
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with partial.open("xb") as file:
                while portion := content.read(_PORTION):
                    digest.update(portion)
                    octets += len(portion)
                    file.write(portion)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._place(batch_id, digest.digest()))
        except OSError as error:
            raise PassStorageUnavailable(
                "The records cannot be stored now. Put them up again later.",
                kept="The batch stands as it was.",
            ) from error
        finally:
            partial.unlink(missing_ok=True)
        return digest.digest(), octets

    @contextmanager
    def reading(self, batch_id: str, sha256: bytes) -> Iterator[BinaryIO]:
        """Yield a file at its beginning. Raises PassStorageUnavailable."""
        try:
            file = self._place(batch_id, sha256).open("rb")
        except OSError as error:
            raise PassStorageUnavailable(
                "The records cannot be read now.", kept="The batch goes on when they are back."
            ) from error
        with file:
            yield file

    def forget(self, batch_id: str, sha256: bytes) -> None:
        """Erase a file, if it is there."""
        self._place(batch_id, sha256).unlink(missing_ok=True)

    def _place(self, batch_id: str, sha256: bytes) -> Path:
        return self._folder / f"{batch_id}.{sha256.hex()}.records"
