"""DNS questions, asked of given resolvers within a deadline, answered or refused.

An answer of no records is an answer; every other thing that is not an answer (SERVFAIL, which
is also what a forged name gets from a resolver that validates DNSSEC, a time-out, a chain of
aliases without end) is a refusal: nothing is concluded from silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address, ip_address

import dns.exception
import dns.name
import dns.nameserver
import dns.rdata
import dns.rdatatype
import dns.resolver

from core.outgoing.addresses import Address
from core.outgoing.deadline import Deadline
from core.outgoing.errors import NotReached

DNS_PORT = 53
# A recursive resolver follows aliases itself; a forwarder may hand over a part of the chain.
MOST_ALIASES = 8
# RFC 9715, Section 3: what crosses every path unfragmented; a longer answer comes over TCP.
UDP_PAYLOAD_OCTETS = 1_232


class _EndlessAliases(Exception):  # noqa: N818 - never leaves this module
    pass


def parse_resolver(text: str) -> tuple[str, int]:
    """Read ``192.0.2.1``, ``192.0.2.1:53`` or ``[2001:db8::1]:53``. Raises ValueError."""
    host, port = text, str(DNS_PORT)
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError("expected an address and a port, as in [2001:db8::1]:53")
        port = rest[1:] or port
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65_536):
        raise ValueError("the port of a resolver is a number from 1 to 65535")
    return str(ip_address(host)), int(port)


class Resolver:
    """Looks names up at some resolvers, leaving from some addresses."""

    def __init__(
        self, *, resolvers: Sequence[str], source_addresses: Sequence[Address] = ()
    ) -> None:
        self._resolvers = [parse_resolver(one) for one in resolvers]
        self._sources = {address.version: str(address) for address in source_addresses}

    def records(self, name: str, kind: str, deadline: Deadline) -> list[dns.rdata.Rdata] | None:
        """Return the records of a name, aliases followed; None when there is no such name.

        Raises NotReached (``dns``).
        """
        try:
            return self._chase(dns.name.from_text(name), dns.rdatatype.from_text(kind), deadline)
        except (dns.resolver.LifetimeTimeout, TimeoutError) as error:
            raise self._failed(name, kind, "no answer came in time") from error
        except dns.resolver.NoResolverConfiguration as error:
            raise self._failed(name, kind, "no resolver is configured here") from error
        except dns.resolver.NoNameservers as error:
            raise self._failed(name, kind, _reason(error)) from error
        except (dns.exception.DNSException, _EndlessAliases, OSError) as error:
            raise self._failed(name, kind, "no usable answer came") from error

    def addresses(self, name: str, deadline: Deadline) -> list[Address]:
        """Return the addresses of a host, IPv6 before IPv4. Raises NotReached (``dns``).

        Either kind may fail as long as the other one gives an address.
        """
        found: list[Address] = []
        failures: list[NotReached] = []
        for kind, read in (("AAAA", IPv6Address), ("A", IPv4Address)):
            try:
                records = self.records(name, kind, deadline) or []
            except NotReached as error:
                failures.append(error)
                continue
            found += [read(str(record)) for record in records]
        if not found and failures:
            raise failures[0]
        if not found:
            raise NotReached("dns", f"{name} has no A or AAAA record.", name=name)
        return found

    def _chase(
        self, name: dns.name.Name, kind: dns.rdatatype.RdataType, deadline: Deadline
    ) -> list[dns.rdata.Rdata] | None:
        for _ in range(MOST_ALIASES):
            try:
                answer = self._ask(name, kind, deadline)
            except dns.resolver.NXDOMAIN:
                return None
            if answer.rrset is not None:
                return list(answer.rrset)
            if answer.canonical_name == name:
                return []
            name = answer.canonical_name
        raise _EndlessAliases

    def _ask(
        self, name: dns.name.Name, kind: dns.rdatatype.RdataType, deadline: Deadline
    ) -> dns.resolver.Answer:
        return self._stub.resolve(
            name,
            kind,
            source=self._source,
            raise_on_no_answer=False,
            lifetime=deadline.remaining(),
            search=False,
        )

    @cached_property
    def _stub(self) -> dns.resolver.Resolver:
        stub = dns.resolver.Resolver(configure=not self._resolvers)
        if self._resolvers:
            stub.nameservers = [dns.nameserver.Do53Nameserver(*one) for one in self._resolvers]
        # No cache: a client that has just mended its zone asks again at once.
        stub.cache = None
        stub.use_edns(0, 0, UDP_PAYLOAD_OCTETS)
        return stub

    @cached_property
    def _source(self) -> str | None:
        if not self._sources or not self._resolvers:
            return None
        return self._sources.get(6 if ":" in self._resolvers[0][0] else 4)

    def _failed(self, name: str, kind: str, reason: str) -> NotReached:
        detail = f"The look-up of {kind} records of {name} failed: {reason}."
        return NotReached("dns", detail, name=name)


def _reason(error: dns.resolver.NoNameservers) -> str:
    """Say which codes the resolvers answered with, in DNS's own words."""
    errors = error.kwargs.get("errors", [])
    codes = sorted({str(one[3]) for one in errors if isinstance(one[3], str)})
    return f"the resolver answered {' and '.join(codes)}" if codes else "no usable answer came"
