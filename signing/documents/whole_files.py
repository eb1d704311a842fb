"""Results appear whole: written beside their place, synced, and renamed (rename(2) is atomic)."""

from __future__ import annotations

import errno
import io
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from signing.documents.errors import UNHARMED, OutputRefused, StorageUnavailable

# These are the disk's, not the name's: the same name can be written once there is room again.
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE, errno.EROFS}


@contextmanager
def whole_file(target: Path, *, in_memory: bool = False) -> Iterator[BinaryIO]:
    """Yield a stream whose contents are ``target`` once the block is over, and nothing before.

    ``in_memory``: until then they are held in memory. Raises OutputRefused, StorageUnavailable.
    """
    partial = target.with_name(f".{target.name[:200]}.{secrets.token_hex(6)}.part")
    try:
        with _writable(target), partial.open("x+b") as file:
            stream = cast(BinaryIO, io.BytesIO()) if in_memory else file
            yield stream
            if stream is not file:
                file.write(cast(io.BytesIO, stream).getbuffer())
            file.flush()
            os.fsync(file.fileno())
        with _writable(target):
            partial.replace(target)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


@contextmanager
def _writable(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _DISK:
            raise StorageUnavailable(
                f"The disk cannot be written now: {error.strerror}.", kept=UNHARMED
            ) from error
        raise OutputRefused(
            f"{target} cannot be written: {error.strerror or error}.", kept=UNHARMED
        ) from error


def check_apart(source: Path, target: Path) -> None:
    """Refuse to write a result over its input. Raises OutputRefused."""
    if target.exists() and target.samefile(source):
        raise OutputRefused("The result has to go to another file than the input.", kept=UNHARMED)
