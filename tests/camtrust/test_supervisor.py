"""The processes of the service live together and end together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from camtrust.serving.supervisor import ChildPlan, Supervisor

Start = Callable[[Supervisor], threading.Thread]


def sleep() -> None:
    time.sleep(600)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie of this very process has ended too.
    return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def wait_until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def start() -> Iterator[Callable[[Supervisor], threading.Thread]]:
    """Run a supervisor in a thread; it is stopped at the end, whatever happened."""
    started: list[tuple[Supervisor, threading.Thread]] = []

    def begin(supervisor: Supervisor) -> threading.Thread:
        thread = threading.Thread(target=supervisor.run)
        thread.start()
        started.append((supervisor, thread))
        return thread

    yield begin
    for supervisor, thread in started:
        supervisor.stop()
        thread.join(20)


def hurried() -> Callable[[], float]:
    """A clock on which pauses pass a hundred times as fast."""
    return lambda: 100 * time.monotonic()


def test_stopping_ends_every_child(start: Start) -> None:
    supervisor = Supervisor(plans=[ChildPlan("a", sleep), ChildPlan("b", sleep)])
    thread = start(supervisor)
    wait_until(lambda: len(supervisor.pids()) == 2)
    pids = supervisor.pids().values()
    supervisor.stop()
    thread.join(20)
    assert not any(map(is_alive, pids))


def test_a_child_that_died_is_started_again(start: Start) -> None:
    supervisor = Supervisor(plans=[ChildPlan("a", sleep)])
    thread = start(supervisor)
    wait_until(lambda: "a" in supervisor.pids())
    first = supervisor.pids()["a"]
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: supervisor.pids().get("a", first) != first)
    assert is_alive(supervisor.pids()["a"])
    supervisor.stop()
    thread.join(20)


def test_a_child_that_keeps_ending_is_tried_again_and_takes_no_other_down(
    tmp_path: Path, start: Start
) -> None:
    tries = tmp_path / "tries"

    def break_down() -> None:
        with tries.open("a") as file:
            file.write("x")
        raise SystemExit(3)

    supervisor = Supervisor(
        plans=[ChildPlan("steady", sleep), ChildPlan("broken", break_down)], monotonic=hurried()
    )
    start(supervisor)
    wait_until(lambda: "steady" in supervisor.pids())
    steady = supervisor.pids()["steady"]
    wait_until(lambda: tries.exists() and len(tries.read_text()) >= 4)
    assert supervisor.pids()["steady"] == steady and is_alive(steady)


def test_a_child_past_its_lifetime_is_renewed(start: Start) -> None:
    supervisor = Supervisor(plans=[ChildPlan("a", sleep, lifetime_seconds=1.0)])
    thread = start(supervisor)
    wait_until(lambda: "a" in supervisor.pids())
    first = supervisor.pids()["a"]
    wait_until(lambda: supervisor.pids().get("a", first) != first)
    assert not is_alive(first)
    supervisor.stop()
    thread.join(20)


def test_children_do_not_outlive_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import os, pathlib, time\n"
        "from camtrust.serving.supervisor import ChildPlan, Supervisor\n"
        "def child():\n"
        f"    pathlib.Path({str(note)!r}).write_text(str(os.getpid()))\n"
        "    time.sleep(600)\n"
        "Supervisor(plans=[ChildPlan('a', child)]).run()\n"
    )
    root = Path(__file__).parents[2]
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=root)
    wait_until(lambda: note.exists() and note.read_text() != "")
    pid = int(note.read_text())
    parent.kill()
    parent.wait()
    wait_until(lambda: not is_alive(pid))
