"""Homes with stored answers and a public listener: signed by the service, or in software."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography import x509

from bench.issuance.homes import Home, measured_home
from bench.ocsp.comparison import OCTETS, P99, SIGNATURES, Comparison
from bench.ocsp.homes import facts_of
from bench.ocsp.in_software import fill_in_software
from bench.ocsp.ours import front_command, front_environment
from bench.ocsp.questions import Message, Question, plain_questions
from bench.ocsp.servers import Server, free_port
from bench.ocsp.software import SoftwareAuthority
from bench.ocsp.subjects import Asked, running
from bench.results import Row
from bench.subject import Subject
from ocsp.stored.compaction import compact
from ocsp.stored.generations import hold_folder
from ocsp.stored.heartbeat import write_heartbeat
from ocsp.stored.lmdb_store import LmdbAnswerStore
from ocsp.stored.settings import AnswerSettings

FRONT, PRESIGN = "ocsp.front", "ocsp.presign"
# More would take hours to issue and to sign by one token.
MOST_SIGNED_BY_SERVICE = 1_000_000
# Live answers go by the store while the heartbeat is ten seconds old at most.
_FOLLOW_EVERY_SECONDS = 2.0


@dataclass
class World:
    """A home with ``stored`` answers. ``follow`` writes the heartbeat."""

    comparison: Comparison
    home: Home
    stored: int
    issuer: x509.Certificate
    serial_numbers: Sequence[int]
    octets_stored: float
    follow: Callable[[], object]
    presigned: float | None = None
    _followed: float = float("-inf")

    @cached_property
    def questions(self) -> list[Question]:
        """Plain questions about its certificates, by SHA-1 and by SHA-256."""
        return list(plain_questions(self.issuer, self.serial_numbers))

    @cached_property
    def port(self) -> int:
        """Where its public listener listens."""
        return free_port()

    @cached_property
    def front(self) -> Server:
        """Its public listener, which is started when it is first asked for."""
        self.keep_fresh()
        return self.comparison.server(
            f"front-{self.stored}",
            front_command(self.home, self.port),
            self.port,
            **front_environment(self.home),
        )

    def keep_fresh(self) -> None:
        """Keep the heartbeat fresh, as the signer of ``camtrust serve`` does every second."""
        if time.monotonic() - self._followed > _FOLLOW_EVERY_SECONDS:
            self.follow()
            self._followed = time.monotonic()

    def add_front(self, name: str, message: Message) -> None:
        """Add a row of plain questions to the public listener."""
        self.add(name, [self.front], self.port, self.questions, message)

    def add(
        self,
        name: str,
        servers: Sequence[Server],
        port: int,
        questions: Sequence[Question],
        message: Message,
        connections: int | None = None,
    ) -> Asked:
        """Add a row of questions to servers of this home."""
        return self.comparison.add_status(
            name,
            running(*servers),
            port,
            issuer=self.issuer,
            questions=questions,
            message=message,
            connections=connections,
            prepare=self.keep_fresh,
        )

    def rows(self) -> Iterator[Row]:
        """Return what the rounds left behind: latency, and what is stored and kept in memory."""
        suffix = "" if self.stored == self.comparison.scale.few else f".{self.stored}"
        yield Row(f"{FRONT}.p99.{self.stored}", self.comparison.p99(f"{FRONT}.get{suffix}"), P99)
        yield Row(f"ocsp.stored.octets.{self.stored}", self.octets_stored, OCTETS)
        private = self.front.private_octets() / 1e6
        yield Row(f"ocsp.worker.rss-anon.{self.stored}", private, "MB")
        if suffix and self.presigned is not None:
            yield Row(f"{PRESIGN}{suffix}", self.presigned, SIGNATURES)


def signed_by_service(comparison: Comparison, folder: Path, stored: int) -> World:
    """Make a home of ``stored`` certificates whose answers the service's own walker signs.

    Raises HomeNotMade and SubjectFailed.
    """
    home = comparison.stack.enter_context(measured_home(folder, stored=stored, database_url=None))
    signer = start_signer(comparison, home)
    signer.ask(act="begin-anew")
    signed = signer.ask(act="sign")
    compacted = signer.ask(act="compact")
    facts = facts_of(home, most=comparison.scale.asked)
    return World(
        comparison,
        home,
        stored,
        issuer=facts.issuer,
        serial_numbers=facts.serial_numbers,
        octets_stored=compacted["octets_after"] / compacted["records"],
        follow=lambda: signer.ask(act="follow"),
        presigned=signed["count"] / signed["cpu_seconds"],
    )


def signed_in_software(comparison: Comparison, folder: Path, stored: int) -> World:
    """Make a home with ``stored`` answers of an authority in software. Raises HomeNotMade."""
    home = comparison.stack.enter_context(measured_home(folder, stored=0, database_url=None))
    settings = AnswerSettings()
    place = home.folder / settings.folder
    store = LmdbAnswerStore(place, map_octets=settings.map_octets)
    comparison.stack.callback(store.close)
    authority = SoftwareAuthority.with_certificates(0)
    sampled = fill_in_software(store, authority, stored)
    compacted = compact(hold_folder(place, map_octets=settings.map_octets))
    return World(
        comparison,
        home,
        stored,
        issuer=authority.issuer,
        serial_numbers=random.sample(sampled, min(len(sampled), comparison.scale.asked)),
        octets_stored=compacted.octets_per_record,
        follow=lambda: write_heartbeat(store, time.time()),
    )


def start_signer(comparison: Comparison, home: Home, **settings: str) -> Subject:
    """Start what signs ahead, on the servers' core; it ends with the benchmark."""
    return comparison.stack.enter_context(
        Subject(
            [sys.executable, "-m", "bench.ocsp.signing_ahead"],
            configuration={"home": str(home.folder), "core": comparison.cores.server},
            environment={**home.environment, **settings},
            log=comparison.folder / "signers.log",
        )
    )
