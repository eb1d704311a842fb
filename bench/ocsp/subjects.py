"""A subject of the comparison: servers, what is asked of them, and what they used to answer it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from bench.ocsp.load import Expected, Load, LoadNotMade
from bench.ocsp.servers import Server

# Starts servers that do not outlive a round.
StartServers = Callable[[], AbstractContextManager[Sequence[Server]]]

# Signatures and CertIDs differ by an octet or two, which evens out; a nonce that was not echoed
# is 4 % of an answer's octets on the wire.
_TOLERANCE = 0.995


@dataclass
class Asked:
    """Servers under one load. ``prepare`` is done before each round and not measured."""

    servers: StartServers
    load: Load
    seconds: int
    prepare: Callable[[], object] = lambda: None
    p99: list[float] = field(default_factory=list)
    _least_octets: float = 0.0

    def check(self, expected: Expected) -> None:
        """Have each answer of a run looked at, and remember their size. Raises LoadNotMade."""
        self.prepare()
        with self.servers():
            checked = self.load.check(expected)
        self._least_octets = _TOLERANCE * checked.octets / checked.requests

    def measure(self) -> float:
        """Return the answers for each CPU-second of all servers together. Raises LoadNotMade."""
        self.prepare()
        with self.servers() as servers:
            before = _cpu_seconds(servers)
            loaded = self.load.run(self.seconds)
            used = _cpu_seconds(servers) - before
        if loaded.octets < loaded.requests * self._least_octets:
            raise LoadNotMade(
                f"{loaded.requests} answers had {loaded.octets} octets, less than those checked."
            )
        self.p99.append(loaded.p99)
        return loaded.requests / used


def running(*servers: Server) -> StartServers:
    """Return servers that run already and go on running."""
    return lambda: nullcontext(servers)


def _cpu_seconds(servers: Sequence[Server]) -> float:
    return sum(server.cpu_seconds() for server in servers)
