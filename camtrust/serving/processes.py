"""What each process of the service does.

The supervisor forks them; ``python -m camtrust.serving.processes NAME HOME`` runs one by itself.
Each builds its own :class:`~camtrust.wiring.Services`: sessions in a token and connections to
a database do not survive a fork.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import structlog
from granian.constants import Interfaces
from granian.server import Server

import ca.linting.pkilint_validators  # noqa: F401 - here, not at the first certificate
from camtrust.app import create_app
from camtrust.jobs import scheduled_jobs
from camtrust.listeners import Listener, WsgiApp
from camtrust.serving.document_workers import NAME as DOCUMENT_WORKER
from camtrust.serving.document_workers import UNTIL_IDLE, run_document_worker
from camtrust.serving.front import become_front
from camtrust.serving.places import officers_socket
from camtrust.serving.status.mounting import public_threads, put_front_before
from camtrust.serving.status_signer import run_status_signer
from camtrust.web_parts import app_parts
from camtrust.wiring import Services
from core.collector import settle
from core.errors import CamtrustError
from core.event_log import set_up_event_log
from core.scheduler import Scheduler
from core.web.metrics import count_job

HOME_VARIABLE = "CAMTRUST_HOME"
# The server's own words go through the event log, which the process set up before.
SERVER_LOG: dict[str, Any] = {
    "loggers": {"_granian": {"handlers": [], "propagate": True}},
    "handlers": {},
}


def public_app() -> WsgiApp:
    """Build the public listener's app, in a worker process."""
    return _app(Listener.PUBLIC)


def officers_app() -> WsgiApp:
    """Build the officers' listener's app, in a worker process."""
    return _app(Listener.OFFICERS)


def serve_public(home: Path, address: str, port: int) -> None:
    """Serve the public listener until SIGTERM."""
    settings = Services(home=home).settings.serve
    Server(
        "camtrust.serving.processes:public_app",
        address=address,
        port=port,
        workers=settings.workers,
        blocking_threads=public_threads(settings),
        **_common_options(),
    ).serve()


def serve_officers(home: Path) -> None:
    """Serve the officers' unix socket until SIGTERM."""
    settings = Services(home=home).settings.serve
    path = officers_socket(home)
    # Left behind by a process that was killed; nobody else may make files here.
    path.unlink(missing_ok=True)
    Server(
        "camtrust.serving.processes:officers_app",
        uds=path,
        uds_permissions=0o600,
        workers=settings.officers_workers,
        blocking_threads=settings.threads,
        **_common_options(),
    ).serve()


def run_scheduler(home: Path) -> None:
    """Run the scheduled jobs until SIGTERM."""
    services = Services(home=home)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    scheduler = Scheduler(
        jobs=scheduled_jobs(services),
        leases=services.leases,
        clock=services.clock,
        holder=_holder(home),
        report=count_job,
    )
    scheduler.run(stop)
    services.close()


def main(arguments: list[str]) -> None:
    """Run the process that the arguments name; a refusal at its start is said in one line."""
    set_up_event_log()
    with _ending_quietly(arguments[0]):
        _run(arguments)


@contextmanager
def _ending_quietly(child: str) -> Iterator[None]:
    # What is wrong goes through the event log, which lets no exception's text out; the
    # supervisor starts the process again.
    try:
        yield
    except CamtrustError as error:
        structlog.get_logger().error("child-refused", child=child, problem=error.problem)
        sys.exit(f"{child}: {error.detail}")
    except Exception:
        structlog.get_logger().exception("child-failed", child=child)
        sys.exit(1)


def _run(arguments: list[str]) -> None:
    name, home = arguments[0], Path(arguments[1])
    os.environ[HOME_VARIABLE] = str(home)
    if name == "public":
        serve_public(home, arguments[2], int(arguments[3]))
    elif name == "officers":
        serve_officers(home)
    elif name == "front":
        become_front(Services(home=home), port=int(arguments[2]))
    elif name == DOCUMENT_WORKER:
        run_document_worker(home, until_idle=UNTIL_IDLE in arguments)
    elif name == "status-signer":
        run_status_signer(home, follows=arguments[2] == "1")
    else:
        run_scheduler(home)


def _app(listener: Listener) -> WsgiApp:
    set_up_event_log()
    with _ending_quietly(listener):
        services = Services(home=Path(os.environ[HOME_VARIABLE]))
        app: WsgiApp = create_app(app_parts(services), listener)
        if listener is Listener.PUBLIC:
            app = put_front_before(app, services)
        settle()
        return app


def _common_options() -> dict[str, Any]:
    return {
        "interface": Interfaces.WSGI,
        "factory": True,
        "respawn_failed_workers": True,
        "workers_kill_timeout": 10,
        "log_dictconfig": SERVER_LOG,
        "log_access": False,
        "websockets": False,
    }


def _holder(home: Path) -> str:
    # The same after a restart, so that a machine takes up its own lease at once.
    return f"{socket.gethostname()[:64]}:{sha256(str(home).encode()).hexdigest()[:16]}"


if __name__ == "__main__":
    main(sys.argv[1:])
