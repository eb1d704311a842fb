"""Which certificates a service key may sign under just now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
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
from signing.service_keys.definition import SignerDefinition


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
class ServiceCertificate:
    """A certificate that is valid and good, and when its key's use begins and ends."""

    key_id: bytes
    certificate: x509.Certificate
    certificate_der: bytes
    begins: datetime
    ends: datetime

    def is_in_use(self, at: datetime) -> bool:
        """Tell whether its key may sign at an instant."""
        return self.begins <= at < self.ends


class ServiceCertificates:
    """Finds the certificates of service keys, and their keys."""

    def __init__(
        self, *, statuses: Standings, keys: Keys, authorities: Hierarchy, clock: Clock
    ) -> None:
        self._statuses = statuses
        self._keys = keys
        self._authorities = authorities
        self._clock = clock
        self._events = structlog.get_logger("service-keys")

    def of(self, definition: SignerDefinition) -> list[ServiceCertificate]:
        """Return a signer's certificates that may sign now or later, the first to end first."""
        now = self._clock.now()
        return [one for one in self.good(definition) if one.ends > now]

    def good(self, definition: SignerDefinition) -> list[ServiceCertificate]:
        """Return a signer's certificates that are valid and good, the first to end first.

        The use of a key may be over, and what it signed still counts.
        """
        held = self._statuses.good_certificates_of(definition.holder, at=self._clock.now())
        return sorted(map(read_certificate, held), key=lambda one: one.ends)

    def in_use(
        self, definition: SignerDefinition, *, at: datetime
    ) -> Iterator[tuple[ServiceCertificate, SigningKey]]:
        """Yield the certificates whose keys may sign, the first to end first.

        Raises TokenUnavailable, DatabaseUnavailable.
        """
        for one in self.of(definition):
            if one.is_in_use(at) and (key := self._key(definition, one)) is not None:
                yield one, key

    def can_sign(self, one: ServiceCertificate) -> bool:
        """Tell whether its key is there and active. Raises TokenUnavailable."""
        try:
            self._keys.signing_key(one.key_id)
        except Unavailable:
            # The token is away: it will be back with its keys, or somebody replaces it.
            raise
        except CamtrustError:
            # The key was lost with its token, or is suspended or ended.
            return False
        return True

    def above(self, certificate: x509.Certificate) -> Sequence[bytes]:
        """Return the authorities' certificates as DER, up to the anchor and without it.

        Whoever verifies has the anchor, and would not believe it from here.
        """
        issuer = self._issuer(certificate)
        if issuer is None:
            return []
        above = self._authorities.chain(issuer.name)[:-1]
        return [each.public_bytes(Encoding.DER) for each in above]

    def issuer_of(self, certificate: x509.Certificate) -> x509.Certificate | None:
        """Return the certificate of the authority that issued one, an anchor's too."""
        issuer = self._issuer(certificate)
        return None if issuer is None else issuer.certificate

    def _issuer(self, certificate: x509.Certificate) -> Authority | None:
        return next(
            (
                one
                for one in self._authorities.all()
                if one.certificate.subject == certificate.issuer
            ),
            None,
        )

    def _key(self, definition: SignerDefinition, one: ServiceCertificate) -> SigningKey | None:
        try:
            return self._keys.signing_key(one.key_id)
        except Unavailable:
            # The token is away: its successor lives in the same one.
            raise
        except CamtrustError as error:
            # Its key is gone, suspended or ended: perhaps its successor signs already.
            self._events.warning("no-service-key", signer=definition.name, problem=error.problem)
            return None


# Asked for again every second, for the same few certificates.
@lru_cache(maxsize=64)
def read_certificate(held: HeldCertificate) -> ServiceCertificate:
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
    return ServiceCertificate(held.key_id, certificate, held.certificate_der, begins, ends)


def _aware(instant: datetime | None) -> datetime | None:
    # cryptography gives these instants naive, in UTC.
    return instant if instant is None or instant.tzinfo else instant.replace(tzinfo=UTC)
