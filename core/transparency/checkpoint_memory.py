"""What a witness or a monitor remembers: the last checkpoint of each log, as it was signed.

The signed note itself is kept, so that a log which later denies it stands convicted by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from core.errors import Malformed
from core.transparency.checkpoint import Checkpoint
from core.transparency.durable_files import DurableWriter, folder_lock
from core.transparency.errors import LogDamaged, LogUnavailable


class CheckpointMemory:
    """One file a log in ``folder``, which belongs to one witness or monitor alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def held(self) -> Iterator[None]:
        """Exclude every other process, so that reading and remembering are one step.

        Raises LogUnavailable when the folder is away or stays locked.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with folder_lock(self._folder):
                yield
        except OSError as error:
            raise LogUnavailable(f"Nothing can be remembered: {error.strerror}.") from error

    def last(self, origin: str) -> Checkpoint | None:
        """Return the last checkpoint remembered of a log. Raises LogDamaged, never forgets."""
        try:
            return Checkpoint.parse(self._path(origin).read_bytes())
        except FileNotFoundError:
            return None
        except Malformed as error:
            raise LogDamaged(f"The remembered checkpoint of {origin} is damaged.") from error

    def remember(self, checkpoint: Checkpoint) -> None:
        """Keep ``checkpoint`` durably in the place of the one before. Raises OSError."""
        writer = DurableWriter()
        writer.write(self._path(checkpoint.origin), checkpoint.encode())
        writer.settle()

    def _path(self, origin: str) -> Path:
        # An origin may have slashes; its hash is always a file name.
        return self._folder / f"{sha256(origin.encode()).hexdigest()}.checkpoint"
