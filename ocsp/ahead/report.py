"""How signing ahead stands: for operators, metrics and ``camtrust doctor``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ca.authorities import Authorities
from core.clock import Clock
from core.database import Database
from core.transparency.tree_store import read_tree
from ocsp.ahead.position import read_position, store_id
from ocsp.ahead.ranges import SigningRanges, earliest
from ocsp.settings import OcspSettings
from ocsp.stored.heartbeat import read_heartbeat
from ocsp.stored.store import AnswerStore


@dataclass(frozen=True)
class AuthorityReport:
    """One authority's answers.

    ``overdue``: ranges not signed again half of ``sign_again`` after they were due. ``to_mend``:
    ranges in which answers may be missing. ``holds_until``: the earliest nextUpdate; None while
    there is no answer. ``needs_by``: when ``holds_until`` should have been moved on at the latest.
    """

    authority: str
    ranges: int
    overdue: int
    to_mend: int
    not_signed: int
    holds_until: datetime | None
    needs_by: datetime | None

    def is_well(self, at: datetime) -> bool:
        """Tell whether answers are renewed in time."""
        return not self.overdue and (self.needs_by is None or self.needs_by > at)


@dataclass(frozen=True)
class AheadReport:
    """One store. ``store`` is None, and all else empty, before anything was signed into it."""

    store: str | None
    records: int
    log_size: int
    followed: int
    heartbeat: datetime | None
    authorities: tuple[AuthorityReport, ...]

    @property
    def lag_entries(self) -> int:
        """Log entries whose effect is not in the store yet."""
        return max(0, self.log_size - self.followed)

    def lag(self, at: datetime) -> timedelta | None:
        """How long ago the store had everything; None where it never had."""
        return None if self.heartbeat is None else at - self.heartbeat


class AheadReports:
    """Looks how signing ahead stands."""

    def __init__(
        self,
        *,
        database: Database,
        store: AnswerStore,
        ranges: SigningRanges,
        authorities: Authorities,
        settings: OcspSettings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._ranges = ranges
        self._authorities = authorities
        self._settings = settings
        self._clock = clock

    def report(self) -> AheadReport:
        """Return how it stands now. Raises DatabaseUnavailable, StoreUnavailable."""
        name = store_id(self._store)
        position = read_position(self._store)
        heartbeat = read_heartbeat(self._store)
        with self._database.read() as connection:
            size = read_tree(connection).size
        by_authority: dict[str, list[Any]] = {}
        for row in [] if name is None else self._ranges.all(name):
            by_authority.setdefault(row.authority, []).append(row)
        return AheadReport(
            store=name,
            records=self._store.count(),
            log_size=size,
            followed=0 if position is None else position.size,
            heartbeat=None if heartbeat is None else datetime.fromtimestamp(heartbeat, UTC),
            authorities=tuple(self._of(*pair) for pair in by_authority.items()),
        )

    def progress(self) -> float:
        """Return which part of all ranges is signed and not due, from 0 to 1."""
        name, now = store_id(self._store), self._clock.now()
        rows = [] if name is None else self._ranges.all(name)
        done = 0.0
        for row in rows:
            if row.started_at is not None:
                done += (row.progress - row.lower) / (row.upper - row.lower)
            elif row.due_at > now and row.wanted <= row.mended:
                done += 1
        return done / len(rows) if rows else 1.0

    def _of(self, authority: str, rows: list[Any]) -> AuthorityReport:
        role = self._authorities.role(authority)
        validity = self._settings.validity_of(authority, role)
        late = self._clock.now() - validity.sign_again / 2
        holds_until = earliest(*(row.holds_until for row in rows))
        # Answers are renewed while ``valid - sign_again`` is left of them.
        margin = (validity.valid - validity.sign_again) / 2
        return AuthorityReport(
            authority=authority,
            ranges=len(rows),
            overdue=sum(row.due_at < late for row in rows),
            to_mend=sum(row.wanted > row.mended for row in rows),
            not_signed=sum(row.signed_since is None for row in rows),
            holds_until=holds_until,
            needs_by=None if holds_until is None else holds_until - margin,
        )
