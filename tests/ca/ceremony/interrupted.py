"""Hold the initial ceremony in a process of its own, and be killed at a given point.

    python interrupted.py HOME DATABASE_URL POINT

SIGKILL, as when the power fails: nothing is cleaned up.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ca.ceremony.holding
import ca.issuance.path
from ca.ceremony import changes
from ca.ceremony.journal import Journal
from ca.ceremony.performance import Performance
from ca.hierarchy import parse_hierarchy
from core.database import Database
from hsm.registry import KeyRegistry
from hsm.settings import HsmSettings
from hsm.store import Pkcs11KeyStore
from tests.ca.ceremony.conftest import FOUNDING, HIERARCHY, TWO, World, enrolment
from tests.conftest import SettableClock

# Where the process dies: (whose, what, at which call of it, before or after).
POINTS: dict[str, tuple[Any, str, int, str]] = {
    "before the opening": (Journal, "finish_step", 1, "before"),
    "a key made in the token, not recorded": (KeyRegistry, "add", 1, "before"),
    "the root's key made, not active": (Pkcs11KeyStore, "generate", 1, "after"),
    "the root's key active": (Pkcs11KeyStore, "change_state", 1, "after"),
    "the root's name known": (Performance, "reserve_name", 1, "after"),
    "the root's serial number reserved": (ca.issuance.path, "sign_linted", 1, "before"),
    "the root's certificate signed, not stored": (ca.issuance.path, "sign_linted", 1, "after"),
    "the root's certificate stored": (Journal, "finish_step", 2, "before"),
    "within the root's transaction": (changes, "apply", 2, "after"),
    "the root's step finished": (Journal, "finish_step", 2, "after"),
    "the issuing authority's key made": (Pkcs11KeyStore, "generate", 2, "after"),
    "the issuing authority's number reserved": (ca.issuance.path, "sign_linted", 2, "before"),
    "the issuing authority's certificate stored": (Journal, "finish_step", 3, "before"),
    "the CRL signed": (Journal, "finish_step", 4, "before"),
    "the responder's certificate stored": (Journal, "finish_step", 5, "before"),
    "all steps finished": (Journal, "close", 1, "before"),
    "the ceremony closed, no folder": (ca.ceremony.holding, "write_folder", 1, "before"),
}


def die_at(point: str) -> None:
    """Let the process die at a point."""
    owner, name, at, when = POINTS[point]
    original = getattr(owner, name)
    calls = 0

    def dying(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*arguments, **named)
        if calls == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, dying)


def world_at(home: Path, url: str) -> tuple[World, Callable[[], None]]:
    """Build a home's world on a database, and what closes it."""
    clock = SettableClock()
    database = Database(url)
    keys = Pkcs11KeyStore(settings=HsmSettings().at(home), database=database, clock=clock)
    world = World(home, database, clock, keys, parse_hierarchy(HIERARCHY.encode()))

    def close() -> None:
        keys.close()
        database.close()

    return world, close


def main(home: str, url: str, point: str) -> None:
    """Hold the ceremony until death."""
    world, _close = world_at(Path(home), url)
    script = world.script("initial", enrolment() + FOUNDING)
    die_at(point)
    world.hold(script, *TWO)


if __name__ == "__main__":
    main(*sys.argv[1:])
