"""Who signs for a unit just now, and what makes tokens with its key."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.clock import Clock
from hsm.keys import SigningKey
from signing.service_keys.certificates import ServiceCertificate, ServiceCertificates
from signing.timestamps.definitions import BY_NAME, UnitDefinition
from signing.timestamps.errors import UnitMissing
from signing.timestamps.token import TokenTemplate

# How long a unit is used without looking whether its certificate still stands: as long as a
# key's state is believed (:mod:`hsm.registry`).
LOOK_AGAIN_SECONDS = 1.0


@dataclass(frozen=True)
class Unit:
    """Who signs: a certificate in use, and what makes tokens with its key."""

    certificate: ServiceCertificate
    template: TokenTemplate


class Units:
    """Finds who signs for each unit; safe in many threads."""

    def __init__(
        self,
        *,
        certificates: ServiceCertificates,
        accuracy: timedelta,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._certificates = certificates
        self._accuracy = accuracy
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._found: dict[str, tuple[Unit, float]] = {}

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

    def certificates(self, definition: UnitDefinition) -> list[ServiceCertificate]:
        """Return a unit's certificates that may sign now or later, the first to end first."""
        return self._certificates.of(definition)

    def _find(self, definition: UnitDefinition, now: datetime, last: Unit | None) -> Unit:
        for one, key in self._certificates.in_use(definition, at=now):
            # The same as before: what was encoded for it is not encoded again.
            if last is not None and last.certificate.certificate_der == one.certificate_der:
                return last
            return Unit(one, self._template(one, key))
        raise UnitMissing(
            f"The time-stamping unit {definition.name} has no certificate and key in use.",
            kept="Nothing was stamped.",
            unit=definition.name,
        )

    def _template(self, one: ServiceCertificate, key: SigningKey) -> TokenTemplate:
        return TokenTemplate(
            key=key,
            certificate_der=one.certificate_der,
            chain=self._certificates.above(one.certificate),
            accuracy=self._accuracy,
        )
