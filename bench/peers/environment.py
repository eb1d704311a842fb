"""A peer's own environment: pinned with hashes, made once, made anew when the pins change."""

from __future__ import annotations

import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import click

REQUIREMENTS = Path("requirements/bench-peers.txt")
ENVIRONMENTS = Path("var/bench/peers")
_STAMP = ".made-from"


class PeerNotInstalled(click.ClickException):
    """The peer's packages could not be installed; the message says why."""


def peer_python(name: str, *, requirements: Path = REQUIREMENTS) -> Path:
    """Return the Python of the peer's environment, installing it first if need be.

    Raises PeerNotInstalled.
    """
    folder = ENVIRONMENTS / name
    python = (folder / "bin" / "python").absolute()
    wanted = sha256(requirements.read_bytes()).hexdigest()
    stamp = folder / _STAMP
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    click.echo(f"Installing {name} as {requirements} pins it into {folder}.", err=True)
    shutil.rmtree(folder, ignore_errors=True)
    _run(sys.executable, "-m", "venv", folder)
    quiet = ("--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes")
    _run(python, "-m", "pip", "install", *quiet, "-r", requirements)
    stamp.write_text(wanted)
    return python


def _run(*command: str | Path) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no reason given"]
        raise PeerNotInstalled(f"The peer could not be installed: {said[-1]}")
