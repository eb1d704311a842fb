"""The tree in the database: the entries and the one row that every append locks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.transparency.checkpoint import TreeHead
from core.transparency.errors import LogBehindPublication, LogDamaged
from core.transparency.merkle import CompactRange, hash_leaf
from core.transparency.models import log_entries, log_state

# Entries read at once while hashing: a few MB at most.
_READ_BATCH = 4096

_SELECT = select(
    log_state.c.size,
    log_state.c.edge,
    log_state.c.published_size,
    log_state.c.published_edge,
).where(log_state.c.id == 1)
_SELECT_LOCKED = _SELECT.with_for_update()
_UPDATE = (
    update(log_state)
    .where(log_state.c.id == 1)
    .values(
        size=bindparam("new_size"),
        edge=bindparam("new_edge"),
        published_size=bindparam("new_published_size"),
        published_edge=bindparam("new_published_edge"),
    )
)
_INSERT_ENTRY = insert(log_entries)
_SELECT_ENTRIES = (
    select(log_entries.c.entry)
    .where(
        log_entries.c.entry_index >= bindparam("first"),
        log_entries.c.entry_index < bindparam("last"),
    )
    .order_by(log_entries.c.entry_index)
)


@dataclass(frozen=True)
class StoredTree:
    """What the database knows of the tree: its right edge, and that of the published part."""

    edge: CompactRange
    published: CompactRange

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.edge.size

    @property
    def head(self) -> TreeHead:
        """Size and root hash."""
        return TreeHead(self.edge.size, self.edge.root())


def read_tree(connection: Connection) -> StoredTree:
    """Return the tree as this transaction sees it."""
    row = connection.execute(_SELECT).one_or_none()
    return _EMPTY if row is None else _stored(*row)


def lock_tree(connection: Connection) -> StoredTree:
    """Return the tree and hold it until the transaction ends: this is what leaves no gaps.

    SQLite's writers exclude each other already; PostgreSQL locks the one row.
    """
    row = connection.execute(_SELECT_LOCKED).one_or_none()
    if row is None:
        _make_row(connection)
        row = connection.execute(_SELECT_LOCKED).one()
    return _stored(*row)


def append_entries(
    connection: Connection, tree: StoredTree, entries: Sequence[bytes]
) -> StoredTree:
    """Store entries behind the locked ``tree`` and return the tree that results."""
    connection.execute(
        _INSERT_ENTRY,
        [{"entry_index": at, "entry": entry} for at, entry in enumerate(entries, tree.size)],
    )
    grown = replace(tree, edge=tree.edge.extend(map(hash_leaf, entries)))
    connection.execute(
        _UPDATE,
        {
            "new_size": grown.edge.size,
            "new_edge": grown.edge.encode(),
            "new_published_size": grown.published.size,
            "new_published_edge": grown.published.encode(),
        },
    )
    return grown


def read_entries(connection: Connection, start: int, end: int) -> Iterator[bytes]:
    """Yield the entries ``[start, end)`` in order. Raises LogDamaged when one is missing."""
    for first in range(start, end, _READ_BATCH):
        last = min(first + _READ_BATCH, end)
        rows = connection.execute(_SELECT_ENTRIES, {"first": first, "last": last}).scalars()
        count = 0
        for count, entry in enumerate(rows, 1):  # noqa: B007 - counted for the check below
            yield entry
        if count != last - first:
            raise LogDamaged(f"The database lacks log entries between {first} and {last}.")


def check_published(connection: Connection, tree: StoredTree, published: TreeHead) -> StoredTree:
    """Check that the stored tree begins with what was published, and note how far that is.

    Reads only the entries between what was known to be published and ``published``.
    Raises LogBehindPublication.
    """
    if published.size > tree.size:
        raise _behind(tree, published, "is older than")
    edge = _edge_at(connection, tree, published.size)
    if edge.root() != published.root:
        raise _behind(tree, published, "is another than")
    return replace(tree, published=edge)


def _edge_at(connection: Connection, tree: StoredTree, size: int) -> CompactRange:
    if size == tree.size:
        return tree.edge
    # A folder that was itself put back to an older state: begin at the beginning.
    known = tree.published if size >= tree.published.size else CompactRange()
    return known.extend(map(hash_leaf, read_entries(connection, known.size, size)))


def _behind(tree: StoredTree, published: TreeHead, how: str) -> LogBehindPublication:
    return LogBehindPublication(
        f"The database's log {how} the published one: was a backup restored? "
        "Replay the published log (camtrust log catch-up) before anything is issued.",
        kept="The published log is untouched.",
        database_size=tree.size,
        published_size=published.size,
    )


def _make_row(connection: Connection) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(
        dialect.insert(log_state)
        .values(id=1, size=0, edge=b"", published_size=0, published_edge=b"")
        .on_conflict_do_nothing()
    )


def _stored(size: int, edge: bytes, published_size: int, published_edge: bytes) -> StoredTree:
    return StoredTree(
        CompactRange.decode(size, edge), CompactRange.decode(published_size, published_edge)
    )


_EMPTY = StoredTree(CompactRange(), CompactRange())
