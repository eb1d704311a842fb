"""A server under measurement: started on its core, waited for, counted, ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import click

from bench.ocsp.cores import Cores
from bench.ocsp.processes import cpu_seconds, family, private_octets

# A first start makes responder's certificates; nothing takes longer.
_START_SECONDS = 60
_END_SECONDS = 20
_LISTENING = "0A"  # proc(5): TCP_LISTEN


class ServerFailed(click.ClickException):
    """A server did not start or ended early; the message has its last words."""


class Server:
    """A running server with all its processes. Use it in a ``with`` block."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        port: int,
        cores: Cores,
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start it, and wait until it takes connections. Raises ServerFailed."""
        self.port = port
        self._log = log
        self._name = str(command[0])
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                cores.on_server(*(str(part) for part in command)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **(environment or {})},
                # What it started ends with it, whatever becomes of it.
                start_new_session=True,
            )
        self._wait_until_ready()

    def cpu_seconds(self) -> float:
        """Return the CPU time of all its processes so far. Raises ServerFailed."""
        try:
            return cpu_seconds(family(self._process.pid))
        except ProcessLookupError:
            raise self._failure() from None

    def private_octets(self) -> int:
        """Return the private memory of its largest process."""
        return max(private_octets(pid) for pid in family(self._process.pid))

    def close(self) -> None:
        """End all its processes."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        with suppress(ProcessLookupError):
            # Its session is ours: whoever is left in it was started by it.
            os.killpg(self._process.pid, signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            if self._process.poll() is not None:
                break
            if is_listening(self.port):
                return
            time.sleep(0.05)
        failure = self._failure()
        self.close()
        raise failure

    def _failure(self) -> ServerFailed:
        said = self._log.read_text(errors="replace").strip().splitlines()
        return ServerFailed(f"{self._name} does not serve: {' | '.join(said[-3:])}")


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def is_listening(port: int) -> bool:
    """Return whether somebody listens on a port; without connecting, which could cost an answer.

    ``openssl ocsp`` answers nobody any more after a connection on which nothing was asked.
    """
    wanted = f":{port:04X}"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            if state == _LISTENING and local.endswith(wanted):
                return True
    return False
