"""Camtrust's public listener with an ACME server that believes every challenge.

Everything else is as ``camtrust serve`` has it: the peers look at no challenge either, and what
a network does is not what is measured.
"""

from __future__ import annotations

import os
import sys

from granian.constants import Interfaces
from granian.server import Server

from camtrust import protocols
from camtrust.serving.processes import HOME_VARIABLE, public_app
from enrollment.acme.validation import Challenge, Validation


class _Believing(Validation):
    """Looks at nothing and asks nobody."""

    def validate(self, challenge: Challenge) -> None:
        """Believe it."""

    def check_caa(self, dns_name: str, *, method: str, account_uri: str, wildcard: bool) -> None:
        """Allow it."""


def unchecked_app() -> object:
    """Build the listener's app, in a worker process."""
    setattr(protocols, "Validation", _Believing)  # noqa: B010 - from outside, for this process
    return public_app()


def _main() -> None:
    home, port = sys.argv[1:]
    os.environ[HOME_VARIABLE] = home
    Server(
        "bench.enrollment.unchecked_acme:unchecked_app",
        address="127.0.0.1",
        port=int(port),
        interface=Interfaces.WSGI,
        factory=True,
        workers=1,
        blocking_threads=8,
        websockets=False,
        log_access=False,
    ).serve()


if __name__ == "__main__":
    _main()
