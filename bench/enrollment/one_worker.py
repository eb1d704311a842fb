"""One worker of granian on loopback, with as many threads as the peers have."""

from __future__ import annotations

import os
import sys

from granian.constants import Interfaces
from granian.server import Server

from camtrust.serving.processes import HOME_VARIABLE


def serve_one_worker(factory: str) -> None:
    """Serve the app of ``factory`` for the home and the port that the command line names."""
    home, port = sys.argv[1:]
    os.environ[HOME_VARIABLE] = home
    Server(
        factory,
        address="127.0.0.1",
        port=int(port),
        interface=Interfaces.WSGI,
        factory=True,
        workers=1,
        blocking_threads=8,
        websockets=False,
        log_access=False,
    ).serve()
