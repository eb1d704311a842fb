"""One HTTP request and its answer, however long, slow or broken the answer is."""

from __future__ import annotations

import io
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, cast

from core.outgoing.deadline import Deadline
from core.outgoing.errors import NotReached
from core.outgoing.target import Target

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# What is read here is short (RFC 8555, Section 8.1: a token, a dot and 43 characters). More than
# this is another page.
MOST_BODY_OCTETS = 4_096
# Headers, chunks' sizes and the body together.
MOST_OCTETS = 65_536
OK = 200


@dataclass(frozen=True)
class Answer:
    """What a server answered. ``body`` was read only with status 200."""

    status: int
    location: str | None
    body: bytes


def request_octets(
    target: Target,
    *,
    user_agent: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> bytes:
    """Return a request. ``headers`` are ours: names and values are printable ASCII."""
    # RFC 9112, Section 9.6: one request, and the connection ends.
    lines = [
        f"{method} {target.path} HTTP/1.1",
        f"Host: {target.authority}",
        f"User-Agent: {user_agent}",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Connection: close",
        *(f"{name}: {value}" for name, value in (headers or {}).items()),
    ]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join((*lines, "", "")).encode("ascii") + (body or b"")


def exchange(
    connection: socket.socket, target: Target, request: bytes, deadline: Deadline
) -> Answer:
    """Send a request to a target and read the answer. Raises NotReached, OSError."""
    connection.settimeout(deadline.remaining())
    connection.sendall(request)
    try:
        return _read(_BoundedReader(connection, deadline))
    except (HTTPException, ValueError) as error:
        raise NotReached("response", f"What {target.host} answered is not HTTP/1.1.") from error


def _read(reader: _BoundedReader) -> Answer:
    # HTTPResponse wants of its socket nothing but makefile().
    response = HTTPResponse(cast(socket.socket, reader), method="GET")
    with response:
        response.begin()
        location = response.headers.get("Location")
        body = response.read(MOST_BODY_OCTETS + 1) if response.status == OK else b""
    if len(body) > MOST_BODY_OCTETS:
        raise NotReached("response", f"The response is longer than {MOST_BODY_OCTETS} octets.")
    return Answer(status=response.status, location=location, body=body)


class _BoundedReader(io.RawIOBase):
    """Reads from a socket until the deadline, and no more than is sensible.

    A socket's own time-out begins anew with each octet, so a server that drips one a second
    would hold us for ever.
    """

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline
        self._left = MOST_OCTETS

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        self._connection.settimeout(self._deadline.remaining())
        got = self._connection.recv_into(buffer)
        self._left -= got
        if self._left < 0:
            raise NotReached("response", f"The response is longer than {MOST_OCTETS} octets.")
        return got
