"""A world whose authorities issue CRLs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from ca.crl.crls import Crls
from ca.crl.settings import CrlSettings
from ca.revocation.revocation import Revocation
from core.clock import Clock
from core.database import Database
from tests.ca.revocation.world import URLS, Keeps, World, make_log


@pytest.fixture
def world(database: Database, tmp_path: Path, clock: Clock) -> World:
    world = World(database, clock, make_log(database, tmp_path / "log", clock))
    world.add_authority("root-1")
    world.keys.offline.add(world.signers["root-1"].key_id)
    world.add_authority("people-1", parent="root-1")
    world.add_authority("devices-1", parent="root-1", shards=2)
    return world


@pytest.fixture
def retention() -> Keeps:
    return Keeps(frozenset({"people-1"}))


@pytest.fixture
def revocation(world: World, retention: Keeps) -> Revocation:
    return Revocation(
        database=world.database, log=world.log, retention=retention, clock=world.clock
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "public"


@pytest.fixture
def crls(world: World, retention: Keeps, folder: Path) -> Crls:
    return Crls(
        database=world.database,
        log=world.log,
        keys=world.keys,  # type: ignore[arg-type]
        authorities=world.authorities,
        retention=retention,
        urls=URLS,
        settings=CrlSettings(),
        folder=folder,
        clock=world.clock,
    )


@pytest.fixture
def later(world: World) -> Callable[..., None]:
    """Let time pass: ``later(hours=2)``."""
    return lambda **by: world.clock.advance(timedelta(**by))  # type: ignore[attr-defined]
