"""A DNS server on loopback that answers as a recursive resolver would, from what a test sets.

Names live in memory; aliases are followed within the answer; what does not fit into a datagram
is sent truncated, and whole over TCP. ``queries`` remembers what was asked, in order.
"""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections import defaultdict
from pathlib import Path
from types import TracebackType

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

Key = tuple[str, str]
MOST_ALIASES = 20


class DnsServer:
    """Serves on UDP and TCP at one loopback port. Use it with ``with``."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.queries: list[Key] = []
        self._records: dict[Key, list[list[str]]] = {}
        self._turns: dict[Key, int] = defaultdict(int)
        self._rcodes: dict[Key, dns.rcode.Rcode] = {}
        self._silent: set[Key] = set()
        self._whole_chain = True
        self._zone: Path | None = None
        self._udp, self._tcp = _listen(address, self)
        self.port: int = self._udp.server_address[1]
        self.resolver = f"{address}:{self.port}"

    def __enter__(self) -> DnsServer:
        for server in (self._udp, self._tcp):
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for server in (self._udp, self._tcp):
            server.shutdown()
            server.server_close()

    # What the world looks like.

    def set_a(self, name: str, *addresses: str) -> None:
        self._set(name, "A", list(addresses))

    def set_aaaa(self, name: str, *addresses: str) -> None:
        self._set(name, "AAAA", list(addresses))

    def set_a_in_turn(self, name: str, *answers: str) -> None:
        """One address at each question, the last one from then on: a name that rebinds."""
        self._set(name, "A", *[[one] for one in answers])

    def set_txt(self, name: str, *values: str) -> None:
        """Values longer than 255 octets are cut into strings."""
        cut = [[one[i : i + 255] for i in range(0, len(one), 255)] or [""] for one in values]
        self._set(name, "TXT", [" ".join(f'"{part}"' for part in one) for one in cut])

    def read_txt_from(self, zone: Path) -> None:
        """Answer TXT also from the lines of a file of the asked name, for others' hooks."""
        self._zone = zone

    def set_caa(self, name: str, *properties: tuple[int, str, str]) -> None:
        """Each property is its flags, its tag and its value."""
        self._set(name, "CAA", [f'{flags} {tag} "{value}"' for flags, tag, value in properties])

    def set_cname(self, name: str, target: str) -> None:
        self._set(name, "CNAME", [f"{target}."])

    def remove(self, name: str, kind: str) -> None:
        self._records.pop((name, kind), None)

    def servfail(self, name: str, kind: str) -> None:
        self._rcodes[name, kind] = dns.rcode.SERVFAIL

    def timeouts(self, name: str, kind: str) -> None:
        """Never answer this question."""
        self._silent.add((name, kind))

    def hand_over_aliases_one_by_one(self) -> None:
        """Answer with one alias instead of the whole chain, as some forwarders do."""
        self._whole_chain = False

    # What is answered.

    def answer(self, octets: bytes, *, largest: int) -> bytes | None:
        query = dns.message.from_wire(octets)
        question = query.question[0]
        name, kind = _text(question.name), dns.rdatatype.to_text(question.rdtype)
        self.queries.append((name, kind))
        if self._zone is not None and kind == "TXT" and (self._zone / name).is_file():
            self.set_txt(name, *(self._zone / name).read_text().split())
        if (name, kind) in self._silent:
            return None
        response = dns.message.make_response(query, recursion_available=True)
        self._fill(response, name, kind)
        whole = response.to_wire(max_size=65_535)
        if len(whole) <= largest:
            return whole
        short = dns.message.make_response(query, recursion_available=True)
        short.flags |= dns.flags.TC
        return short.to_wire()

    def _fill(self, response: dns.message.Message, name: str, kind: str) -> None:
        for _ in range(MOST_ALIASES):
            if (name, kind) in self._rcodes:
                response.set_rcode(self._rcodes[name, kind])
                response.answer.clear()
                return
            if self._add(response, name, kind):
                return
            target = self._records.get((name, "CNAME"))
            if target is None:
                if not self._exists(name):
                    response.set_rcode(dns.rcode.NXDOMAIN)
                return
            self._add(response, name, "CNAME")
            name = target[0][0].rstrip(".")
            if not self._whole_chain:
                return

    def _add(self, response: dns.message.Message, name: str, kind: str) -> bool:
        answers = self._records.get((name, kind))
        if answers is None:
            return False
        turn = self._turns[name, kind]
        self._turns[name, kind] += 1
        values = answers[min(turn, len(answers) - 1)]
        found = dns.rrset.from_text_list(f"{name}.", 1, "IN", kind, values)
        if found not in response.answer:
            response.answer.append(found)
        return True

    def _exists(self, name: str) -> bool:
        return any(one == name or one.endswith(f".{name}") for one, _ in self._records)

    def _set(self, name: str, kind: str, *answers: list[str]) -> None:
        self._records[name, kind] = list(answers)
        self._turns.pop((name, kind), None)


class _Udp(socketserver.ThreadingUDPServer):
    daemon_threads = True
    block_on_close = False
    dns: DnsServer


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    dns: DnsServer


class _UdpQuestion(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        octets, connection = self.request
        payload = max(512, dns.message.from_wire(octets).payload)
        response = self.server.dns.answer(octets, largest=payload)  # type: ignore[attr-defined]
        if response is not None:
            connection.sendto(response, self.client_address)


class _TcpQuestion(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        (length,) = struct.unpack("!H", self.rfile.read(2))
        octets = self.rfile.read(length)
        response = self.server.dns.answer(octets, largest=65_535)  # type: ignore[attr-defined]
        if response is not None:
            self.wfile.write(struct.pack("!H", len(response)) + response)


def _listen(address: str, server: DnsServer) -> tuple[_Udp, _Tcp]:
    # The port that UDP was given may be taken for TCP: then another one.
    for _ in range(20):
        udp = _Udp((address, 0), _UdpQuestion)
        try:
            tcp = _Tcp((address, udp.server_address[1]), _TcpQuestion)
        except OSError:
            udp.server_close()
            continue
        udp.dns = tcp.dns = server
        return udp, tcp
    raise OSError("no port is free for both UDP and TCP")


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


def free_port(address: str = "127.0.0.1") -> int:
    """Return a TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port
