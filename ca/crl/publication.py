"""Put CRLs where any web server or CDN can serve them: one file a scope, replaced atomically."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ca.crl.layout import CrlHead, read_head
from ca.crl.record import IssuedCrl
from core.errors import Unavailable

# Readable by the web server, which runs as somebody else.
_FILE_MODE = 0o644


class PublicationFailed(Unavailable):
    """The CRL is issued and stored, but its file could not be written."""

    problem = "crl-publication-failed"
    title = "The CRL could not be published"


@dataclass(frozen=True)
class OpenCrl:
    """A CRL to be sent: whoever has it closes ``file``, and is not disturbed by newer ones."""

    head: CrlHead
    file: IO[bytes]


class CrlFolder:
    """The folder ``crl/`` with a folder for each authority."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, authority: str, file_name: str) -> Path:
        """Return where a CRL's file is, as in its URL."""
        return self._folder / "crl" / authority / file_name

    def publish(self, issued: IssuedCrl) -> None:
        """Write the CRL's file unless a newer one is there; a crash leaves the old or the new.

        Raises PublicationFailed, and what reading its content raises.
        """
        path = self.path(issued.authority, issued.file_name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with _locked(path.parent):
                if not self.is_published(issued):
                    _replace(path, issued.content)
        except OSError as error:
            raise PublicationFailed(
                f"The CRL could not be written: {error.strerror}.",
                kept="It is stored and served from the database.",
                authority=issued.authority,
            ) from error

    def is_published(self, issued: IssuedCrl) -> bool:
        """Tell whether this CRL's file, or a newer one, is in place."""
        published = self.open_from(issued)
        if published is not None:
            published.file.close()
        return published is not None

    def open_from(self, issued: IssuedCrl) -> OpenCrl | None:
        """Open this CRL's file, or a newer one; None where neither is in place."""
        published = self.open(issued.authority, issued.file_name)
        if published is None or published.head.number >= issued.number:
            return published
        published.file.close()
        return None

    def open(self, authority: str, file_name: str) -> OpenCrl | None:
        """Open a CRL's file; None for one that is missing, or is no whole CRL."""
        file: IO[bytes] | None = None
        try:
            file = self.path(authority, file_name).open("rb")
            return OpenCrl(read_head(file), file)
        except (OSError, ValueError):
            if file is not None:
                file.close()
            return None


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    # Between processes of one machine; two machines have two folders.
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _replace(path: Path, content: Iterable[bytes]) -> None:
    # Under the lock and always the same name: what a killed process left is written over.
    new = path.with_name(f".{path.name}.new")
    try:
        with new.open("wb") as file:
            file.writelines(content)
            file.flush()
            os.fsync(file.fileno())
        new.chmod(_FILE_MODE)
        new.replace(path)
    except BaseException:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise
    # The rename itself has to survive a power failure.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
