"""The tables of the transparency log. Only ``core.transparency`` reads or writes them."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Integer, LargeBinary, Table

from core.columns import BigIdentity
from core.database import metadata

# Every entry, in the order of the tree: indexes begin at 0 and have no gap.
log_entries = Table(
    "log_entries",
    metadata,
    Column("entry_index", BigIdentity, primary_key=True, autoincrement=False),
    Column("entry", LargeBinary, nullable=False),
)

# One row, locked by whoever appends: the right edge of the tree (a CompactRange), and that of
# the part which is known to be published, so that a publication can be checked to begin this
# tree by reading only what is new.
log_state = Table(
    "log_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigIdentity, nullable=False),
    Column("edge", LargeBinary, nullable=False),
    Column("published_size", BigIdentity, nullable=False),
    Column("published_edge", LargeBinary, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
    CheckConstraint("published_size <= size", name="published_is_part"),
)
