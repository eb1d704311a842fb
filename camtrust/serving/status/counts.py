"""How many answers of each kind a process gave: plain numbers, handed on now and then.

A prometheus counter costs as much as finding a stored answer does.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge

ANSWERS = Counter(
    "camtrust_status_answers",
    "Answers about certificates' status. stored: signed ahead; not_modified: the client has it; "
    "live: by the responder, errors included; budget: stored, where live signing was used up or "
    "away; refused: tryLater for the same reason; fault: internalError.",
    ["kind"],
)
HEARTBEAT = Gauge(
    "camtrust_status_follower_heartbeat_timestamp_seconds",
    "Until when the stored answers are known to follow the tables; 0 for never.",
    multiprocess_mode="mostrecent",
)


class Counts:
    """The numbers since they were last handed on.

    Additions of two threads at once may count as one now and then, which nobody can see.
    """

    KINDS = ("stored", "not_modified", "live", "budget", "refused", "fault")

    def __init__(self) -> None:
        self.stored = 0
        self.not_modified = 0
        self.live = 0
        self.budget = 0
        self.refused = 0
        self.fault = 0

    def hand_on(self) -> None:
        """Add the numbers to the process's metrics, and begin at zero."""
        for kind in self.KINDS:
            number = getattr(self, kind)
            if number:
                setattr(self, kind, 0)
                ANSWERS.labels(kind).inc(number)
