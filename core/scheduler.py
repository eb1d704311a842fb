"""What has to happen by itself: CRLs, publication, renewal, recovery.

One process a machine runs this loop; a lease in the database lets one machine at a time work.
Every job must be safe to run twice and to be cut short: the lease only spares double work.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from core.clock import Clock
from core.errors import CamtrustError
from core.leases import Leases

# A machine that died is followed by another after this time; longer than the usual job.
LEASE = timedelta(minutes=5)
# How long a failed job waits before it is tried again, at most its own interval.
RETRY_AFTER = timedelta(seconds=15)
TICK_SECONDS = 1.0

JobReport = Callable[[str, bool], None]


@dataclass(frozen=True)
class Job:
    """A thing to do every so often. ``run`` is idempotent and takes no argument."""

    name: str
    every: timedelta
    run: Callable[[], object]


def _report_nothing(_name: str, _succeeded: bool) -> None:
    return None


class Scheduler:
    """Runs each job when it is due, one after the other, while it holds the lease.

    ``report`` hears the name of each job that ran and whether it succeeded.
    """

    def __init__(
        self,
        *,
        jobs: Sequence[Job],
        leases: Leases,
        clock: Clock,
        holder: str,
        report: JobReport = _report_nothing,
    ) -> None:
        self._jobs = jobs
        self._leases = leases
        self._clock = clock
        self._holder = holder
        self._report = report
        self._due: dict[str, datetime] = {}
        self._events = structlog.get_logger("scheduler")

    def run_due(self) -> list[str]:
        """Run what is due now; return the names of the jobs that succeeded.

        A job that fails does not keep the others from running; it is tried again soon.
        """
        done: list[str] = []
        for job in self._jobs:
            if self._due.get(job.name, self._clock.now()) > self._clock.now():
                continue
            if not self._has_lease():
                return done
            if self._run(job):
                done.append(job.name)
        return done

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set, then give the lease back."""
        while not stop.is_set():
            self.run_due()
            stop.wait(TICK_SECONDS)
        try:
            self._leases.give_back("scheduler", holder=self._holder)
        except CamtrustError as error:
            # It runs out by itself.
            self._events.warning("lease-not-returned", problem=error.problem)

    def _has_lease(self) -> bool:
        try:
            return self._leases.take("scheduler", holder=self._holder, duration=LEASE)
        except CamtrustError as error:
            self._events.warning("no-lease", problem=error.problem)
            return False

    def _run(self, job: Job) -> bool:
        succeeded = False
        try:
            job.run()
            succeeded = True
        except CamtrustError as error:
            self._events.warning("job-refused", job=job.name, problem=error.problem)
        except Exception:
            # A fault in one job must not stop the CRLs of another.
            self._events.exception("job-failed", job=job.name)
        wait = job.every if succeeded else min(job.every, RETRY_AFTER)
        self._due[job.name] = self._clock.now() + wait
        self._report(job.name, succeeded)
        return succeeded
