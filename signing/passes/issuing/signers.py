"""Document signers: which there are, and which key and certificate sign passes just now."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from cryptography import x509
from cryptography.x509.oid import NameOID

from core.clock import Clock
from hsm.keys import SigningKey
from signing.passes.issuing.errors import UNISSUED, DocumentSignerMissing
from signing.passes.trust.certificates import PassCertificate, read_certificate
from signing.service_keys.certificates import ServiceCertificate, ServiceCertificates

# How long a signer is used without looking whether its certificate still stands: as long as a
# key's state is believed (:mod:`hsm.registry`).
LOOK_AGAIN_SECONDS = 1.0
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class SignerKind:
    """A kind of document signer: the profile of its certificates, and its CN."""

    name: str
    profile: str
    common_name: str

    @property
    def holder(self) -> str:
        """The name under which its certificates are issued."""
        return f"document-signer:{self.name}"

    @property
    def label(self) -> str:
        """What the labels of its keys begin with."""
        return f"document-signer-{self.name}-"

    def facts(self, issuer: x509.Name, *, at: datetime) -> Mapping[str, str]:
        """Return what its certificate says of it."""
        [organization] = issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        days = (at - datetime(2026, 1, 1, tzinfo=at.tzinfo)).days // 5
        return {
            "organization_name": str(organization.value),
            "common_name": f"{self.common_name} {at:%Y-%m-%d}",
            # ICAO Technical Report VDS-NC: two characters that name the signer within its country.
            "signer_identifier": _DIGITS[days // 36 % 36] + _DIGITS[days % 36],
        }


HEALTH, TRAVEL, IDENTITY = "health", "travel", "identity"
SIGNERS = (
    SignerKind(HEALTH, "health-dsc", "Cambodia Health Document Signer"),
    SignerKind(TRAVEL, "vds-nc-signer", "Cambodia Seal Signer"),
    SignerKind(IDENTITY, "identity-code-signer", "Cambodia Identity Code Signer"),
)
BY_NAME = {one.name: one for one in SIGNERS}


@dataclass(frozen=True)
class PassSigner:
    """A certificate in use and its key."""

    held: ServiceCertificate
    key: SigningKey

    @cached_property
    def certificate(self) -> PassCertificate:
        """The certificate as verifiers of passes read it."""
        return read_certificate(self.held.certificate_der)

    @property
    def key_id(self) -> bytes:
        """The kid of HC1: the first eight octets of the certificate's SHA-256."""
        return self.certificate.key_id

    @property
    def not_after(self) -> datetime:
        """When its certificate ends: no pass outlives it."""
        return self.certificate.not_after


class DocumentSigners:
    """Finds who signs passes; safe in many threads."""

    def __init__(
        self,
        *,
        certificates: ServiceCertificates,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._certificates = certificates
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._found: dict[str, tuple[PassSigner, float]] = {}

    def signer(self, name: str) -> PassSigner:
        """Return who signs. Raises DocumentSignerMissing, TokenUnavailable, DatabaseUnavailable."""
        now = self._clock.now()
        known = self._found.get(name)
        if known and known[1] > self._monotonic() and known[0].held.is_in_use(now):
            return known[0]
        with self._lock:
            found = self._find(name, now)
            if known and known[0].held.certificate_der == found.held.certificate_der:
                found = known[0]
            self._found[name] = (found, self._monotonic() + LOOK_AGAIN_SECONDS)
            return found

    def all(self, name: str) -> list[ServiceCertificate]:
        """Return a signer's certificates that may sign now or later, the first to end first."""
        return self._certificates.of(BY_NAME[name])

    def counting(self, name: str) -> list[ServiceCertificate]:
        """Return the certificates whose passes count: those that sign no more, too."""
        return self._certificates.good(BY_NAME[name])

    def chain(self, one: ServiceCertificate) -> list[bytes]:
        """Return a certificate as DER and those above it, without the anchor."""
        return [one.certificate_der, *self._certificates.above(one.certificate)]

    def _find(self, name: str, now: datetime) -> PassSigner:
        for held, key in self._certificates.in_use(BY_NAME[name], at=now):
            return PassSigner(held, key)
        raise DocumentSignerMissing(
            f"No document signer of the kind {name} has a certificate and a key in use.",
            kept=UNISSUED,
            signer=name,
        )
