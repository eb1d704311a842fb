"""Where a live answer takes certificates' standings from: the store where it follows, or tables."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

from ca.authorities import Authorities
from ca.revocation.reasons import RevocationReason
from ca.revocation.status import StatusDirectory
from core.clock import Clock
from ocsp.stored.certid import answer_key, issuer_tag, prefixes_of
from ocsp.stored.heartbeat import read_heartbeat
from ocsp.stored.record import GOOD, STANDING, WITHDRAWN, AnswerRecord
from ocsp.stored.settings import AnswerSettings, StoreKind
from ocsp.stored.store import AnswerStore, StoreUnavailable

# The follower's pulse is a second or so. Beyond this the tables are asked, which know more.
PULSE_WITHIN = timedelta(seconds=10)
# How long one look at the pulse is good for; thisUpdate says what was seen then.
_LOOK_AGAIN_SECONDS = 0.5


class Known(NamedTuple):
    """What is known of a certificate that was issued; both are None where it is good."""

    revoked_at: datetime | None
    reason: RevocationReason | None


_GOOD = Known(None, None)


@dataclass(frozen=True)
class Standings:
    """What was true at ``as_of``, by serial number; what was never issued is left out."""

    found: Mapping[int, Known]
    as_of: datetime


class StandingSource(Protocol):
    """Knows certificates' standings."""

    def standings(self, authority: str, serial_numbers: Iterable[int]) -> Standings:
        """Return the standings of an authority's certificates. Raises Unavailable."""


class TableStandings:
    """Standings as the tables have them at this moment."""

    def __init__(self, *, statuses: StatusDirectory, clock: Clock) -> None:
        self._statuses = statuses
        self._clock = clock

    def standings(self, authority: str, serial_numbers: Iterable[int]) -> Standings:
        """Ask the tables. Raises DatabaseUnavailable."""
        # Only now: what was revoked until this instant is in the answer.
        now = self._clock.now().replace(microsecond=0)
        found = self._statuses.statuses(authority, serial_numbers)
        known = {serial: Known(one.revoked_at, one.reason) for serial, one in found.items()}
        return Standings(known, now)


class StoredStandings:
    """Standings out of stored answers' records while their follower is alive, else ``tables``.

    Records whose answers have expired or whose responder is gone say the standing all the same:
    the follower replaces or withdraws each that a log entry touches before it beats.
    """

    def __init__(
        self,
        *,
        store: AnswerStore,
        tables: StandingSource,
        authorities: Authorities,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._tables = tables
        self._authorities = authorities
        self._clock = clock
        self._monotonic = monotonic
        self._tags: dict[str, bytes] = {}
        self._beat: datetime | None = None
        self._look_at = float("-inf")

    def standings(self, authority: str, serial_numbers: Iterable[int]) -> Standings:
        """Return what the store has of all, or what the tables have. Raises DatabaseUnavailable."""
        asked = list(serial_numbers)
        with suppress(StoreUnavailable):
            # The pulse first: what a record then says was true at that instant.
            as_of = self._pulse()
            found = None if as_of is None else self._find(authority, asked)
            if as_of is not None and found is not None:
                return Standings(found, as_of)
        return self._tables.standings(authority, asked)

    def _pulse(self) -> datetime | None:
        instant = self._monotonic()
        if instant >= self._look_at:
            seconds = read_heartbeat(self._store)
            self._beat = None if seconds is None else datetime.fromtimestamp(seconds, UTC)
            self._look_at = instant + _LOOK_AGAIN_SECONDS
        beat = self._beat
        now = self._clock.now()
        # One from the future is from another clock, and says nothing of this one.
        if beat is None or not timedelta(0) <= now - beat <= PULSE_WITHIN:
            return None
        return beat

    def _find(self, authority: str, serial_numbers: list[int]) -> dict[int, Known] | None:
        tag = self._tags.get(authority)
        if tag is None:
            tag = issuer_tag(prefixes_of(self._authorities.authority(authority)))
            self._tags[authority] = tag
        found = {}
        for serial_number in serial_numbers:
            record = self._store.get(answer_key(tag, serial_number))
            if record is None or record[STANDING] == WITHDRAWN:
                return None
            found[serial_number] = _GOOD if record[STANDING] == GOOD else _revoked(record)
        return found


def standing_source(
    settings: AnswerSettings,
    *,
    store: AnswerStore,
    statuses: StatusDirectory,
    authorities: Authorities,
    clock: Clock,
) -> StandingSource:
    """Return where live answers take standings from.

    A record's standing is believed unsigned here, and signed anew. So only the file in our own
    home is: who can write into a Redis shall not have our key say good of what he likes.
    """
    tables = TableStandings(statuses=statuses, clock=clock)
    if settings.store is not StoreKind.LMDB:
        return tables
    return StoredStandings(store=store, tables=tables, authorities=authorities, clock=clock)


def _revoked(record: bytes) -> Known:
    read = AnswerRecord.decode(record)
    return Known(read.revoked_at, read.reason)
