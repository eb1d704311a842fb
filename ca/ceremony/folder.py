"""A ceremony's folder: everything that an auditor needs, written once and whole.

``script.toml``, ``hierarchy.toml`` and ``approvals/`` are what was presented; ``certificates/``,
``crls/`` and ``keys/`` what was made; ``issuers/`` the certificates above those; then
``transcript.json``, the same for paper in ``transcript.txt``, how to check it all with openssl in
``VERIFY.md``, and ``SHA256SUMS``. It is made from the database alone, so it can be made again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path, PurePosixPath

from ca.ceremony.instructions import instructions
from ca.ceremony.printing import render
from ca.ceremony.transcript import StepRecord, Transcript
from core.errors import Conflict, Malformed, Unavailable

SUMS = "SHA256SUMS"
TRANSCRIPT = "transcript.json"
PRINTED = "transcript.txt"
INSTRUCTIONS = "VERIFY.md"

# A folder of some hundred certificates and CRLs is far smaller.
LARGEST_FILE_OCTETS = 64 << 20


class FolderUnwritable(Unavailable):
    """The ceremonies' folder cannot be written; what the database holds is complete."""

    problem = "ceremony-folder-unwritable"
    title = "The ceremony's folder cannot be written"


class FolderDiffers(Conflict):
    """A folder of this ceremony is there, and is another than the database's."""

    problem = "ceremony-folder-differs"
    title = "The ceremony's folder was changed"


class FolderUnreadable(Malformed):
    """This is not a ceremony's folder."""

    problem = "ceremony-folder-unreadable"
    title = "This is no ceremony's folder"


def contents(transcript: Transcript, steps: Sequence[StepRecord]) -> dict[str, bytes]:
    """Return every file of a ceremony's folder by its path, the sums last."""
    files: dict[str, bytes] = {}
    for step in steps:
        files |= step.artefacts
    files[TRANSCRIPT] = transcript.encode()
    files[PRINTED] = render(transcript).encode()
    files[INSTRUCTIONS] = instructions(transcript, files).encode()
    files[SUMS] = sums(files)
    return files


def sums(files: Mapping[str, bytes]) -> bytes:
    """Return what ``sha256sum --check`` reads."""
    lines = (f"{sha256(content).hexdigest()}  {path}\n" for path, content in sorted(files.items()))
    return "".join(lines).encode()


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder so that it is there whole or not at all; one that is there stays.

    Raises FolderDiffers or FolderUnwritable.
    """
    making = folder.with_name(f".making-{folder.name}")
    if folder.exists():
        if is_written(folder, files):
            return
        raise FolderDiffers(
            f"The folder {folder} is not what the database says of this ceremony. Somebody has "
            "changed it: move it aside as evidence, then run the ceremony again to write it anew.",
            kept="The ceremony itself is stored and complete.",
        )
    try:
        shutil.rmtree(making, ignore_errors=True)
        for path, content in files.items():
            _write(making / path, content)
        making.rename(folder)
        _sync(folder.parent)
    except OSError as error:
        raise FolderUnwritable(
            f"The folder {folder.name} cannot be written: {error.strerror}.",
            kept="The ceremony is stored; run it again to write its folder.",
        ) from error


def is_written(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Tell whether a folder holds exactly these files."""
    try:
        return read_folder(folder) == dict(files)
    except FolderUnreadable:
        return False


def read_folder(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder by its path. Raises FolderUnreadable."""
    if not (folder / TRANSCRIPT).is_file():
        raise FolderUnreadable(f"{folder} has no {TRANSCRIPT}.")
    files: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            continue
        name = PurePosixPath(path.relative_to(folder)).as_posix()
        if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST_FILE_OCTETS:
            raise FolderUnreadable(f"{name} is not an ordinary file, or far too large.")
        files[name] = path.read_bytes()
    return files


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
