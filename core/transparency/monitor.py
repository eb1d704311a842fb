"""The monitor: does the log keep its promises, and does the database agree with it?

It checks, in this order:

1. the published checkpoint is signed by the log's key;
2. it extends the checkpoint that the monitor verified last time (nothing was taken back);
3. every published entry is under the signed root;
4. the database holds the same entries, without a gap, and its tree is that of its entries;
5. every act in the database has its entry, and every entry its act (:class:`ActsView`).

What it finds is a report, never an exception: a monitor that stops at the first fault is of
no use. Only the database being away is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import islice, zip_longest
from pathlib import Path

from sqlalchemy import Connection, text

from core.clock import Clock
from core.database import Database
from core.errors import Malformed
from core.transparency.checkpoint import Checkpoint
from core.transparency.checkpoint_memory import CheckpointMemory
from core.transparency.comparison import ActComparison, ActsView
from core.transparency.entry import LogEntry
from core.transparency.errors import LogDamaged, LogUnavailable, NotProven
from core.transparency.findings import MAX_FINDINGS, MonitorReport
from core.transparency.merkle import CompactRange, hash_leaf
from core.transparency.merkle_proofs import consistency_proof, verify_consistency
from core.transparency.publication import PublishedLog
from core.transparency.tree_store import read_entries, read_tree

# Entries compared at a time.
_BATCH = 1024

# An index, the published octets and the stored octets; None where a side has no such entry.
_Pair = tuple[int, bytes | None, bytes | None]


class Monitor:
    """Checks one log. ``folder`` is where it remembers the last checkpoint it verified."""

    def __init__(
        self,
        *,
        database: Database,
        published: PublishedLog,
        folder: Path,
        views: Sequence[ActsView] = (),
        clock: Clock,
    ) -> None:
        self._database = database
        self._published = published
        self._memory = CheckpointMemory(folder)
        self._views = views
        self._clock = clock

    def run(self) -> MonitorReport:
        """Check everything and return what was found. Raises DatabaseUnavailable."""
        report = MonitorReport(self._clock.now())
        # The files first: whatever they hold was committed before the database is looked at.
        checkpoint = self._read_checkpoint(report)
        self._check_extends(report, self._read_memory(report), checkpoint)
        with self._database.read() as connection:
            _hold_one_view(connection)
            self._compare(connection, report, checkpoint)
        if checkpoint is not None and report.is_clean:
            with self._memory.held():
                self._memory.remember(checkpoint)
        return report

    def _read_checkpoint(self, report: MonitorReport) -> Checkpoint | None:
        try:
            checkpoint = self._published.checkpoint()
        except (LogDamaged, LogUnavailable) as error:
            report.note("checkpoint-invalid", error.detail)
            return None
        report.published = checkpoint.size if checkpoint else 0
        return checkpoint

    def _read_memory(self, report: MonitorReport) -> Checkpoint | None:
        try:
            return self._memory.last(self._published.key.name)
        except (LogDamaged, OSError) as error:
            report.note("memory-damaged", str(error))
            return None

    def _check_extends(
        self, report: MonitorReport, last: Checkpoint | None, checkpoint: Checkpoint | None
    ) -> None:
        if last is None:
            return
        size = 0 if checkpoint is None else checkpoint.size
        if checkpoint is None or last.size > size:
            report.note("rolled-back", f"The log had {last.size} entries and now has {size}.")
            return
        try:
            proof = consistency_proof(self._published.tree(checkpoint), last.size, checkpoint.size)
            verify_consistency(last.size, last.root, checkpoint.size, checkpoint.root, proof)
        except (NotProven, LogDamaged, LogUnavailable) as error:
            report.note("forked", f"From {last.size} to {checkpoint.size}: {error.detail}")

    def _compare(
        self, connection: Connection, report: MonitorReport, checkpoint: Checkpoint | None
    ) -> None:
        tree = read_tree(connection)
        report.stored = tree.size
        published = self._published_entries(report, checkpoint)
        stored = _stored_entries(report, connection, tree.size)
        edge = CompactRange()
        with ExitStack() as stack:
            sides = [(view, stack.enter_context(closing(ActComparison()))) for view in self._views]
            for batch in _pairs(published, stored):
                edge = edge.extend(hash_leaf(own) for _, _, own in batch if own is not None)
                _check_pairs(report, batch)
                entries = _decoded(report, batch)
                for view, comparison in sides:
                    comparison.add_logged(filter(None, map(view.act_of, entries)))
            if edge != tree.edge:
                report.note("tree-differs", "The stored tree is not that of the stored entries.")
            for view, comparison in sides:
                comparison.add_stored(view.stored_acts(connection))
                _note_differences(report, view, comparison)

    def _published_entries(
        self, report: MonitorReport, checkpoint: Checkpoint | None
    ) -> Iterator[bytes]:
        if checkpoint is None:
            return
        try:
            for _, octets in self._published.tree(checkpoint).entries():
                yield octets
        except (LogDamaged, LogUnavailable) as error:
            report.note("publication-damaged", error.detail)


def _hold_one_view(connection: Connection) -> None:
    # Entries and acts are committed together, so they have to be read at one moment. SQLite's
    # reading transaction is such a moment; PostgreSQL's default is not.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))


def _stored_entries(report: MonitorReport, connection: Connection, size: int) -> Iterator[bytes]:
    try:
        yield from read_entries(connection, 0, size)
    except LogDamaged as error:
        report.note("entries-missing", error.detail)


def _pairs(published: Iterator[bytes], stored: Iterator[bytes]) -> Iterator[list[_Pair]]:
    numbered = (
        (index, left, right) for index, (left, right) in enumerate(zip_longest(published, stored))
    )
    while batch := list(islice(numbered, _BATCH)):
        yield batch


def _check_pairs(report: MonitorReport, batch: list[_Pair]) -> None:
    for index, published, stored in batch:
        if stored is None:
            report.note("entry-not-stored", f"Entry {index} is published and not stored.")
        elif published is not None and published != stored:
            report.note("entry-differs", f"Entry {index} is stored otherwise than published.")


def _decoded(report: MonitorReport, batch: list[_Pair]) -> list[LogEntry]:
    entries = []
    for index, published, stored in batch:
        try:
            entries.append(LogEntry.decode(published or stored or b""))
        except Malformed as error:
            report.note("entry-unreadable", f"Entry {index}: {error.detail}")
    return entries


def _note_differences(report: MonitorReport, view: ActsView, comparison: ActComparison) -> None:
    for one in comparison.differences(MAX_FINDINGS):
        if one.stored is None:
            report.note("act-not-stored", f"{view.name}: {one.key} is logged and not stored.")
        elif one.logged is None:
            report.note("act-not-logged", f"{view.name}: {one.key} is stored and not logged.")
        else:
            report.note(
                "act-differs",
                f"{view.name}: {one.key} is logged as {one.logged}, stored as {one.stored}.",
            )
