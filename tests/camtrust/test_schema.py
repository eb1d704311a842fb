"""The migrations make exactly the tables that the packages declare, on both databases."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from camtrust.schema import SchemaOutdated, check_schema, upgrade_schema
from camtrust.tables import metadata
from core.database import Database

NOW = "'2026-11-23 08:00:00'"
BEFORE_PARTS = [
    "INSERT INTO authorities (name, role, subject_der, key_id, state, crl_shards, created_at) "
    f"VALUES ('root-1', 'root', :der, :der, 'active', 1, {NOW})",
    "INSERT INTO crls (authority, shard, number, this_update, next_update, entries, sha256, "
    f"crl_der) VALUES ('root-1', 0, 1, {NOW}, {NOW}, 0, :der, NULL)",
    "INSERT INTO crls (authority, shard, number, this_update, next_update, entries, sha256, "
    f"crl_der) VALUES ('root-1', 0, 2, {NOW}, {NOW}, 0, :der, :der)",
]


@pytest.fixture
def empty(database_url: str) -> Database:
    return Database(database_url)


def test_the_migrations_make_what_the_packages_declare(empty: Database) -> None:
    upgrade_schema(empty)
    with empty.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    empty.close()


def test_migrating_twice_changes_nothing(empty: Database) -> None:
    upgrade_schema(empty)
    upgrade_schema(empty)
    check_schema(empty)
    empty.close()


def test_crls_of_the_first_version_are_kept_in_parts(empty: Database) -> None:
    from camtrust.schema import _configuration

    with empty.begin() as connection:
        configuration = _configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "0001")
        for statement in BEFORE_PARTS:
            connection.execute(text(statement), {"der": b"list"})
    upgrade_schema(empty)
    with empty.read() as connection:
        parts = connection.execute(text("SELECT number, position, octets FROM crl_parts")).all()
        numbers = connection.scalars(text("SELECT number FROM crls ORDER BY number")).all()
    assert [(row.number, row.position, bytes(row.octets)) for row in parts] == [(2, 0, b"list")]
    assert numbers == [1, 2]
    empty.close()


def test_an_empty_database_is_refused_with_what_to_do(empty: Database) -> None:
    with pytest.raises(SchemaOutdated, match="camtrust init"):
        check_schema(empty)
    empty.close()
