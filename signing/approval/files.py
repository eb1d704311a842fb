"""Where the documents lie: each revision is a file of its own, whole or not there."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from signing.approval.approval import Approval
from signing.approval.errors import ApprovalDocumentAltered
from signing.documents.batches.files import sha256_of
from signing.documents.errors import StorageUnavailable
from signing.documents.whole_files import whole_file

SEALED = "sealed"
# More than a signature adds: its stamp with fonts and a picture, certificates, status and times.
SIGNATURE_OCTETS = 1 << 20
_ID = re.compile(r"[0-9a-f]{32}")


class ApprovalFiles:
    """A folder that all workers and web servers share, with a folder for each circulation.

    The first revision is named by the SHA-256 of what is in it, the sealed one ``sealed``, every
    other by the signing that made it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def revision(self, approval_id: str, name: str) -> Path:
        """Return where a revision lies, once it is whole."""
        return self._folder / approval_id / f"{name}.pdf"

    def newest(self, approval: Approval) -> Path:
        """Return where the newest revision lies, which is what was stored.

        Raises StorageUnavailable and ApprovalDocumentAltered.
        """
        path = self.revision(approval.id, approval.document)
        if self.measured(path) != (approval.sha256, approval.octets):
            raise ApprovalDocumentAltered(
                "The document on the disk is another than was stored. Report it to the operators.",
                kept="Nothing was signed.",
            )
        return path

    def measured(self, path: Path) -> tuple[bytes, int]:
        """Return the SHA-256 of a file and its length. Raises StorageUnavailable."""
        with _disk():
            return sha256_of(path), path.stat().st_size

    def has(self, path: Path) -> bool:
        """Tell whether a file is there. Raises StorageUnavailable where the disk does not say."""
        with _disk():
            return path.exists()

    def prepared(self, approval_id: str, name: str) -> Path:
        """Return where a revision lies while it waits for its signature."""
        return self._folder / approval_id / f"{name}.prepared"

    @contextmanager
    def writing(self, target: Path, *, room: int) -> Iterator[BinaryIO]:
        """Yield what becomes ``target`` when the block is over.

        ``room``: how many octets have to be free before. Raises StorageUnavailable.
        """
        with _disk():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if shutil.disk_usage(self._folder).free < room:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            target.parent.mkdir(exist_ok=True, mode=0o700)
        with whole_file(target) as file:
            yield file

    @contextmanager
    def opened(self, path: Path) -> Iterator[BinaryIO]:
        """Yield a file to read. Raises StorageUnavailable."""
        with _disk():
            file = path.open("rb")
        with file:
            yield file

    @contextmanager
    def completing(self, prepared: Path, target: Path) -> Iterator[BinaryIO]:
        """Yield a prepared revision to be written to; it becomes ``target`` when it is over."""
        with _disk():
            file = prepared.open("r+b")
        with file, _disk():
            yield file
            file.flush()
            os.fsync(file.fileno())
        with _disk():
            prepared.replace(target)

    def note(self, approval_id: str, sha256: bytes) -> Path:
        """Return where lies what registering a sealed document of this SHA-256 needs."""
        return self._folder / approval_id / f"{sha256.hex()}.stamp"

    def settle(self, partial: Path, target: Path) -> None:
        """Make ``partial`` the one ``target``, unless another is that already.

        link(2) fails where the name exists: of two workers that both sealed, one is too late.
        """
        with _disk(), suppress(FileExistsError):
            os.link(partial, target)

    def drop(self, path: Path) -> None:
        """Erase one file, if it is there."""
        with _disk():
            path.unlink(missing_ok=True)

    def has_folder(self, approval_id: str) -> bool:
        """Tell whether a circulation's folder is there: a shared one may be away."""
        return (self._folder / approval_id).is_dir()

    def held(self) -> list[str]:
        """Return the ids of the circulations that have files."""
        if not self._folder.is_dir():
            return []
        return sorted(one.name for one in self._folder.iterdir() if _ID.fullmatch(one.name))

    def is_untouched_since(self, approval_id: str, moment: datetime) -> bool:
        """Tell whether nothing came into a circulation's folder, or went, since then."""
        try:
            return (self._folder / approval_id).stat().st_mtime < moment.timestamp()
        except FileNotFoundError:
            return False

    def forget(self, approval_id: str) -> None:
        """Erase all files of a circulation."""
        shutil.rmtree(self._folder / approval_id, ignore_errors=True)


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(
            "The document cannot be read or stored now. Try again later.",
            kept="What was done before stays.",
        ) from error
