"""A world with two authorities, and what changes standings in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ca.revocation.revocation import Revocation
from core.clock import Clock
from core.database import Database
from tests.ca.revocation.world import Keeps, World, make_log


@pytest.fixture
def world(database: Database, tmp_path: Path, clock: Clock) -> World:
    world = World(database, clock, make_log(database, tmp_path / "log", clock))
    world.add_authority("root-1")
    world.add_authority("people-1", parent="root-1")
    return world


@pytest.fixture
def retention() -> Keeps:
    return Keeps(frozenset({"people-1"}))


@pytest.fixture
def revocation(world: World, retention: Keeps) -> Revocation:
    return Revocation(
        database=world.database, log=world.log, retention=retention, clock=world.clock
    )
