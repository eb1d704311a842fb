"""Bring the database to the schema of this version, with Alembic.

The migrations stand in ``camtrust/migrations``: the roof, because one history covers the tables
of every package.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from core.database import Database
from core.errors import Conflict

MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaOutdated(Conflict):
    """The database has another schema than this version of camtrust wants."""

    problem = "schema-outdated"
    title = "The database needs a migration"


def upgrade_schema(database: Database) -> None:
    """Create or migrate the tables; does nothing when they are up to date."""
    with database.rebuild() as connection:
        configuration = _configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")


def check_schema(database: Database) -> None:
    """Refuse a database that is not at this version's schema. Raises SchemaOutdated."""
    with database.read() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    wanted = _newest()
    if found is None:
        raise SchemaOutdated("This home is not initialised yet: run `camtrust init` first.")
    if found != wanted:
        raise SchemaOutdated(
            f"The database is at schema {found}, this version wants {wanted}: "
            "run `camtrust init`, which migrates it and changes nothing else."
        )


@cache
def _newest() -> str | None:
    # Finding it runs every migration's file, and while a process lives they stay what they are.
    return ScriptDirectory.from_config(_configuration()).get_current_head()


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS))
    return configuration
