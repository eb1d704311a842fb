"""Connections to addresses that were checked, and to no others."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from core.outgoing.addresses import Address, ReachableAddresses
from core.outgoing.deadline import Deadline
from core.outgoing.errors import NotReached
from core.outgoing.resolver import Resolver
from core.outgoing.target import Target

# A name may have a hundred addresses; a client that is there answers at the first ones.
MOST_ADDRESSES_OF_A_VERSION = 2


class Connector:
    """Resolves a name once, checks the addresses, and connects to one of those it checked.

    Between the check and the connection no name is looked up again, so that a name whose next
    answer is another address (DNS rebinding) gains nothing. ``tls`` says what of a server's
    certificate is checked.
    """

    def __init__(
        self,
        *,
        resolver: Resolver,
        reachable: ReachableAddresses,
        tls: ssl.SSLContext,
        source_addresses: Sequence[Address] = (),
    ) -> None:
        self._resolver = resolver
        self._reachable = reachable
        self._tls = tls
        self._sources = {address.version: str(address) for address in source_addresses}

    @contextmanager
    def connected(self, target: Target, deadline: Deadline) -> Iterator[socket.socket]:
        """Connect to a target, by TLS for https. Raises NotReached, OSError."""
        with self._first_to_answer(target, deadline) as plain:
            if target.scheme == "http":
                yield plain
                return
            plain.settimeout(deadline.remaining())
            with self._tls.wrap_socket(plain, server_hostname=target.host) as encrypted:
                yield encrypted

    def _first_to_answer(self, target: Target, deadline: Deadline) -> socket.socket:
        # RFC 8305 in turn: IPv6 is tried before IPv4, and leaves the others their share of time.
        candidates = self._candidates(target.host, deadline)
        failure: OSError | None = None
        for position, address in enumerate(candidates):
            share = deadline.remaining() / (len(candidates) - position)
            try:
                return self._connect(address, target.port, share)
            except OSError as error:
                failure = error
        said = "no answer in time" if isinstance(failure, TimeoutError) else "refused"
        shown = ", ".join(str(address) for address in candidates)
        raise NotReached(
            "connection",
            f"No connection to {target.host} at {shown}, port {target.port}: {said}.",
        ) from failure

    def _connect(self, address: Address, port: int, seconds: float) -> socket.socket:
        family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            made.settimeout(seconds)
            if source := self._sources.get(address.version):
                made.bind((source, 0))
            made.connect((str(address), port))
        except OSError:
            made.close()
            raise
        return made

    def _candidates(self, host: str, deadline: Deadline) -> list[Address]:
        found = self._resolver.addresses(host, deadline)
        allowed = [address for address in found if self._reachable.allow(address)]
        if not allowed:
            raise NotReached(
                "connection",
                f"{host} has only addresses that are not reached from here: {_shown(found)}.",
            )
        usable = [one for one in allowed if not self._sources or one.version in self._sources]
        if not usable:
            raise NotReached(
                "connection",
                f"{host} has only addresses of an IP version that is not used here: "
                f"{_shown(allowed)}.",
            )
        return [
            address
            for version in (6, 4)
            for address in _of_version(usable, version)[:MOST_ADDRESSES_OF_A_VERSION]
        ]


def _of_version(addresses: Sequence[Address], version: int) -> list[Address]:
    return [address for address in addresses if address.version == version]


def _shown(addresses: Sequence[Address]) -> str:
    shown = ", ".join(str(address) for address in addresses[:4])
    return shown + (" and more" if len(addresses) > 4 else "")
