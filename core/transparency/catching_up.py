"""Bringing a database forward that an old backup was restored into.

Whatever was handed out had been published before, so the published log knows what the backup
does not: serial numbers used, certificates issued and revoked. It is replayed entry by entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice

from sqlalchemy import Connection

from core.errors import Malformed
from core.transparency.entry import LogEntry
from core.transparency.errors import LogBehindPublication, LogDamaged, NotProven
from core.transparency.merkle_proofs import consistency_proof, verify_consistency
from core.transparency.published_tree import PublishedTree
from core.transparency.tree_store import StoredTree, append_entries, check_published, lock_tree

# Entries replayed in one transaction.
BATCH = 500

# Gives an adopted entry its effect on the caller's tables, in the same transaction.
Apply = Callable[[Connection, int, LogEntry], None]


def adopt_batch(connection: Connection, tree: PublishedTree, apply: Apply) -> int:
    """Adopt up to :data:`BATCH` entries that are published and not stored; return how many.

    Zero: the database has caught up. Raises LogBehindPublication when the stored log is another
    than the published one, LogDamaged when a published file is not what was signed.
    """
    stored = lock_tree(connection)
    if stored.size >= tree.head.size:
        check_published(connection, stored, tree.head)
        return 0
    _check_begins(stored, tree)
    batch = [(index, octets) for index, octets in islice(tree.entries(stored.size), BATCH)]
    # What is stored was just shown to be published too.
    known = replace(stored, published=stored.edge)
    append_entries(connection, known, [octets for _, octets in batch])
    for index, octets in batch:
        apply(connection, index, decode_published(index, octets))
    return len(batch)


def decode_published(index: int, octets: bytes) -> LogEntry:
    """Read a published entry. Raises LogDamaged when it is none of camtrust's."""
    try:
        return LogEntry.decode(octets)
    except Malformed as error:
        raise LogDamaged(f"The published entry {index} cannot be read: {error.detail}") from error


def _check_begins(stored: StoredTree, tree: PublishedTree) -> None:
    proof = consistency_proof(tree, stored.size, tree.head.size)
    try:
        verify_consistency(stored.size, stored.edge.root(), tree.head.size, tree.head.root, proof)
    except NotProven as error:
        raise LogBehindPublication(
            "The database's log is not the beginning of the published one: it cannot catch up. "
            "Restore a backup of this log.",
            kept="Neither was changed.",
            database_size=stored.size,
            published_size=tree.head.size,
        ) from error
