"""Our own folders may be away, full or closed to us: that is nobody's mistake, and said so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from core.event_log import where_raised
from signing.documents.errors import UNHARMED, OutputRefused, StorageUnavailable


@contextmanager
def storage(kept: str = UNHARMED) -> Iterator[None]:
    """Make of what a disk refuses a StorageUnavailable, which names no path of ours.

    The block works in our own folders: an output that is refused there is theirs, not a caller's.
    """
    try:
        yield
    except (OSError, OutputRefused) as error:
        cause = error.__cause__ if isinstance(error, OutputRefused) else error
        structlog.get_logger("documents").warning("storage-away", **where_raised(cause or error))
        raise StorageUnavailable(
            "The document cannot be read or stored now. Try again later.", kept=kept
        ) from error
