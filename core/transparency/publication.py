"""The published log as a folder: what its checkpoints say, verified and cheap to ask again."""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import Malformed
from core.transparency.checkpoint import Checkpoint
from core.transparency.errors import LogDamaged, LogUnavailable, NotProven
from core.transparency.notes import VerifierKey
from core.transparency.published_tree import PublishedTree
from core.transparency.tiles import CHECKPOINT

# The newest checkpoint that witnesses cosigned; it may be older than the newest of all.
WITNESSED_CHECKPOINT = "checkpoint.witnessed"
# Below this a publication might not fit, so nothing is appended any more.
MIN_FREE_OCTETS = 16 * 1024 * 1024


class PublishedLog:
    """The files under one folder, as anybody could read them over HTTP."""

    def __init__(self, folder: Path, key: VerifierKey) -> None:
        self.folder = folder
        self.key = key
        self._seen: dict[str, tuple[tuple[int, int, int], Checkpoint]] = {}

    def checkpoint(self) -> Checkpoint | None:
        """Return the newest checkpoint, verified, or None before the first.

        Costs one ``stat`` while the file is unchanged. Raises LogUnavailable or LogDamaged.
        """
        return self._checkpoint(CHECKPOINT)

    def witnessed_checkpoint(self) -> Checkpoint | None:
        """Return the newest checkpoint that witnesses cosigned, or None."""
        return self._checkpoint(WITNESSED_CHECKPOINT)

    def tree(self, checkpoint: Checkpoint) -> PublishedTree:
        """Return the tiles and entries behind a checkpoint."""
        return PublishedTree(self.folder, checkpoint.head)

    def check_writable(self) -> None:
        """Refuse when the folder could not take a publication. Raises LogUnavailable."""
        try:
            room = os.statvfs(self.folder)
        except OSError as error:
            raise LogUnavailable(f"The log's folder is away: {error.strerror}.") from error
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise LogUnavailable("The log's folder cannot be written.")
        if room.f_bavail * room.f_frsize < MIN_FREE_OCTETS:
            raise LogUnavailable("The disk under the log's folder is full.")

    def _checkpoint(self, name: str) -> Checkpoint | None:
        path = self.folder / name
        try:
            status = path.stat()
            # A rename brings a new inode, so the three tell every change.
            version = (status.st_mtime_ns, status.st_size, status.st_ino)
            known = self._seen.get(name)
            if known is not None and known[0] == version:
                return known[1]
            octets = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LogUnavailable(f"The published log cannot be read: {error.strerror}.") from error
        checkpoint = self._verified(octets)
        self._seen[name] = (version, checkpoint)
        return checkpoint

    def _verified(self, octets: bytes) -> Checkpoint:
        try:
            checkpoint = Checkpoint.parse(octets)
            checkpoint.verify(self.key)
        except (Malformed, NotProven) as error:
            raise LogDamaged(f"The published checkpoint is not ours: {error.detail}") from error
        return checkpoint
