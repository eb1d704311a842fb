"""The application in a bounded number of threads, so that it leaves some to the status front."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from structlog.contextvars import clear_contextvars

from camtrust.listeners import WsgiApp
from camtrust.serving.status.slots import Slots

# How long a request waits for a thread before it is told to come back.
PATIENCE_SECONDS = 10.0
RETRY_SECONDS = 5


class BoundedApp:
    """WSGI middleware: at most as many requests at once as there are ``slots``.

    ``busy_problem`` is the problem document (RFC 9457) of a request that found none.
    """

    def __init__(self, app: WsgiApp, *, slots: Slots, busy_problem: str) -> None:
        self._app = app
        self._slots = slots
        self._busy = busy_problem.encode()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Pass the request on, or answer 503 when it has waited too long."""
        if not self._slots.enter():
            return self._refuse(start_response)
        try:
            return self._app(environ, start_response)
        finally:
            # The thread answers about status next: its events are not this request's.
            clear_contextvars()
            self._slots.leave()

    def _refuse(self, start_response: Callable[..., Any]) -> list[bytes]:
        start_response(
            "503 Service Unavailable",
            [
                ("Content-Type", "application/problem+json"),
                ("Content-Length", str(len(self._busy))),
                ("Cache-Control", "no-store"),
                ("Retry-After", str(RETRY_SECONDS)),
            ],
        )
        return [self._busy]
