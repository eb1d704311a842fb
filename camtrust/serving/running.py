"""Which processes the service consists of on this machine."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

from camtrust.serving.document_workers import worker_plan
from camtrust.serving.front import find_nginx
from camtrust.serving.places import fresh_metrics_folder
from camtrust.serving.settings import ServeSettings
from camtrust.serving.supervisor import ChildPlan, Supervisor, process_act
from core.errors import Conflict
from core.web.metrics_files import count_in_files

LOOPBACK = "127.0.0.1"
# The profile tls-server gives the front's certificate 90 days; a restart makes a new one.
FRONT_LIFETIME_SECONDS = 30 * 24 * 3600.0


class PortTaken(Conflict):
    """Another program listens on the port, or this user may not."""

    problem = "port-taken"
    title = "The port is taken"


def service_plans(
    home: Path, settings: ServeSettings, *, port: int | None, officers_port: int | None
) -> list[ChildPlan]:
    """Return the processes of the service.

    The public listener, the officers' socket and the scheduler always, and as many signers of
    status answers and workers of documents as the settings want; with ``officers_port`` also the
    officers' TLS front on loopback.
    """
    home = home.absolute()
    public = [settings.address, str(port or settings.port)]
    plans = [
        ChildPlan("public", process_act("public", home, *public)),
        ChildPlan("officers", process_act("officers", home)),
        ChildPlan("scheduler", process_act("scheduler", home)),
    ]
    for number in range(1, settings.signers + 1):
        # The first also follows the log.
        signer = process_act("status-signer", home, str(number))
        plans.append(ChildPlan(f"status-signer-{number}", signer))
    plans += [worker_plan(home, one) for one in range(1, settings.document_workers + 1)]
    if officers_port is not None:
        # nginx(8): QUIT finishes the requests that it has, TERM cuts them off.
        front = process_act("front", home, str(officers_port))
        plans.append(ChildPlan("front", front, signal.SIGQUIT, FRONT_LIFETIME_SECONDS))
    return plans


def run_service(
    home: Path, settings: ServeSettings, *, port: int | None, officers_port: int | None
) -> int:
    """Run the service until SIGTERM or SIGINT; return the exit code 0.

    Raises PortTaken, and FrontMissing when officers' TLS is wanted without nginx.
    """
    check_port_is_free(settings.address, port or settings.port)
    if officers_port is not None:
        check_port_is_free(LOOPBACK, officers_port)
        find_nginx()
    count_in_files(fresh_metrics_folder(home))
    supervisor = Supervisor(
        plans=service_plans(home, settings, port=port, officers_port=officers_port)
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, supervisor.stop)
    supervisor.run()
    return 0


def check_port_is_free(address: str, port: int) -> None:
    """Raise PortTaken where another program listens; a child could only say so over and over."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise PortTaken(f"Nothing can listen on {address}:{port}: it is taken.") from error
