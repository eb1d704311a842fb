from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from core.access import Role
from core.database import Database
from tests.enrollment.world import Caller, World, officers_client


@pytest.fixture
def world(sqlite: Database, tmp_path: Path, clock: Any) -> World:
    return World(sqlite, tmp_path, clock)


@pytest.fixture
def either_world(database: Database, tmp_path: Path, clock: Any) -> World:
    """As ``world``, on SQLite and on PostgreSQL."""
    return World(database, tmp_path, clock)


@pytest.fixture
def client(world: World) -> FlaskClient:
    return officers_client(world)


@pytest.fixture
def caller(world: World, client: FlaskClient) -> Callable[..., Caller]:
    """Enrol somebody and return who sends requests as them."""

    def make(officer_id: str, role: Role = Role.RA_OFFICER) -> Caller:
        world.enroll(officer_id, role)
        return Caller(client, world.held[officer_id])

    return make
