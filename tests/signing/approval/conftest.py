"""Homes of a ministry that circulates documents: made once on SQLite, anew on PostgreSQL."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from camtrust.wiring import Services
from tests.signing.approval.world import ApprovalWorld, Person, write_settings
from tests.signing.conftest import Template, open_copy
from tests.signing.world import MovableClock


@dataclass(frozen=True)
class Populated:
    """A home, and who is in it."""

    home: Path
    people: dict[str, Person]

    def own_people(self) -> dict[str, Person]:
        """The people, with devices that a test may change."""
        return {
            number: replace(one, device=copy.copy(one.device))
            for number, one in self.people.items()
        }


@pytest.fixture(scope="session")
def ministry(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Populated:
    home = tmp_path_factory.mktemp("approval") / "home"
    services = open_copy(
        sqlite_template.home,
        home,
        f"sqlite:///{home / 'camtrust.db'}",
        settings=write_settings,
    )
    with closing(services):
        world = ApprovalWorld(services)
        world.populate()
    return Populated(home, world.people)


@pytest.fixture
def world(ministry: Populated, home: Path) -> Iterator[ApprovalWorld]:
    """The ministry on SQLite."""
    services = open_copy(
        ministry.home, home, f"sqlite:///{home / 'camtrust.db'}", settings=write_settings
    )
    with closing(services):
        yield ApprovalWorld(services, ministry.own_people())


@pytest.fixture
def postgresql_world(initialised_postgresql: Services) -> Iterator[ApprovalWorld]:
    """The ministry on PostgreSQL."""
    url, home = initialised_postgresql.settings.database_url, initialised_postgresql.home
    initialised_postgresql.close()
    write_settings(home, url)
    with closing(Services(home=home, clock=MovableClock())) as services:
        made = ApprovalWorld(services)
        made.populate()
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def either_world(request: pytest.FixtureRequest) -> ApprovalWorld:
    """The ministry on each of both."""
    name = "world" if request.param == "sqlite" else "postgresql_world"
    made: ApprovalWorld = request.getfixturevalue(name)
    return made
