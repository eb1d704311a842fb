"""Work through many circulations: one that is broken does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import structlog

from core.database import DatabaseUnavailable
from core.errors import CamtrustError

ItemT = TypeVar("ItemT")


def count_done(items: Iterable[ItemT], act: Callable[[ItemT], bool], *, event: str) -> int:
    """Return for how many items ``act`` was true; what it raises is logged as ``event``.

    Raises DatabaseUnavailable: it is away for the others too.
    """
    events, done = structlog.get_logger("approvals"), 0
    for item in items:
        try:
            done += act(item)
        except DatabaseUnavailable:
            raise
        except CamtrustError as error:
            events.warning(event, problem=error.problem)
        # Whatever it is: the others wait.
        except Exception:
            events.exception(event)
    return done
