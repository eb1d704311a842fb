"""Redis servers for the stores' tests: the one that runs here, and some of a test's own."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import redis

from tests.conftest import lacks

REDIS_URL = "redis://127.0.0.1:6379/0"


@pytest.fixture
def redis_prefix() -> Iterator[str]:
    """A prefix in the Redis that runs here, whose keys are removed afterwards."""
    prefix = f"camtrust-test-{uuid.uuid4().hex[:12]}"
    server = redis.Redis.from_url(REDIS_URL)
    try:
        server.ping()
    except redis.ConnectionError:
        lacks("no Redis answers at 127.0.0.1:6379")
    yield prefix
    for key in server.scan_iter(match=f"{prefix}:*", count=1_000):
        server.delete(key)
    server.close()


class RedisServer:
    """A server of a test's own, which keeps its data when it is stopped as told."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program, self.folder = program, folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str, settings: Sequence[str] = ()) -> None:
        arguments = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        self.process = subprocess.Popen(
            [self.program, *settings, *arguments, "--appendonly", "yes", *options],
            stdout=subprocess.DEVNULL,
        )
        server = redis.Redis(port=self.port)
        for _ in range(200):
            try:
                server.ping()
            except redis.ConnectionError:
                time.sleep(0.05)
            else:
                server.close()
                return
        raise AssertionError("redis-server does not start")

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def stop(self) -> None:
        if self.process is not None:
            self.send(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(30)
            self.process = None


@pytest.fixture
def redis_server(require: Callable[[str], str], tmp_path: Path) -> Iterator[RedisServer]:
    """A running server of this test's own."""
    folder = tmp_path / "redis"
    folder.mkdir()
    server = RedisServer(require("redis-server"), folder)
    server.start()
    yield server
    server.stop()
