"""Alembic's entry: runs migrations on the connection that camtrust.schema hands over."""

from __future__ import annotations

from alembic import context

from camtrust.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    # SQLite cannot alter most things in place; batch mode copies the table.
    render_as_batch=True,
)
context.run_migrations()
