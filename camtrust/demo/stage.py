"""What the steps of the demonstration share: folders, programs, the service, who signs in."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

from camtrust.serving.settings import ServeSettings
from core.errors import CamtrustError, Unavailable

START_SECONDS = 60
STOP_SECONDS = 30
PROGRAM_SECONDS = 120
# RFC 5612: an arc for examples, which other programs can read; 2.999 they cannot all.
POLICY_ARC = "1.3.6.1.4.1.32473.855"


class StepFailed(CamtrustError):  # noqa: N818
    """A step did not come out as it has to; the detail has the other program's words."""

    problem = "demo-step-failed"
    title = "A step of the demonstration failed"


@dataclass
class Stage:
    """One demonstration in one folder. ``people`` sign in with ``NAME.pem`` and ``NAME.key``."""

    folder: Path
    port: int = 0
    officers_port: int = 0
    facts: dict[str, str] = field(default_factory=dict)
    _service: subprocess.Popen[bytes] | None = None

    @property
    def home(self) -> Path:
        """The home directory of the demonstration's camtrust."""
        return self.folder / "home"

    @property
    def work(self) -> Path:
        """Where keys and requests of the demonstration's people are."""
        return self.folder / "people"

    def prepare(self) -> None:
        """Begin with empty folders, free ports and the settings for them."""
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.home.mkdir(parents=True, mode=0o700)
        self.work.mkdir(mode=0o700)
        self.port, self.officers_port = _free_port(), _free_port()
        url = f"http://localhost:{self.port}"
        (self.home / "camtrust.toml").write_text(
            f'[ca]\npolicy_arc = "{POLICY_ARC}"\n\n[serve]\npublic_url = "{url}"\n'
        )

    def run(self, *command: str | Path, expect: int | None = 0) -> str:
        """Run a program in the demonstration's folder and return what it said.

        Raises StepFailed when it ends with another code than ``expect`` (None: any).
        """
        done = subprocess.run(  # noqa: S603 - programs and arguments are this module's callers'
            [str(part) for part in command],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PROGRAM_SECONDS,
            check=False,
        )
        if expect is not None and done.returncode != expect:
            raise StepFailed(
                f"{Path(str(command[0])).name} ended with {done.returncode}: {done.stdout[-800:]}"
            )
        return done.stdout

    def camtrust(self, *arguments: str | Path) -> str:
        """Run camtrust's own command line on the demonstration's home."""
        return self.run(beside_python("camtrust"), *arguments, "--home", self.home.absolute())

    def start_service(self) -> None:
        """Start the service and wait until it is ready. Raises Unavailable."""
        log = (self.folder / "service.log").open("wb")
        ports = ["--port", str(self.port), "--officers-port", str(self.officers_port)]
        with log:
            self._service = subprocess.Popen(  # noqa: S603 - our own command
                [beside_python("camtrust"), "serve", "--home", str(self.home.absolute()), *ports],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._service.poll() is None:
            if self._is_ready():
                return
            time.sleep(0.2)
        raise Unavailable(f"The service did not start; see {self.folder / 'service.log'}.")

    def stop_service(self) -> None:
        """Stop the service, if it runs."""
        if self._service is None:
            return
        self._service.send_signal(signal.SIGTERM)
        try:
            self._service.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._service.kill()
            self._service.wait()

    def fetch(self, path: str) -> bytes:
        """Return what the public listener has under a path."""
        with urllib.request.urlopen(f"http://localhost:{self.port}{path}", timeout=30) as response:
            content: bytes = response.read()
        return content

    def post(self, path: str, content: bytes, content_type: str) -> bytes:
        """Return what the public listener answers to a POST."""
        request = urllib.request.Request(
            f"http://localhost:{self.port}{path}",
            data=content,
            headers={"Content-Type": content_type},
        )
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            answer: bytes = response.read()
        return answer

    def ask(
        self, person: str, method: str, path: str, body: object = None
    ) -> tuple[int, dict[str, Any]]:
        """Ask the enrolment API as ``person``, with their client certificate."""
        connection = HTTPConnection("localhost", self.officers_port, timeout=60)
        # The officers' front is certified for its public name; here it listens on localhost.
        connection.sock = self._trust(person).wrap_socket(
            socket.create_connection(("localhost", self.officers_port), timeout=60),
            server_hostname=ServeSettings().officers_name,
        )
        try:
            connection.request(
                method,
                f"/enrollment/v1{path}",
                body=None if body is None else json.dumps(body),
                headers={} if body is None else {"Content-Type": "application/json"},
            )
            response: HTTPResponse = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def _trust(self, person: str) -> ssl.SSLContext:
        trust = ssl.create_default_context(cafile=str(self.folder / "root.pem"))
        trust.load_cert_chain(self.work / f"{person}.pem", self.work / f"{person}.key")
        return trust

    def _is_ready(self) -> bool:
        try:
            self.fetch("/readyz")
            with socket.create_connection(("localhost", self.officers_port), timeout=2):
                return True
        except OSError:
            return False


def beside_python(program: str) -> str:
    """Return a program that was installed with the running Python."""
    return str(Path(sys.executable).with_name(program))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
