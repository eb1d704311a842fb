"""Walkers: sign every certificate's answers again before they run out, range by range."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from zlib import crc32

import structlog

from ca.authorities import Authorities
from ca.revocation.retention import Retention
from ca.revocation.status import CertificateStatus, StatusDirectory, StatusPage
from core.clock import Clock
from core.errors import CamtrustError
from hsm.keys import KeyAlgorithm
from ocsp.ahead.position import store_id
from ocsp.ahead.ranges import SigningRange, SigningRanges, earliest
from ocsp.ahead.signing import Responding, SigningAhead
from ocsp.identities import holder_of
from ocsp.restoration import RestorationCheck
from ocsp.settings import OcspSettings
from ocsp.stored.record import STANDING, TEMPLATE, TIMES, WITHDRAWN, times_of
from ocsp.stored.store import AnswerStore

# Certificates signed between two writes: as many as a crash makes to be signed again.
PAGE = 500
# RSA takes thirty times as long.
RSA_PAGE = 50
# How long a range rests whose signing failed: so soon after the token is back it heals.
RETRY_AFTER = timedelta(seconds=10)
# Answers of what has expired are taken out while it is about so long ago.
_EXPIRED_LATELY = timedelta(days=7)
_SOONEST = timedelta(minutes=1)

Stepped = Callable[[SigningRange, int], None]


def _tell_nobody(_range: SigningRange, _signed: int) -> None:
    return None


class Walker:
    """One who walks; many may, in threads, processes and machines.

    ``holder`` names it among all. ``unasked`` are the profiles about whose certificates nobody
    asks (RFC 9608). ``stepped`` hears of each page that was stored.
    """

    def __init__(
        self,
        *,
        ranges: SigningRanges,
        signing: SigningAhead,
        store: AnswerStore,
        authorities: Authorities,
        statuses: StatusDirectory,
        retention: Retention,
        restoration: RestorationCheck,
        settings: OcspSettings,
        clock: Clock,
        holder: str,
        unasked: Collection[str] = (),
        page: int = PAGE,
        stepped: Stepped = _tell_nobody,
    ) -> None:
        self._ranges = ranges
        self._signing = signing
        self._store = store
        self._authorities = authorities
        self._statuses = statuses
        self._retention = retention
        self._restoration = restoration
        self._settings = settings
        self._clock = clock
        self._holder = holder
        self._unasked = unasked
        self._page = page
        self._stepped = stepped
        self._events = structlog.get_logger("signing-ahead")

    def divide(self) -> bool:
        """Give every authority that has a delegate its ranges.

        False for a store that no follower has begun yet. Raises Unavailable errors.
        """
        name, now = store_id(self._store), self._clock.now()
        if name is None:
            return False
        wanted = {
            one.name: self._settings.validity_of(one.name, one.role).ranges
            for one in self._authorities.all()
            if self._statuses.good_certificates_of(holder_of(one.name), at=now)
        }
        self._ranges.divide(name, wanted, now=now)
        return True

    def walk_one(
        self, stop: threading.Event | None = None, *, authorities: Collection[str] = ()
    ) -> bool:
        """Walk through one range; False where none has anything to do.

        One whose signing fails rests, so that the others go on. Ends between two pages when
        ``stop`` is set; whoever comes next goes on there. Raises DatabaseUnavailable and
        StoreUnavailable.
        """
        name = store_id(self._store)
        if name is None:
            return False
        now = self._clock.now()
        claimed = self._ranges.claim(name, holder=self._holder, now=now, authorities=authorities)
        if claimed is None:
            return False
        try:
            return self._walk(claimed, stop or threading.Event())
        except CamtrustError as error:
            self._events.warning(
                "range-not-signed", authority=claimed.authority, problem=error.problem
            )
            self._ranges.release(claimed, until=self._clock.now() + RETRY_AFTER)
            return True

    def _walk(self, one: SigningRange, stop: threading.Event) -> bool:
        progress: int | None = one.progress
        holds_until = one.walk_holds_until
        while progress is not None:
            if stop.is_set():
                self._ranges.release(one, until=self._clock.now())
                return False
            page, held = self._sign_page(one, progress)
            holds_until = earliest(holds_until, held)
            progress = page.last
            if progress is not None and not self._ranges.advance(
                one, progress=progress, holds_until=holds_until, now=self._clock.now()
            ):
                # Another took it over, because this one was stopped for longer than a lease.
                return True
        due_at = self._due_at(one, holds_until)
        self._ranges.finish(one, holds_until=holds_until, due_at=due_at)
        self._stepped(one, 0)
        return True

    def _sign_page(self, one: SigningRange, after: int) -> tuple[StatusPage, datetime | None]:
        # A restored backup knows nothing of the latest revocations.
        self._restoration.check()
        now = self._clock.now()
        keeps = self._retention.keeps_expired(one.authority)
        page = self._statuses.page(
            one.authority,
            after=after,
            up_to=one.upper,
            limit=self._page,
            expiring_after=None if keeps else now - _EXPIRED_LATELY,
            without=self._unasked,
        )
        expired = [] if keeps else [it for it in page.statuses if it.not_after <= now]
        if expired:
            key_of = self._signing.key_of
            self._store.delete([key_of(one.authority, it.serial_number) for it in expired])
        standing = [it for it in page.statuses if keeps or it.not_after > now]
        held = None
        if standing:
            held = self._sign(one, standing, version=page.log_size, read_at=now)
        self._stepped(one, len(standing))
        return page, held

    def _sign(
        self,
        one: SigningRange,
        statuses: Sequence[CertificateStatus],
        *,
        version: int,
        read_at: datetime,
    ) -> datetime | None:
        responding = self._signing.responding(one.authority)
        if not one.is_full:
            statuses = [it for it in statuses if self._is_missing(one, it, responding)]
        step = PAGE
        if responding.key.algorithm in (KeyAlgorithm.RSA_3072, KeyAlgorithm.RSA_4096):
            step = RSA_PAGE
        held = None
        for start in range(0, len(statuses), step):
            signed = self._signing.sign(
                one.authority,
                statuses[start : start + step],
                version=version,
                read_at=read_at,
                responding=responding,
            )
            self._store.write(signed.records)
            held = earliest(held, signed.next_update)
        return held

    def _is_missing(
        self, one: SigningRange, status: CertificateStatus, responding: Responding
    ) -> bool:
        key = self._signing.key_of(one.authority, status.serial_number)
        record = self._store.get(key)
        if record is None or record[STANDING] == WITHDRAWN:
            return True
        if record[TEMPLATE] != responding.template.id or one.signed_since is None:
            return True
        this_update, _ = times_of(record[TIMES])
        return this_update < int(one.signed_since.timestamp())

    def _due_at(self, one: SigningRange, holds_until: datetime | None) -> datetime:
        issuer = self._authorities.known(one.authority)
        validity = self._settings.validity_of(one.authority, issuer.role)
        due_at = next_slot(one, every=validity.sign_again, count=validity.ranges)
        if holds_until is not None:
            # Near the end of a delegate answers hold for less: half of their life at most passes.
            due_at = min(due_at, one.started_at + (holds_until - one.started_at) / 2)
        return max(due_at, one.started_at + _SOONEST)


def next_slot(one: SigningRange, *, every: timedelta, count: int) -> datetime:
    """Return when a range is due after it was begun: once in ``every``, at its own time of it.

    Ranges have their times evenly spread, whenever they were signed first, so that the token's
    load is even.
    """
    period = every.total_seconds()
    offset = (one.number / count + crc32(one.authority.encode()) / (1 << 32)) * period
    rounds = (one.started_at.timestamp() - offset) // period + 1
    return datetime.fromtimestamp(offset + rounds * period, UTC)
