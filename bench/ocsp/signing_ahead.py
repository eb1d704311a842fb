"""Signing ahead as a subject: the service's own follower and walker, in one process and thread.

Questions: ``{"act": "follow"}`` has the follower catch up and write its heartbeat; ``"begin-anew"``
empties the store and makes everything due; ``"sign"`` walks until nothing is due any more;
``"compact"`` rewrites the store and says how large it is.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.issuance.stored import AUTHORITY
from bench.subject import Answer, answer_questions
from camtrust.wiring import Services
from core.collector import settle
from core.event_log import set_up_event_log
from ocsp.ahead.position import POSITION
from ocsp.ahead.ranges import SigningRange
from ocsp.stored.compaction import compact
from ocsp.stored.generations import hold_folder


class SigningAhead:
    """Answers questions upon the services of one home."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._signed = 0
        self._walker = services.ahead.walker(stepped=self._count)

    def answer(self, question: Answer) -> Answer:
        """Do what is asked."""
        acts = {
            "follow": self._follow,
            "begin-anew": self._begin_anew,
            "sign": self._sign,
            "compact": self._compact,
        }
        return acts[question["act"]]()

    def _follow(self) -> Answer:
        return {"log_size": self._services.ahead.follower.follow().log_size}

    def _begin_anew(self) -> Answer:
        # As it is with a store that was lost.
        self._services.answer_store.delete_value(POSITION)
        self._follow()
        self._services.ocsp_identities.identity(AUTHORITY)
        self._walker.divide()
        return {"records": self._services.answer_store.count()}

    def _sign(self) -> Answer:
        self._signed = 0
        wall, cpu = time.perf_counter(), time.process_time()
        while self._walker.walk_one(authorities=(AUTHORITY,)):
            pass
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        # One answer by SHA-1 and one by SHA-256.
        return {"count": 2 * self._signed, "cpu_seconds": cpu, "wall_seconds": wall}

    def _compact(self) -> Answer:
        answers = self._services.settings.ocsp.answers
        folder = hold_folder(self._services.home / answers.folder, map_octets=answers.map_octets)
        done = compact(folder)
        return {
            "records": done.records,
            "octets_before": done.octets_before,
            "octets_after": done.octets_after,
        }

    def _count(self, _range: SigningRange, signed: int) -> None:
        self._signed += signed


def _prepare(configuration: Answer) -> Callable[[Answer], Answer]:
    # Standard output is for answers.
    set_up_event_log(stream=sys.stderr)
    if "core" in configuration:
        os.sched_setaffinity(0, {configuration["core"]})
    signing = SigningAhead(Services(home=Path(configuration["home"])))
    settle()  # As the service does when it is built.
    return signing.answer


if __name__ == "__main__":
    answer_questions(_prepare)
