"""Homes with signing keys: made once on SQLite and copied, anew on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from camtrust.wiring import Services
from hsm.softhsm import provision
from signing.credentials.credential import Credential
from tests.enrollment.passkeys.authenticator import Authenticator
from tests.signing.world import MovableClock, SigningWorld, write_settings


class Template(Protocol):
    """A founded home to copy (tests/conftest.py)."""

    @property
    def home(self) -> Path: ...


@dataclass(frozen=True)
class Populated:
    """A home with keys in it, and what its people hold."""

    home: Path
    device: Authenticator
    person: Credential
    seal: Credential


@pytest.fixture(scope="session")
def populated(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Populated:
    home = tmp_path_factory.mktemp("signing") / "home"
    services = open_copy(sqlite_template.home, home, f"sqlite:///{home / 'camtrust.db'}")
    world = SigningWorld(services)
    world.populate()
    services.close()
    return Populated(home, world.device, world.person, world.seal)


@pytest.fixture
def world(populated: Populated, home: Path) -> Iterator[SigningWorld]:
    """Keys on SQLite."""
    services = open_copy(populated.home, home, f"sqlite:///{home / 'camtrust.db'}")
    made = SigningWorld(services, populated.device)
    made.person, made.seal = populated.person, populated.seal
    yield made
    services.close()


@pytest.fixture
def postgresql_world(initialised_postgresql: Services) -> Iterator[SigningWorld]:
    """Keys on PostgreSQL."""
    url, home = initialised_postgresql.settings.database_url, initialised_postgresql.home
    initialised_postgresql.close()
    write_settings(home, url)
    with closing(Services(home=home, clock=MovableClock())) as services:
        made = SigningWorld(services)
        made.populate()
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def either_world(request: pytest.FixtureRequest) -> SigningWorld:
    """Keys on each of both."""
    name = "world" if request.param == "sqlite" else "postgresql_world"
    made: SigningWorld = request.getfixturevalue(name)
    return made


def open_copy(
    template: Path,
    home: Path,
    database_url: str,
    *,
    settings: Callable[[Path, str], None] = write_settings,
) -> Services:
    """Copy a home and open it with the settings that ``settings`` writes."""
    shutil.copytree(template, home, dirs_exist_ok=True)
    settings(home, database_url)
    provision(home)  # Its configuration names the folder that the tokens are in now.
    return Services(home=home, clock=MovableClock())
