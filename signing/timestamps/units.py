"""Which key and certificate sign for a unit just now.

A unit has one certificate in use and, before the use of its key ends, a successor that waits:
who knows a unit by its certificate (X-Road does) has that long to register the next. So of the
certificates that may sign, the one that ends first does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ca.authorities import Authority
from ca.revocation.status import HeldCertificate
from core.clock import Clock
from core.errors import CamtrustError, Unavailable
from hsm.keys import SigningKey
from signing.timestamps.definitions import BY_NAME, UnitDefinition
from signing.timestamps.errors import UnitMissing
from signing.timestamps.token import TokenTemplate

# How long a unit is used without looking whether its certificate still stands: as long as a
# key's state is believed (:mod:`hsm.registry`).
LOOK_AGAIN_SECONDS = 1.0


class Standings(Protocol):
    """Knows certificates (:class:`ca.revocation.status.StatusDirectory`)."""

    def good_certificates_of(self, holder: str, *, at: datetime) -> list[HeldCertificate]:
        """Return the issued certificates of a holder that are valid and good, newest first."""


class Keys(Protocol):
    """Finds keys (:class:`hsm.keys.KeyStore`)."""

    def signing_key(self, key_id: bytes) -> SigningKey:
        """Return the key for use. Raises KeyNotFound, KeyNotActive or TokenUnavailable."""


class Hierarchy(Protocol):
    """Knows authorities (:class:`ca.authorities.Authorities`)."""

    def all(self) -> list[Authority]:
        """Return every authority."""

    def chain(self, name: str) -> list[x509.Certificate]:
        """Return the certificates from an authority's own up to its anchor's."""


@dataclass(frozen=True)
class UnitCertificate:
    """A certificate of a unit that is valid and good, and when its key's use begins and ends."""

    key_id: bytes
    certificate: x509.Certificate
    certificate_der: bytes
    begins: datetime
    ends: datetime

    def is_in_use(self, at: datetime) -> bool:
        """Tell whether its key may sign at an instant."""
        return self.begins <= at < self.ends


@dataclass(frozen=True)
class Unit:
    """Who signs: a certificate in use, and what makes tokens with its key."""

    certificate: UnitCertificate
    template: TokenTemplate


class Units:
    """Finds who signs for each unit; safe in many threads."""

    def __init__(
        self,
        *,
        statuses: Standings,
        keys: Keys,
        authorities: Hierarchy,
        accuracy: timedelta,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._statuses = statuses
        self._keys = keys
        self._authorities = authorities
        self._accuracy = accuracy
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._found: dict[str, tuple[Unit, float]] = {}
        self._events = structlog.get_logger("timestamps")

    def unit(self, name: str) -> Unit:
        """Return who signs for a unit. Raises UnitMissing, TokenUnavailable, DatabaseUnavailable.

        Nothing that is expired, revoked or on hold, and no key that is not active.
        """
        now = self._clock.now()
        known = self._found.get(name)
        if known and known[1] > self._monotonic() and known[0].certificate.is_in_use(now):
            return known[0]
        with self._lock:
            found = self._find(BY_NAME[name], now, None if known is None else known[0])
            self._found[name] = (found, self._monotonic() + LOOK_AGAIN_SECONDS)
            return found

    def certificates(self, definition: UnitDefinition) -> list[UnitCertificate]:
        """Return a unit's certificates that may sign now or later, the first to end first."""
        now = self._clock.now()
        held = self._statuses.good_certificates_of(definition.holder, at=now)
        usable = [one for one in map(read_certificate, held) if one.ends > now]
        return sorted(usable, key=lambda one: one.ends)

    def _find(self, definition: UnitDefinition, now: datetime, last: Unit | None) -> Unit:
        for one in self.certificates(definition):
            if one.is_in_use(now) and (key := self._key(definition, one)) is not None:
                # The same as before: what was encoded for it is not encoded again.
                if last is not None and last.certificate.certificate_der == one.certificate_der:
                    return last
                return Unit(one, self._template(one, key))
        raise UnitMissing(
            f"The time-stamping unit {definition.name} has no certificate and key in use.",
            kept="Nothing was stamped.",
            unit=definition.name,
        )

    def _key(self, definition: UnitDefinition, one: UnitCertificate) -> SigningKey | None:
        try:
            return self._keys.signing_key(one.key_id)
        except Unavailable:
            # The token is away: its successor lives in the same one.
            raise
        except CamtrustError as error:
            # Its key is gone, suspended or ended: perhaps its successor signs already.
            self._events.warning("no-unit-key", unit=definition.name, problem=error.problem)
            return None

    def _template(self, one: UnitCertificate, key: SigningKey) -> TokenTemplate:
        return TokenTemplate(
            key=key,
            certificate_der=one.certificate_der,
            chain=self._chain(one.certificate),
            accuracy=self._accuracy,
        )

    def _chain(self, certificate: x509.Certificate) -> Sequence[bytes]:
        # Up to the anchor, which whoever verifies has, and would not believe from here.
        for one in self._authorities.all():
            if one.certificate.subject == certificate.issuer:
                above = self._authorities.chain(one.name)[:-1]
                return [each.public_bytes(Encoding.DER) for each in above]
        return []


# Asked for again every second, for the same few certificates.
@lru_cache(maxsize=64)
def read_certificate(held: HeldCertificate) -> UnitCertificate:
    """Return a held certificate with the time of its key's use.

    RFC 3280, Section 4.2.1.4: privateKeyUsagePeriod; without one, as long as the certificate.
    """
    certificate = x509.load_der_x509_certificate(held.certificate_der)
    begins, ends = held.not_before, held.not_after
    try:
        period = certificate.extensions.get_extension_for_class(x509.PrivateKeyUsagePeriod).value
    except x509.ExtensionNotFound:
        pass
    else:
        begins = max(begins, _aware(period.not_before) or begins)
        ends = min(ends, _aware(period.not_after) or ends)
    return UnitCertificate(held.key_id, certificate, held.certificate_der, begins, ends)


def _aware(instant: datetime | None) -> datetime | None:
    # cryptography gives these instants naive, in UTC.
    return instant if instant is None or instant.tzinfo else instant.replace(tzinfo=UTC)
