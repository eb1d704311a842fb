"""The migrations make exactly the tables that the packages declare, on both databases."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

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

BEFORE_PRINCIPALS = [
    *(
        "INSERT INTO officers (id, role, state, enrolled_at, salt) "
        f"VALUES ('{officer}', 'ra-officer', 'active', {NOW}, :der)"
        for officer in ("clerk", "first")
    ),
    "INSERT INTO officer_certificates (authority, serial_number, officer, public_key_sha256, "
    f"bound_at) VALUES ('people-1', :der, 'clerk', :der, {NOW})",
    "INSERT INTO applications (id, applicant, state, profile, holder, facts, csr_der, "
    "public_key_sha256, approvals_needed, approvals, submitted_at, salt, log_index) "
    f"VALUES ('a', 'clerk', 'submitted', 'device', 'h', '{{}}', :der, :der, 2, 1, {NOW}, :der, 1)",
    "INSERT INTO decisions (id, application, applicant, decided_by, verdict, decided_at, salt, "
    f"log_index) VALUES ('d', 'a', 'clerk', 'first', 'approved', {NOW}, :der, 2)",
    "INSERT INTO grants (id, proposed_by, state, protocol, profile, holder, facts, dns_names, "
    "preauthorized, certificates_allowed, certificates_used, expires_at, approvals_needed, "
    "approvals, proposed_at, salt, log_index) VALUES ('g', 'clerk', 'proposed', 'est', 'device', "
    f"'h', '{{}}', '[]', '[]', 1, 0, {NOW}, 1, 0, {NOW}, :der, 3)",
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


def upgrade_with_rows(database: Database, revision: str, statements: list[str]) -> None:
    """Migrate to ``revision``, write the rows, and migrate to the end."""
    from camtrust.schema import _configuration

    with database.rebuild() as connection:
        configuration = _configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, revision)
        for statement in statements:
            connection.execute(text(statement), {"der": b"list"})
    upgrade_schema(database)


def test_crls_of_the_first_version_are_kept_in_parts(empty: Database) -> None:
    upgrade_with_rows(empty, "0001", BEFORE_PARTS)
    with empty.read() as connection:
        parts = connection.execute(text("SELECT number, position, octets FROM crl_parts")).all()
        numbers = connection.scalars(text("SELECT number FROM crls ORDER BY number")).all()
    assert [(row.number, row.position, bytes(row.octets)) for row in parts] == [(2, 0, b"list")]
    assert numbers == [1, 2]
    empty.close()


def test_officers_become_principals_with_all_that_refers_to_them(empty: Database) -> None:
    upgrade_with_rows(empty, "0006", BEFORE_PRINCIPALS)
    with empty.begin() as connection:
        officers = connection.execute(text("SELECT id, person FROM principals ORDER BY id")).all()
        bound = connection.scalars(text("SELECT principal FROM principal_certificates")).all()
        decided = connection.execute(
            text("SELECT applicant_person, decided_by_person FROM decisions")
        ).all()
        proposed = connection.scalars(text("SELECT proposed_by FROM grants")).all()
    assert officers == [("clerk", "clerk"), ("first", "first")]
    assert (bound, decided, proposed) == (["clerk"], [("clerk", "first")], ["clerk"])
    # What referred to officers refers to principals, and is enforced.
    for statement in (
        "DELETE FROM principals WHERE id = 'clerk'",
        "UPDATE grants SET proposed_by = 'nobody'",
    ):
        with pytest.raises(IntegrityError), empty.begin() as connection:
            connection.execute(text(statement))
    empty.close()


def test_a_migration_that_leaves_a_reference_to_nothing_changes_nothing(sqlite: Database) -> None:
    with pytest.raises(RuntimeError, match="1 rows refer"), sqlite.rebuild() as connection:
        connection.execute(
            text(
                "INSERT INTO sessions (token_sha256, principal, method, opened_at, used_at, "
                f"ends_at, shared_computer) VALUES ('t', 'x', 'oidc', {NOW}, {NOW}, {NOW}, 0)"
            )
        )
    with sqlite.read() as connection:
        assert connection.scalars(text("SELECT principal FROM sessions")).all() == []


def test_an_empty_database_is_refused_with_what_to_do(empty: Database) -> None:
    with pytest.raises(SchemaOutdated, match="camtrust init"):
        check_schema(empty)
    empty.close()
