"""A small server for a witness: a thread a request, on the loopback interface by default.

A witness hears once for each checkpoint; what faces the internet is the proxy before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import StartResponse, WSGIEnvironment

LOOPBACK = "127.0.0.1"
# A client that sends nothing for so long is cut off.
_IDLE_SECONDS = 10

Application = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    timeout = _IDLE_SECONDS

    def address_string(self) -> str:
        """Name the client by its number; looking names up could wait for long."""
        return str(self.client_address[0])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Keep silent: the proxy in front writes the access log."""


def witness_server(application: Application, *, host: str = LOOPBACK, port: int = 0) -> WSGIServer:
    """Return a server that listens; ``serve_forever`` runs it. Port 0 takes a free one."""
    server = _Server((host, port), _Handler)
    server.set_app(application)
    return server
