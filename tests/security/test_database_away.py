"""A database that goes away under a running process: refuse, say so, lose nothing, heal."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from camtrust.wiring import Services
from core.database import Database, DatabaseUnavailable

Ask = Callable[..., Any]


@pytest.fixture
def written(tmp_path: Path) -> tuple[Database, Path]:
    """A database with a table of one row, and where its file is."""
    path = tmp_path / "some.db"
    database = Database(f"sqlite:///{path}")
    with database.begin() as connection:
        connection.execute(text("CREATE TABLE words (word TEXT)"))
        connection.execute(text("INSERT INTO words VALUES ('kept')"))
    return database, path


def words(database: Database) -> list[str]:
    with database.read() as connection:
        return [str(row.word) for row in connection.execute(text("SELECT word FROM words"))]


def test_a_file_that_is_gone_is_a_database_that_is_away(
    written: tuple[Database, Path],
) -> None:
    # SQLite would go on in the deleted file, and what it commits would end with the process.
    database, path = written
    aside = path.with_name("aside.db")
    path.rename(aside)
    for _try in range(2):
        assert not database.is_reachable()
        with pytest.raises(DatabaseUnavailable), database.begin():
            raise AssertionError("nothing is written")
    assert not path.exists()
    aside.rename(path)
    assert words(database) == ["kept"]


def test_a_file_that_was_replaced_is_read_anew(written: tuple[Database, Path]) -> None:
    database, path = written
    database.close()
    backup = path.with_name("backup.db")
    shutil.copy(path, backup)
    with database.begin() as connection:
        connection.execute(text("INSERT INTO words VALUES ('after the backup')"))
    assert len(words(database)) == 2
    # As the runbook of a restore has it: the write-ahead log belongs to the old file.
    with database.read() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    backup.rename(path)
    assert words(database) == ["kept"]


def test_nothing_is_issued_while_the_file_is_gone(initialised_sqlite: Services, ask: Ask) -> None:
    services = initialised_sqlite
    services.issuance.issue(ask("sensor-1"))
    before = services.log.sizes()
    files = list(services.home.glob("camtrust.db*"))
    for one in files:
        one.rename(one.with_name(f"aside-{one.name}"))
    with pytest.raises(DatabaseUnavailable):
        services.issuance.issue(ask("sensor-2"))
    for one in files:
        one.with_name(f"aside-{one.name}").rename(one)
    assert services.log.sizes() == before
    assert services.issuance.issue(ask("sensor-2")).serial_number


def test_nothing_is_issued_while_postgresql_refuses_connections(
    initialised_postgresql: Services, ask: Ask
) -> None:
    services = initialised_postgresql
    services.issuance.issue(ask("sensor-1"))
    url = make_url(services.settings.database_url)
    admin = Database(url.set(database="postgres").render_as_string(hide_password=False))
    name = str(url.database)

    def allow(allowed: bool) -> None:
        with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {allowed}'))
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
                ),
                {"name": name},
            )

    allow(False)
    try:
        assert not services.database.is_reachable()
        with pytest.raises(DatabaseUnavailable):
            services.issuance.issue(ask("sensor-2"))
    finally:
        allow(True)
        admin.close()
    assert services.issuance.issue(ask("sensor-2")).serial_number


def test_a_writer_that_waits_too_long_is_told_that_the_database_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.database.BUSY_TIMEOUT_SECONDS", 0)
    database = Database(f"sqlite:///{tmp_path / 'camtrust.db'}")
    with database.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE kept (number INTEGER)")
    with database.begin():
        with pytest.raises(DatabaseUnavailable), database.begin():
            pass
        with database.read() as connection:
            assert connection.exec_driver_sql("SELECT * FROM kept").all() == []
    with database.begin() as connection:
        connection.exec_driver_sql("INSERT INTO kept VALUES (1)")
    database.close()
