"""The load: ``wrk`` on a core of its own, asking prepared requests over connections kept alive.

Rates are per CPU-second of the server, so that a generator at the end of its core's strength
takes nothing away from them. While it measures it only counts: HTTP status and octets. What each
answer is like is checked before, in a run that nobody measures (:meth:`Load.check`).
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click

from bench.ocsp.cores import Cores

SCRIPT = Path(__file__).with_name("load.lua")
# wrk waits so long for answers that no longer come.
_GRACE_SECONDS = 30


class LoadNotMade(click.ClickException):
    """The generator could not run, or the server answered something else than it should have."""


@dataclass(frozen=True)
class Loaded:
    """What one run of the generator saw: answers, their octets on the wire, and how long it took.

    ``p50`` and ``p99`` are in milliseconds, from the request's first octet to the answer's last.
    """

    requests: int
    octets: int
    seconds: float
    p50: float
    p99: float


@dataclass(frozen=True)
class Expected:
    """What each answer has to be like: 200, this content type, so many octets of body."""

    content_type: str
    least: int
    most: int


class Load:
    """Asks one server. ``requests`` is a file of :func:`write_requests`."""

    def __init__(self, *, port: int, requests: Path, cores: Cores, connections: int = 64) -> None:
        self._port = port
        self._requests = requests
        self._cores = cores
        self._connections = connections
        self._runs = 0

    def run(self, seconds: int) -> Loaded:
        """Ask for so many seconds. Raises LoadNotMade where an answer was missing or refused."""
        return self._run(seconds)

    def check(self, expected: Expected) -> Loaded:
        """Ask for a second, and look at each answer. Raises LoadNotMade."""
        limits = (str(expected.least), str(expected.most))
        return self._run(1, "checked", expected.content_type, *limits)

    def _run(self, seconds: int, *arguments: str) -> Loaded:
        # Another order each time, and the same ones for every subject.
        self._runs += 1
        command = [
            *self._cores.on_client(program("wrk")),
            *("-t", "1", "-c", str(self._connections), "-d", f"{seconds}s", "-s", str(SCRIPT)),
            *(f"http://127.0.0.1:{self._port}", "--", str(self._requests), str(self._runs)),
            *arguments,
        ]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=seconds + _GRACE_SECONDS
            )
        except subprocess.TimeoutExpired:
            raise LoadNotMade(f"wrk did not end: {' '.join(command)}") from None
        return self._read(done)

    def _read(self, done: subprocess.CompletedProcess[str]) -> Loaded:
        lines = done.stdout.strip().splitlines()
        if done.returncode or not lines or not lines[-1].startswith("{"):
            said = (done.stderr or done.stdout).strip().splitlines() or ["nothing"]
            raise LoadNotMade(f"wrk said: {said[-1]}")
        found = json.loads(lines[-1])
        faults = {name: found[name] for name in ("refused", "broken", "wrong") if found[name]}
        if faults or not found["requests"]:
            raise LoadNotMade(
                f"Port {self._port} with {self._requests.name}: of {found['requests']} answers "
                f"{faults}, the last wrong one {found['example'] or 'not seen'}."
            )
        return Loaded(
            requests=found["requests"],
            octets=found["octets"],
            seconds=found["microseconds"] / 1e6,
            p50=found["p50"] / 1e3,
            p99=found["p99"] / 1e3,
        )


def write_requests(path: Path, messages: Iterable[bytes]) -> Path:
    """Write whole HTTP requests into a file that the generator reads; return its path."""
    with path.open("wb") as file:
        for message in messages:
            file.write(b"%d\n" % len(message) + message)
    return path


def program(name: str, package: str | None = None) -> str:
    """Return the path of a program. Raises LoadNotMade, which says what package has it."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        raise LoadNotMade(f"{name} is missing. On Debian: apt-get install {package or name}")
    return found
