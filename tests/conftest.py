"""What every test may ask for: a home, a clock, both databases, and the machine's programs."""

from __future__ import annotations

import os
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from camtrust.tables import metadata
from core.database import Database
from tests.compiled_rules import compile_rules_once

if TYPE_CHECKING:
    from camtrust.wiring import Services

# No test fails on a time: a busy machine is no defect.
hypothesis.settings.register_profile("camtrust", deadline=None)
hypothesis.settings.load_profile("camtrust")
compile_rules_once()

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
    """Return the path of a program, or skip with the reason.

    The programs of our own environment are found whether or not it stands in PATH.
    """
    elsewhere = os.pathsep.join([str(Path(sys.executable).parent), "/usr/sbin", "/sbin"])

    def find(program: str) -> str:
        path = shutil.which(program) or shutil.which(program, path=elsewhere)
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


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database with every table, on each of both."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite")
        return
    emptied: EmptiedDatabase = request.getfixturevalue("postgresql_emptied")
    database = Database(emptied.lend())
    yield database
    database.close()
    emptied.take_back()


@pytest.fixture
def sqlite(sqlite_tables: Path, tmp_path: Path) -> Iterator[Database]:
    """As ``database``, on SQLite alone, for tests in which the database is not the matter."""
    path = tmp_path / "camtrust.db"
    shutil.copyfile(sqlite_tables, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def tables_url(database: Database) -> str:
    """Where ``database`` is, for other processes and connections."""
    return database.engine.url.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with every table, to be copied: making them anew takes ten times as long."""
    path = tmp_path_factory.mktemp("tables") / "camtrust.db"
    _make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_emptied() -> Iterator[EmptiedDatabase]:
    """A database with every table, emptied after each test: copying one takes ten times as long."""
    emptied = EmptiedDatabase()
    yield emptied
    emptied.close()


def _make_tables(url: str) -> None:
    database = Database(url)
    with database.begin() as connection:
        metadata.create_all(connection)
    # The last connection to close brings SQLite's write-ahead log into the file.
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


class EmptiedDatabase:
    """A PostgreSQL database that one test after the other has for itself, every table empty."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._url: str | None = None

    def lend(self) -> str:
        """Return its URL; it is made when there is none."""
        if self._url is None:
            self._url = self._open.enter_context(_postgresql_database())
            _make_tables(self._url)
        return self._url

    def take_back(self) -> None:
        """Empty it; one that a test changed so that this fails is dropped."""
        assert self._url is not None
        engine = create_engine(self._url)
        try:
            with engine.begin() as connection:
                _empty(connection)
        except DBAPIError:
            self.close()
        finally:
            engine.dispose()

    def close(self) -> None:
        """Drop it."""
        self._open.close()
        self._url = None


def _empty(connection: Connection) -> None:
    # A process that a test killed may still hold a row.
    connection.execute(
        text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    )
    connection.execute(text("SET LOCAL lock_timeout = '10s'"))
    # Neither foreign keys nor triggers against deleting stand in the way.
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    has_rows = " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in sorted(metadata.tables)
    )
    for name in connection.execute(text(has_rows)).scalars().all():
        connection.execute(text(f"DELETE FROM {name}"))
    used = "SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"
    for name in connection.execute(text(used)).scalars().all():
        connection.execute(text(f"ALTER SEQUENCE {name} RESTART"))


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
