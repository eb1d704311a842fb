"""Requests to the provider: bounded in time and size, to checked addresses, never redirected.

Where they go, the settings and the provider's own metadata say. A provider that was taken over,
or whose name was, must not become a way into our network.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import SplitResult, urlencode, urlsplit

from core.outgoing.addresses import ReachableAddresses
from enrollment.sign_in.openid.errors import ProviderUnavailable
from enrollment.sign_in.openid.settings import is_spoken_to

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# Metadata, key sets and tokens are a few kilobytes.
MOST_OCTETS = 262_144
FORM = "application/x-www-form-urlencoded"
_STANDARD_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Fetched:
    """A status and a body, whole."""

    status: int
    body: bytes


class Outgoing:
    """Sends one request at a time over a connection of its own."""

    def __init__(
        self,
        *,
        reachable: ReachableAddresses,
        trust_file: Path | None,
        timeout_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reachable = reachable
        self._trust_file = trust_file
        self._timeout = timeout_seconds
        self._monotonic = monotonic

    def get(self, url: str) -> Fetched:
        """Fetch a URL. Raises ProviderUnavailable."""
        return self._send("GET", url, {}, b"")

    def post_form(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> Fetched:
        """Send a form. Raises ProviderUnavailable."""
        return self._send(
            "POST", url, {**headers, "Content-Type": FORM}, urlencode(fields).encode()
        )

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Fetched:
        if not is_spoken_to(url):
            raise ProviderUnavailable("The provider names an address that is not asked.")
        parts = urlsplit(url)
        end = self._monotonic() + self._timeout
        try:
            with self._connected(parts, end) as connection:
                connection.settimeout(self._left(end))
                connection.sendall(_request(method, parts, headers, body))
                return self._read(connection, method, end)
        except (OSError, HTTPException, ValueError) as error:
            raise ProviderUnavailable("The provider does not answer as it should.") from error

    def _connected(self, parts: SplitResult, end: float) -> socket.socket:
        host = parts.hostname or ""
        port = parts.port or _STANDARD_PORTS[parts.scheme]
        # The address that was checked is the one that is connected to: no second look-up.
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        allowed = [one for one in found if self._reachable.allow(ip_address(one[4][0]))]
        if not allowed:
            raise ProviderUnavailable("The provider's address is inside a network not allowed.")
        family, kind, protocol, _name, address = allowed[0]
        plain = socket.socket(family, kind, protocol)
        try:
            plain.settimeout(self._left(end))
            plain.connect(address)
            if parts.scheme == "http":
                return plain
            context = ssl.create_default_context(cafile=self._trust_file)
            return context.wrap_socket(plain, server_hostname=host)
        except OSError:
            plain.close()
            raise

    def _read(self, connection: socket.socket, method: str, end: float) -> Fetched:
        reader = _BoundedReader(connection, lambda: self._left(end))
        # HTTPResponse wants of its socket nothing but makefile().
        with HTTPResponse(cast(socket.socket, reader), method=method) as response:
            response.begin()
            # RFC 9110, Section 15.4: a redirect is an answer that is not followed.
            return Fetched(response.status, response.read())

    def _left(self, end: float) -> float:
        left = end - self._monotonic()
        if left <= 0:
            raise TimeoutError("the provider took too long")
        return left


class _BoundedReader(io.RawIOBase):
    """Reads until the end of the time, however slowly the octets drip, and not too many."""

    def __init__(self, connection: socket.socket, left: Callable[[], float]) -> None:
        self._connection = connection
        self._time_left = left
        self._octets_left = MOST_OCTETS

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        self._connection.settimeout(self._time_left())
        got = self._connection.recv_into(buffer)
        self._octets_left -= got
        if self._octets_left < 0:
            raise ValueError("the provider's answer is too long")
        return got


def _request(method: str, parts: SplitResult, headers: Mapping[str, str], body: bytes) -> bytes:
    port = parts.port
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    lines = {
        "Host": shown if port is None else f"{shown}:{port}",
        "User-Agent": "camtrust",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Connection": "close",
        **headers,
    }
    if method == "POST":
        lines["Content-Length"] = str(len(body))
    head = "\r\n".join(f"{name}: {value}" for name, value in lines.items())
    return f"{method} {parts.path or '/'} HTTP/1.1\r\n{head}\r\n\r\n".encode("ascii") + body
