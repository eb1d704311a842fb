"""The process that signs status answers ahead: one follows the log, all of them walk."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

from camtrust.wiring import Services
from core.collector import settle
from ocsp.ahead.metrics import count_round
from ocsp.ahead.running import follow_until, walk_until


def run_status_signer(home: Path, *, follows: bool) -> None:
    """Walk until SIGTERM, and with ``follows`` follow the log beside it.

    Raises what cannot be opened at the start; the supervisor then tries again.
    """
    services = Services(home=home)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    walker = services.ahead.walker()
    lease = services.ahead.lease
    # In a thread of its own: a walker's page on a slow token must not hold up a revocation.
    walking = threading.Thread(target=walk_until, args=(stop, walker), name="walker")
    settle()
    walking.start()
    if follows:
        follow_until(stop, services.ahead.follower, lease, count_round)
    else:
        stop.wait()
    walking.join()
    services.close()
