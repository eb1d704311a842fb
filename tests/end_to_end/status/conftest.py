"""A whole service whose parts can be taken away while clients ask."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from ca.issuance.path import Issuance
from camtrust.wiring import Services
from ocsp.stored.answers import StoredAnswers
from tests.ca.issuance.conftest import Ask, ask
from tests.end_to_end.status.load import Load, Question
from tests.ocsp.questions import ask as ask_status
from tests.ocsp.questions import ask_serial

__all__ = ["ask"]

ROOT = Path(__file__).parents[3]
READY_WITHIN_SECONDS = 90.0
DEVICES = 12
REDIS_DATABASE = 9


@dataclass
class Served:
    """A running service, what it issued, and clients that ask about that."""

    services: Services
    process: subprocess.Popen[bytes]
    port: int
    log: Path
    load: Load
    issued: dict[str, x509.Certificate]

    @property
    def home(self) -> Path:
        """The home directory that is served."""
        return self.services.home


@pytest.fixture
def serve(tmp_path: Path, ask: Ask) -> Callable[..., Any]:
    """Return what serves a home, in a ``with`` block, with a load of clients on it."""

    @contextmanager
    def served(services: Services) -> Iterator[Served]:
        issued = _issue(services.issuance, ask)
        log = tmp_path / "service.log"
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        command = [sys.executable, "-c", "from camtrust.cli import main; main()", "serve"]
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*command, "--home", str(services.home), "--port", str(port)],
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        questions = _questions(services, issued)
        load = Load(port, questions)
        running = Served(services, process, port, log, load, issued)
        try:
            _wait_until_signed(services, questions, process, log)
            load.start()
            yield running
            load.stop()
            assert process.poll() is None, log.read_text()
        finally:
            load.stop()
            process.send_signal(signal.SIGTERM)
            process.wait(60)

    return served


def write_settings(home: Path, **sections: dict[str, object]) -> None:
    """Add settings to a home's file, section by section."""
    path = home / "camtrust.toml"
    known = tomllib.loads(path.read_text())
    lines = []
    for name in {**known, **sections}:
        lines.append(f"[{name}]")
        for key, value in {**known.get(name, {}), **sections.get(name, {})}.items():
            lines.append(f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}")
    path.write_text("\n".join(lines) + "\n")


def _issue(issuance: Issuance, ask: Ask) -> dict[str, x509.Certificate]:
    names = [f"device-{number}" for number in range(DEVICES)]
    return {
        name: x509.load_der_x509_certificate(issuance.issue(ask(name)).certificate_der)
        for name in names
    }


def _questions(services: Services, issued: dict[str, x509.Certificate]) -> list[Question]:
    [authority] = {one.issuer for one in issued.values()}
    [issuer] = [
        one.certificate
        for one in services.authorities.all()
        if one.certificate.subject == authority
    ]
    questions = [Question(name, ask_status(one, issuer)) for name, one in issued.items()]
    anybody = next(iter(issued.values()))
    never = ask_serial(issuer, anybody, anybody.serial_number ^ 1)
    return [*questions, Question("never issued", never, is_issued=False)]


def _wait_until_signed(
    services: Services, questions: list[Question], process: subprocess.Popen[bytes], log: Path
) -> None:
    answers = StoredAnswers(store=services.answer_store)
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    wanted = [one for one in questions if one.is_issued]
    while not all(answers.find(one.octets) for one in wanted) or not _listens(process, log):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


def _listens(process: subprocess.Popen[bytes], log: Path) -> bool:
    return process.poll() is None and b"Started worker" in log.read_bytes()
