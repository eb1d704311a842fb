"""One kept connection to a server on loopback, over TLS where its URL says so."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Answer:
    """What a server answered. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """Sends requests one after the other."""

    def __init__(self, url: str, *, anchor: str | None) -> None:
        """``anchor`` is the file of the certificate that a TLS server has."""
        parts = urlsplit(url)
        where = parts.hostname or "", parts.port
        self._connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=anchor)
            self._connection = http.client.HTTPSConnection(
                *where, timeout=PATIENCE_SECONDS, context=context
            )
        else:
            self._connection = http.client.HTTPConnection(*where, timeout=PATIENCE_SECONDS)

    def send(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        *,
        media_type: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request and read the answer; once more where the server hung up meanwhile."""
        all_headers = {**(headers or {})}
        if media_type is not None:
            all_headers["Content-Type"] = media_type
        try:
            return self._send(method, url, body, all_headers)
        except (ConnectionError, http.client.BadStatusLine):
            self._connection.close()
            return self._send(method, url, body, all_headers)

    def _send(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        self._connection.request(method, urlsplit(url).path, body=body, headers=dict(headers))
        answer = self._connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, answer.read())
