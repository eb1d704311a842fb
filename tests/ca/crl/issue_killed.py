"""Issue a CRL in a process of its own that is killed on the way.

``python -m tests.ca.crl.issue_killed HOME AUTHORITY STAGE``
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ca.crl import publication
from ca.crl.octets import Spool
from camtrust.wiring import Services
from core.transparency.log import TransparencyLog

STAGES: dict[str, tuple[Any, str, int]] = {
    # What is called, and the call at which the process dies.
    "building": (Spool, "append", 21),
    "storing": (TransparencyLog, "append", 1),
    "announcing": (TransparencyLog, "ensure_published", 1),
    "publishing": (publication, "_replace", 1),
}


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying_at(call: int, real: Callable[..., Any]) -> Callable[..., Any]:
    calls = 0

    def count(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            die()
        return real(*arguments, **named)

    return count


def half_written(real: Callable[..., Any]) -> Callable[..., Any]:
    def replace(path: Path, content: Any) -> None:
        def first_part() -> Any:
            yield next(iter(content))
            die()

        real(path, first_part())

    return replace


def main(home: Path, authority: str, stage: str) -> None:
    owner, name, call = STAGES[stage]
    real = getattr(owner, name)
    crls = Services(home=home).crls
    setattr(owner, name, half_written(real) if stage == "publishing" else dying_at(call, real))
    crls.issue(authority, 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
