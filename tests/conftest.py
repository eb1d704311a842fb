"""What every test may ask for: a home, a clock, both databases, and the machine's programs."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from core.database import Database, metadata

if TYPE_CHECKING:
    from camtrust.wiring import Services

POSTGRESQL = os.environ.get("TEST_POSTGRESQL_URL", "postgresql+psycopg://postgres@127.0.0.1:5432")


class SettableClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant

    def advance(self, by: timedelta) -> None:
        self.instant += by


def lacks(reason: str) -> None:
    """Skip, or fail where everything has to be there."""
    if os.environ.get("CAMTRUST_REQUIRE_SERVICES") == "1":
        pytest.fail(f"required here, but missing: {reason}")
    pytest.skip(reason)


@pytest.fixture
def require() -> Callable[[str], str]:
    """Return the path of a program, or skip with the reason."""

    def find(program: str) -> str:
        path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
        if path is None:
            lacks(f"the program {program} is not installed")
        assert path is not None
        return path

    return find


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'camtrust.db'}"


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """A fresh PostgreSQL database, dropped afterwards."""
    with _postgresql_database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database with every table that the imported packages declare."""
    database = Database(database_url)
    metadata.create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    """As ``database``, on SQLite alone, for tests in which the database is not the matter."""
    database = Database(sqlite_url)
    metadata.create_all(database.engine)
    yield database
    database.close()


@dataclass(frozen=True)
class Template:
    """A home that `camtrust init` made once, to be copied: making RSA keys takes seconds."""

    home: Path
    database_url: str


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    home = tmp_path_factory.mktemp("template") / "home"
    return _found(home, f"sqlite:///{home / 'camtrust.db'}")


@pytest.fixture(scope="session")
def postgresql_template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    with _postgresql_database() as url:
        yield _found(tmp_path_factory.mktemp("template") / "home", url)


def _found(home: Path, database_url: str) -> Template:
    from camtrust.founding import found
    from camtrust.wiring import Services

    _write_settings(home, database_url)
    services = Services(home=home)
    try:
        for _line in found(services):
            pass
    finally:
        services.close()
    return Template(home, database_url)


def _write_settings(home: Path, database_url: str) -> None:
    home.mkdir(exist_ok=True)
    (home / "camtrust.toml").write_text(f'[database]\nurl = "{database_url}"\n')


@contextmanager
def _postgresql_database(template: str | None = None) -> Iterator[str]:
    name = f"camtrust_test_{uuid.uuid4().hex[:12]}"
    admin = create_engine(f"{POSTGRESQL}/postgres", isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            origin = "" if template is None else f" TEMPLATE {template.rsplit('/', 1)[1]}"
            connection.execute(text(f"CREATE DATABASE {name}{origin}"))
    except OperationalError:
        lacks("no PostgreSQL answers at TEST_POSTGRESQL_URL or 127.0.0.1:5432")
    try:
        yield f"{POSTGRESQL}/{name}"
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.fixture
def initialised_sqlite(sqlite_template: Template, home: Path) -> Iterator[Services]:
    """A founded home of this test's own, on SQLite."""
    yield from _copied(sqlite_template, home, f"sqlite:///{home / 'camtrust.db'}")


@pytest.fixture
def initialised_postgresql(postgresql_template: Template, home: Path) -> Iterator[Services]:
    """A founded home of this test's own, on PostgreSQL."""
    with _postgresql_database(postgresql_template.database_url) as url:
        yield from _copied(postgresql_template, home, url)


@pytest.fixture(params=["sqlite", "postgresql"])
def initialised(request: pytest.FixtureRequest) -> Services:
    """A founded home of this test's own, on each database."""
    services: Services = request.getfixturevalue(f"initialised_{request.param}")
    return services


def _copied(template: Template, home: Path, database_url: str) -> Iterator[Services]:
    from camtrust.wiring import Services
    from hsm.softhsm import provision

    shutil.copytree(template.home, home, dirs_exist_ok=True)
    _write_settings(home, database_url)
    provision(home)  # Its configuration names the folder that the tokens are in now.
    services = Services(home=home)
    yield services
    services.close()
