"""Where the running service keeps what lives no longer than it does: ``HOME/run``."""

from __future__ import annotations

from pathlib import Path


def run_folder(home: Path) -> Path:
    """Return ``HOME/run``, made with mode 0700.

    Whoever can write to the officers' socket in it can claim any certificate.
    """
    folder = home.absolute() / "run"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def officers_socket(home: Path) -> Path:
    """Return the path of the officers' unix socket."""
    return run_folder(home) / "officers.sock"


def fresh_metrics_folder(home: Path) -> Path:
    """Return the folder in which all processes count, emptied: counters begin at zero."""
    folder = run_folder(home) / "metrics"
    folder.mkdir(mode=0o700, exist_ok=True)
    for left in folder.glob("*.db"):
        left.unlink()
    return folder
