"""Until when the store follows the tables: the follower's pulse, for those who read answers.

The follower (:mod:`ocsp.ahead.following`) signs again whatever the tables changed. Whoever gives
stored answers looks here whether it is alive: a stored ``good`` whose follower is dead says nothing
of the revocations since.
"""

from __future__ import annotations

from ocsp.stored.store import AnswerStore

HEARTBEAT = "follower/heartbeat"


def write_heartbeat(store: AnswerStore, at: float) -> None:
    """Note that all that the tables said at ``at``, in seconds since 1970, is in the store.

    Whole seconds, rounded down, as decimal digits. Raises StoreUnavailable.
    """
    store.set_value(HEARTBEAT, b"%d" % int(at))


def read_heartbeat(store: AnswerStore) -> int | None:
    """Return the instant of the last heartbeat in seconds since 1970; None for none.

    What was revoked before that instant is in the store. Raises StoreUnavailable.
    """
    value = store.value(HEARTBEAT)
    if value is None or not value.isdigit():
        return None
    return int(value)
