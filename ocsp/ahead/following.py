"""The follower: what the transparency log changed is signed again at once.

A round: read how far the store has come, read the log's entries from there, take back the answers
of what changed, sign new ones, and only then note how far it has come. Whoever finds the heartbeat
fresh knows that no stored answer is older than the tables were at that instant.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from ca.authorities import Authorities
from ca.revocation.status import CertificateStatus, StatusDirectory
from ca.touched import Touched, touched_by
from core.clock import Clock
from core.database import Database
from core.errors import CamtrustError
from core.transparency.entry import LogEntry
from core.transparency.merkle import CompactRange, hash_leaf
from core.transparency.tree_store import read_entries, read_tree
from ocsp.ahead.position import begin_anew, read_position, store_id, write_position
from ocsp.ahead.ranges import SigningRanges
from ocsp.ahead.signing import SigningAhead
from ocsp.restoration import RestorationCheck
from ocsp.settings import OcspSettings
from ocsp.stored.answers import read_templates, withdraw_template
from ocsp.stored.heartbeat import write_heartbeat
from ocsp.stored.record import VERSION, encode_version, withdrawn
from ocsp.stored.store import AnswerStore, StoreUnavailable

# Entries applied between two notes of the position.
BATCH = 1_000
# A follower that is further behind takes answers back and leaves the signing to the walkers, who
# are many: so a mass revocation of a million is in effect within a minute.
MOST_SIGNED = 2_000


@dataclass(frozen=True)
class Followed:
    """What a round came to: entries applied, and certificates signed and only taken back."""

    entries: int
    signed: int
    taken_back: int
    log_size: int


class Follower:
    """Follows the log for one store; two at once do the work twice and no harm."""

    def __init__(
        self,
        *,
        database: Database,
        store: AnswerStore,
        signing: SigningAhead,
        ranges: SigningRanges,
        authorities: Authorities,
        statuses: StatusDirectory,
        restoration: RestorationCheck,
        settings: OcspSettings,
        clock: Clock,
        unasked: Collection[str] = (),
        most_signed: int = MOST_SIGNED,
    ) -> None:
        self._database = database
        self._store = store
        self._signing = signing
        self._ranges = ranges
        self._authorities = authorities
        self._statuses = statuses
        self._restoration = restoration
        self._settings = settings
        self._clock = clock
        self._unasked = unasked
        self._most_signed = most_signed
        self._events = structlog.get_logger("signing-ahead")

    def follow(self) -> Followed:
        """Apply everything that the log has, and write the heartbeat.

        Raises LogBehindPublication while a restored database has not caught up, then nothing is
        changed; DatabaseUnavailable, StoreUnavailable, LogDamaged.
        """
        started = self._clock.now()
        # Before the tree: another follower may move it on at any moment, and beyond our tree.
        found = self._found()
        self._restoration.check()
        with self._database.read() as connection:
            tree = read_tree(connection).edge
        if found is None or found.size > tree.size:
            # A new or lost store; or a log that is whole and shorter than what was followed: a
            # backup that lacks entries which never were published.
            position = self._begin_anew(found, tree)
        else:
            position = found
        return self._go_on(position, tree, started)

    def _go_on(self, position: CompactRange, tree: CompactRange, started: datetime) -> Followed:
        signs = tree.size - position.size <= self._most_signed
        entries = signed = taken_back = 0
        while position.size < tree.size:
            octets = self._read(position.size, min(position.size + BATCH, tree.size))
            done, back = self._apply(octets, version=tree.size, signs=signs)
            entries, signed, taken_back = entries + len(octets), signed + done, taken_back + back
            if self._found() != position:
                # Another follower was faster; or the store lost its last writes meanwhile, what
                # earlier entries changed among them. The next round begins from where it is.
                return Followed(entries, signed, taken_back, tree.size)
            position = position.extend(map(hash_leaf, octets))
            write_position(self._store, position)
        if position != tree:
            # Entries that were followed are no longer in the log: what came of them in the store
            # cannot be told from what is right.
            self._begin_anew(position, tree)
        write_heartbeat(self._store, started.timestamp())
        return Followed(entries, signed, taken_back, tree.size)

    def _found(self) -> CompactRange | None:
        return None if store_id(self._store) is None else read_position(self._store)

    def _begin_anew(self, found: CompactRange | None, tree: CompactRange) -> CompactRange:
        # What was remembered of a check may be older than a backup that was restored.
        self._restoration.check_now()
        if self._found() != found:
            raise StoreUnavailable("Another process begins the store of signed answers anew.")
        name = begin_anew(self._store, tree)
        self._events.warning("answer-store-begun-anew", store=name, log_size=tree.size)
        return tree

    def _read(self, start: int, end: int) -> list[bytes]:
        with self._database.read() as connection:
            return list(read_entries(connection, start, end))

    def _apply(self, octets: Sequence[bytes], *, version: int, signs: bool) -> tuple[int, int]:
        """Apply entries; return how many certificates were signed and how many only withdrawn."""
        found = (touched_by(LogEntry.decode(one)) for one in octets)
        by_authority: dict[str, dict[int, Touched]] = {}
        for one in found:
            if one is not None:
                known = by_authority.setdefault(one.authority, {})
                before = known.get(one.serial_number)
                if before is None or not before.is_change:
                    known[one.serial_number] = one
        self._check_delegates(by_authority)
        signed = taken_back = 0
        for authority, touched in by_authority.items():
            changed = [one.serial_number for one in touched.values() if one.is_change]
            self._take_back(authority, changed, version)
            if signs and self._sign(authority, touched, version):
                signed += len(touched)
            else:
                taken_back += len(changed)
                self._want(authority, touched)
        return signed, taken_back

    def _take_back(self, authority: str, serial_numbers: Iterable[int], version: int) -> None:
        # Before anything is signed: a token may take its time to say that it is away.
        record = withdrawn(version)
        keys = sorted(self._signing.key_of(authority, one) for one in serial_numbers)
        if keys:
            self._write([(key, record) for key in keys])

    def _write(self, records: Sequence[tuple[bytes, bytes]]) -> None:
        if self._store.write(records) == len(records):
            return
        kept = [(key, self._store.get(key)) for key, _ in records]
        with self._database.read() as connection:
            size = encode_version(read_tree(connection).size)
        # A walker may have been faster; but nobody has read a log that is longer than it is. Such
        # a record is of a history that was lost, written by one who stood still meanwhile.
        lost = [key for key, record in kept if record is not None and record[VERSION] > size]
        if lost:
            self._store.delete(lost)
            self._store.write(records)

    def _sign(self, authority: str, touched: Collection[int], version: int) -> bool:
        now = self._clock.now()
        statuses = self._statuses.statuses(authority, touched, without=self._unasked)
        if not statuses:
            return True
        try:
            signed = self._signing.sign(
                authority, list(statuses.values()), version=version, read_at=now
            )
        except CamtrustError as error:
            self._events.warning("changes-not-signed", authority=authority, problem=error.problem)
            return False
        self._write(signed.records)
        return True

    def _want(self, authority: str, touched: Collection[int]) -> None:
        name = store_id(self._store)
        if name is not None:
            self._ranges.want(name, [(authority, one) for one in touched])

    def _check_delegates(self, touched: Mapping[str, Mapping[int, Touched]]) -> None:
        """Take all answers of a delegate back that was revoked: its key can sign anything."""
        changed = {
            (authority, one.serial_number)
            for authority, known in touched.items()
            for one in known.values()
            if one.is_change
        }
        for template in read_templates(self._store).values() if changed else ():
            if (template.authority, template.serial_number) not in changed:
                continue
            status = self._status(template.authority, template.serial_number)
            if status is None or not status.is_good:
                withdraw_template(self._store, template)
                self._signing.forget(template.authority)
                name = store_id(self._store)
                if name is not None:
                    self._ranges.want_all(name, template.authority)
                self._events.warning("responder-withdrawn", authority=template.authority)

    def _status(self, authority: str, serial_number: int) -> CertificateStatus | None:
        return self._statuses.statuses(authority, [serial_number]).get(serial_number)
