"""A gate before a server: while it is shut, nobody gets through, and who was through is cut off."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

AT_ONCE = 65_536


class Gate:
    """Hands connections on to ``address`` while it is open."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._open = threading.Event()
        self._open.set()
        self._lock = threading.Lock()
        self._through: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        """Where to knock."""
        port: int = self._listener.getsockname()[1]
        return port

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Let nobody through, and cut everyone off, while the block runs."""
        self._open.clear()
        with self._lock:
            for one in self._through:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
        try:
            yield
        finally:
            self._open.set()

    def close(self) -> None:
        """Close the gate for good."""
        with self.shut():
            self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if not self._open.is_set():
                client.close()
                continue
            try:
                server = socket.create_connection(self._address)
            except OSError:
                client.close()
                continue
            with self._lock:
                self._through |= {client, server}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._hand_on, args=(source, sink), daemon=True).start()

    def _hand_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while octets := source.recv(AT_ONCE):
                sink.sendall(octets)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._through.discard(source)
        source.close()
