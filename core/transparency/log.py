"""The transparency log: what the rest of camtrust appends to, publishes and proves from.

``append`` runs inside the caller's transaction, so an act and its entry are committed together
or not at all. ``publish`` then makes the committed entries public, under a signed checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial

from sqlalchemy import Connection

from core.clock import Clock
from core.database import Database
from core.transparency.catching_up import Apply, adopt_batch, decode_published
from core.transparency.checkpoint import Checkpoint, TreeHead
from core.transparency.cosigning import Cosigning, witness_clients
from core.transparency.durable_files import folder_lock
from core.transparency.entry import LogEntry
from core.transparency.errors import LogUnavailable, NoSuchEntry
from core.transparency.merkle import EMPTY_ROOT
from core.transparency.merkle_proofs import inclusion_proof
from core.transparency.notes import CheckpointSigner, VerifierKey
from core.transparency.proof import LogProof
from core.transparency.publication import PublishedLog
from core.transparency.publishing import TileWriter
from core.transparency.settings import LogSettings
from core.transparency.tiles import check_entry_size
from core.transparency.tree_store import (
    StoredTree,
    append_entries,
    check_published,
    lock_tree,
    read_entries,
    read_tree,
)

_NOTHING = TreeHead(0, EMPTY_ROOT)


class TransparencyLog:
    """The one log of this installation. Safe in many threads and many processes.

    ``settings.folder`` is absolute (:meth:`LogSettings.within`); ``signer.name`` is the
    settings' origin.
    """

    def __init__(
        self,
        *,
        database: Database,
        settings: LogSettings,
        signer: CheckpointSigner,
        clock: Clock,
    ) -> None:
        if signer.name != settings.origin:
            raise ValueError("the checkpoint key's name is not the log's origin")
        self._database = database
        self._signer = signer
        self.key = VerifierKey(signer.name, signer.public_key)
        self.published = PublishedLog(settings.folder, self.key)
        self.cosigning = Cosigning(
            published=self.published, witnesses=witness_clients(settings), clock=clock
        )
        self._verified: TreeHead | None = None
        # Where it cannot be made, it is away: every act says so, and looks again each time.
        with suppress(OSError):
            settings.folder.mkdir(parents=True, exist_ok=True)

    def append(self, connection: Connection, entries: Sequence[LogEntry]) -> list[int]:
        """Append entries in the caller's writing transaction; return their indexes.

        Indexes have no gap, across processes too. Call it late in the transaction: the log
        stays locked until its end. Raises LogUnavailable, LogBehindPublication, LogDamaged or
        EntryTooLarge; then nothing was written and the transaction has to be given up.
        """
        octets = [entry.encode() for entry in entries]
        for one in octets:
            check_entry_size(one)
        self.published.check_writable()
        tree = lock_tree(connection)
        # Read under the lock: nobody commits meanwhile, so whatever is published is in the tree,
        # and what an earlier append noted as published is still there.
        tree = self._checked(connection, tree, self.published.checkpoint())
        if octets:
            append_entries(connection, tree, octets)
        return list(range(tree.size, tree.size + len(octets)))

    def publish(self) -> Checkpoint:
        """Publish every committed entry and return the newest checkpoint.

        Does nothing when all is published; writes only new tiles; one process at a time.
        Raises LogUnavailable, LogBehindPublication or LogDamaged; the old checkpoint then stays.
        """
        with self._publishing():
            return self._publish(0)

    def rebuild(self) -> Checkpoint:
        """Publish everything from the database into a folder whose files were lost.

        For an operator who knows that the database is not itself an old backup: nothing here
        could tell. Raises LogUnavailable while there is a checkpoint.
        """
        with self._publishing():
            if self.published.checkpoint() is not None:
                raise LogUnavailable("There is a published log; it needs no rebuilding.")
            with self._database.read() as connection:
                return self._write(connection, _NOTHING, read_tree(connection).head)

    def ensure_published(self, index: int) -> Checkpoint:
        """Return a checkpoint that covers ``index``, publishing only when none does yet.

        Of many who wait, the first publishes for all. Raises as :meth:`publish`.
        """
        checkpoint = self.published.checkpoint()
        if checkpoint is not None and checkpoint.size > index:
            return checkpoint
        with self._publishing():
            return self._publish(index + 1)

    def sizes(self) -> dict[str, int]:
        """Return the numbers of entries ``stored``, ``published`` and ``witnessed``."""
        with self._database.read() as connection:
            stored = read_tree(connection).size
        published = self.published.checkpoint()
        witnessed = self.published.witnessed_checkpoint()
        return {
            "stored": stored,
            "published": published.size if published else 0,
            "witnessed": witnessed.size if witnessed else 0,
        }

    def proof(self, index: int) -> str:
        """Return a tlog-proof of a published entry, cosigned if a cosigned checkpoint has it.

        Raises NoSuchEntry while the entry is not published, LogDamaged, LogUnavailable.
        """
        return self.prove(index).encode()

    def prove(self, index: int) -> LogProof:
        """Return what :meth:`proof` writes."""
        checkpoint = self._checkpoint_with(index)
        tree = self.published.tree(checkpoint)
        entry = tree.entry(index)
        path = inclusion_proof(tree, index, checkpoint.size)
        return LogProof(entry, index, tuple(path), checkpoint)

    def published_entries(self, start: int = 0) -> Iterator[tuple[int, LogEntry]]:
        """Yield every published entry from ``start`` on, each checked against the checkpoint.

        Reads no database. Raises LogDamaged, LogUnavailable.
        """
        checkpoint = self.published.checkpoint()
        if checkpoint is not None:
            for index, octets in self.published.tree(checkpoint).entries(start):
                yield index, decode_published(index, octets)

    def stored_entries(self, start: int, end: int) -> list[tuple[int, LogEntry]]:
        """Return the committed entries ``[start, end)``, published or not; fewer at the end.

        For those who look at acts before anybody proves them. Raises LogDamaged.
        """
        with self._database.read() as connection:
            end = min(end, read_tree(connection).size)
            octets = list(read_entries(connection, start, end)) if start < end else []
        return [(index, decode_published(index, one)) for index, one in enumerate(octets, start)]

    def catch_up(self, apply: Apply) -> int:
        """Adopt all that is published and not in the database (a restored backup).

        ``apply`` gives each entry its effect on the caller's tables; a batch of entries and its
        effects are one transaction, so a catch-up that was interrupted goes on where it ended.
        Returns how many entries were adopted. Raises LogBehindPublication when the database's
        log is not the beginning of the published one, LogDamaged, LogUnavailable.
        """
        checkpoint = self.published.checkpoint()
        if checkpoint is None:
            return 0
        tree, adopted = self.published.tree(checkpoint), 0
        while True:
            with self._database.begin() as connection:
                count = adopt_batch(connection, tree, apply)
            if not count:
                return adopted
            adopted += count

    def _checkpoint_with(self, index: int) -> Checkpoint:
        witnessed = self.published.witnessed_checkpoint()
        newest = self.published.checkpoint()
        for checkpoint in (witnessed, newest):
            if checkpoint is not None and 0 <= index < checkpoint.size:
                return checkpoint
        raise NoSuchEntry(f"No log entry {index} is published.")

    @contextmanager
    def _publishing(self) -> Iterator[None]:
        try:
            with folder_lock(self.published.folder):
                yield
        except OSError as error:
            raise LogUnavailable(f"The log cannot be published: {error.strerror}.") from error

    def _publish(self, enough: int) -> Checkpoint:
        # ``enough``: a checkpoint of that size will do; 0 asks for all that is committed.
        current = self.published.checkpoint()
        if current is not None and 0 < enough <= current.size:
            return current
        with self._database.read() as connection:
            tree = self._checked(connection, read_tree(connection), current)
            if current is not None and current.size == tree.size:
                return current
            old = current.head if current else _NOTHING
            return self._write(connection, old, tree.head)

    def _write(self, connection: Connection, old: TreeHead, new: TreeHead) -> Checkpoint:
        writer = TileWriter(self.published.folder)
        writer.write_tree(old, new, partial(read_entries, connection))
        checkpoint = Checkpoint.sign(new, self._signer)
        writer.write_checkpoint(checkpoint)
        writer.drop_partials(old.size, new.size)
        return checkpoint

    def _checked(
        self, connection: Connection, tree: StoredTree, checkpoint: Checkpoint | None
    ) -> StoredTree:
        # The published tree has to begin the stored one; checked once for each checkpoint.
        if checkpoint is None:
            if tree.published.size:
                raise LogUnavailable("The published log is gone; put its folder back.")
            return tree
        head = checkpoint.head
        if head == self._verified and head.size < tree.size:
            return tree
        tree = check_published(connection, tree, head)
        self._verified = head
        return tree
