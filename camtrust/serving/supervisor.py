"""Start the service's processes, start again what died, and end them all together."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from camtrust.serving.children import Child, start_child

# A part that is away may be back in a second or in an hour: a child that ends is started again
# for ever, at first soon, then every half minute.
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
# A child that lived this long ended for a new reason: its pauses begin anew.
STEADY_SECONDS = 60.0
# How long a child may take over the requests that it still has.
GRACE_SECONDS = 15.0
TICK_SECONDS = 0.2


@dataclass(frozen=True)
class ChildPlan:
    """A process to keep running: ``run``, in a fork of the supervisor's.

    ``end_signal`` asks it to finish its requests and end.
    After ``lifetime_seconds`` it is ended and started anew: what it made at its start ages.
    """

    name: str
    run: Callable[[], None]
    end_signal: signal.Signals = signal.SIGTERM
    lifetime_seconds: float = float("inf")


@dataclass
class _Child:
    plan: ChildPlan
    process: Child | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    pause_seconds: float = FIRST_PAUSE_SECONDS
    is_retiring: bool = False


class Supervisor:
    """Keeps children running until it is told to stop. For one thread of a process."""

    def __init__(
        self, *, plans: Sequence[ChildPlan], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._children = [_Child(plan) for plan in plans]
        self._monotonic = monotonic
        self._stop = threading.Event()
        self._events = structlog.get_logger()

    def stop(self, *_signal: object) -> None:
        """Ask :meth:`run` to end everything; fit to be a signal handler."""
        self._stop.set()

    def pids(self) -> dict[str, int]:
        """Return the process id of each running child."""
        return {one.plan.name: one.process.pid for one in self._children if one.process}

    def run(self) -> None:
        """Run until stopped; then every child has ended."""
        try:
            while not self._stop.is_set():
                for child in self._children:
                    self._tend(child)
                self._stop.wait(TICK_SECONDS)
        finally:
            self._end_all()

    def _tend(self, child: _Child) -> None:
        now = self._monotonic()
        if child.process is None:
            if now >= child.start_at:
                self._start(child, now)
        elif (code := child.process.exit_code) is not None:
            self._note_end(child, code, now)
        elif now - child.started_at >= child.plan.lifetime_seconds and not child.is_retiring:
            child.is_retiring = True
            child.process.send(child.plan.end_signal)

    def _start(self, child: _Child, now: float) -> None:
        plan = child.plan
        child.process = start_child(plan.name, plan.run)
        child.started_at, child.is_retiring = now, False
        self._events.info("child-started", child=plan.name, pid=child.process.pid)

    def _note_end(self, child: _Child, code: int, now: float) -> None:
        child.process = None
        if child.is_retiring:
            child.start_at = now
            return
        self._events.error("child-ended", child=child.plan.name, exit_code=code)
        if now - child.started_at >= STEADY_SECONDS:
            child.pause_seconds = FIRST_PAUSE_SECONDS
        child.start_at = now + child.pause_seconds
        child.pause_seconds = min(2 * child.pause_seconds, LONGEST_PAUSE_SECONDS)

    def _end_all(self) -> None:
        running = [(one.plan, one.process) for one in self._children if one.process]
        for plan, process in running:
            process.send(plan.end_signal)
        deadline = time.monotonic() + GRACE_SECONDS
        for plan, process in running:
            if process.wait(deadline - time.monotonic()) is None:
                self._events.error("child-killed", child=plan.name, pid=process.pid)
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def process_act(name: str, home: Path, *arguments: str) -> Callable[[], None]:
    """Return what one of the service's processes does.

    All that it needs is imported here, in the parent: no child imports it again.
    """
    from camtrust.serving.processes import main

    return partial(main, [name, str(home), *arguments])
