"""A responder for a small world, with delegates whose keys are in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from ca.revocation.revocation import Revocation
from ca.revocation.status import StatusDirectory
from core.clock import Clock
from core.database import Database
from hsm.keys import KeyAlgorithm
from ocsp.budget import Budget, Rate, TokenBucket
from ocsp.identities import Identities, holder_of
from ocsp.responder import StatusResponder
from ocsp.restoration import RestorationCheck
from ocsp.settings import OcspSettings
from ocsp.standings import TableStandings
from tests.ca.revocation.world import Keeps, World, make_log


class NoRenewal:
    """Nobody certifies delegates here; counts how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def renew(self, authority: str) -> bool:
        self.asked.append(authority)
        return False


@pytest.fixture
def world(sqlite: Database, tmp_path: Path, clock: Clock) -> World:
    world = World(sqlite, clock, make_log(sqlite, tmp_path / "log", clock))
    world.add_authority("root-1", algorithm=KeyAlgorithm.EC_P384)
    world.add_authority("people-1", parent="root-1")
    world.add_authority("camdx-1", parent="root-1", algorithm=KeyAlgorithm.RSA_3072)
    for authority, algorithm in (
        ("root-1", KeyAlgorithm.EC_P256),
        ("people-1", KeyAlgorithm.EC_P256),
        ("camdx-1", KeyAlgorithm.RSA_3072),
    ):
        add_delegate(world, authority, algorithm)
    return world


def add_delegate(
    world: World, authority: str, algorithm: KeyAlgorithm = KeyAlgorithm.EC_P256, days: int = 14
) -> bytes:
    """Certify a delegate and return its key's id."""
    key = world.keys.add(algorithm)
    world.issue(
        authority,
        profile="ocsp-responder",
        holder=holder_of(authority),
        days=days,
        public_key=key.public_key,
        responder=True,
    )
    return key.key_id


@pytest.fixture
def retention() -> Keeps:
    return Keeps(frozenset({"people-1"}))


@pytest.fixture
def revocation(world: World, retention: Keeps) -> Revocation:
    return Revocation(
        database=world.database, log=world.log, retention=retention, clock=world.clock
    )


@pytest.fixture
def renewal() -> NoRenewal:
    return NoRenewal()


@pytest.fixture
def responder(world: World, retention: Keeps, renewal: NoRenewal) -> StatusResponder:
    return make_responder(world, retention, renewal)


def make_responder(
    world: World,
    retention: Keeps,
    renewal: NoRenewal,
    settings: OcspSettings | None = None,
    signatures: Budget | None = None,
) -> StatusResponder:
    """A responder for the world, with the settings by default or others."""
    settings = settings or OcspSettings()
    statuses = StatusDirectory(database=world.database)

    def monotonic() -> float:
        return world.clock.now().timestamp()

    identities = Identities(
        statuses=statuses,
        keys=world.keys,  # type: ignore[arg-type]
        renewal=renewal,
        clock=world.clock,
        monotonic=monotonic,
    )
    restoration = RestorationCheck(database=world.database, log=world.log, monotonic=monotonic)
    return StatusResponder(
        authorities=world.authorities,
        standings=TableStandings(statuses=statuses, clock=world.clock),
        identities=identities,
        retention=retention,
        restoration=restoration,
        never_issued=TokenBucket(Rate.parse(settings.never_issued_rate), monotonic=monotonic),
        signatures=signatures or TokenBucket(Rate(1_000, 1)),
        settings=settings,
        clock=world.clock,
    )
