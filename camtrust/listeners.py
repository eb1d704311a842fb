"""The two doors of the service, and what each lets in.

The public listener is for everybody; who signs in there has a session. Whatever claims to be a
client certificate is dropped before the app sees it. The officers' listener is a unix socket in a
directory of ours alone; the TLS front behind which it stands has verified the client's key and
sets the certificate header over whatever the client sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# X-SSL-Client-Cert, X_SSL_Client_Cert and every other spelling become one WSGI variable.
FRONT_VARIABLES = "HTTP_X_SSL_"


class Listener(StrEnum):
    """Which door a process serves."""

    PUBLIC = "public"
    OFFICERS = "officers"


class DropFrontHeaders:
    """WSGI middleware: removes what only the TLS front may say."""

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Pass the request on without the headers of the TLS front."""
        for variable in [name for name in environ if name.startswith(FRONT_VARIABLES)]:
            del environ[variable]
        return self._app(environ, start_response)
