"""Web servers on loopback for http-01: real sockets, and answers as bad as a test wants them."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# What a server does with one connection, once it has read the request's head.
Behaviour = Callable[[socket.socket, str], None]


class WebServer:
    """Answers each connection by ``behaviour``; ``requests`` are the heads that it read."""

    def __init__(self, address: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listening = socket.create_server((address, port), family=family, backlog=20)
        self._tls = tls
        self.port: int = self._listening.getsockname()[1]
        self.behaviour: Behaviour = not_found
        self.requests: list[str] = []
        self.callers: list[str] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, caller = self._listening.accept()
            except OSError:
                return
            self.callers.append(caller[0])
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.settimeout(20)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    got = connection.recv(4096)
                    if not got:
                        return
                    head += got
                self.requests.append(head.decode())
                self.behaviour(connection, head.decode().split(" ")[1])


def raw(octets: bytes) -> Behaviour:
    return lambda connection, _path: connection.sendall(octets)


def page(body: bytes, *, status: str = "200 OK") -> Behaviour:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n"
    return raw(head.encode() + body)


def redirect(location: str, *, status: str = "302 Found") -> Behaviour:
    head = f"HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    return raw(head.encode("latin-1"))


not_found = page(b"no such file", status="404 Not Found")


def tls_context(folder: Path) -> ssl.SSLContext:
    """A certificate that nobody trusts, of another name, and expired."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "another.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=20))
        .not_valid_after(now - timedelta(days=10))
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
