"""Wires the validation of documents: whom this home trusts, and what its register knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Blueprint

from ca.authorities import Authorities
from ca.revocation.reasons import RevocationReason
from ca.revocation.status import StatusDirectory
from camtrust.settings import DATABASE_FILE
from core.clock import Clock
from core.errors import NotFound
from signing.documents.validation.desk import ValidationDesk
from signing.documents.validation.evidence import ON_HOLD, Source, Statement
from signing.documents.validation.routes import validation_api, validation_pages
from signing.documents.validation.trust import Anchor, Trust
from signing.documents.validation.trust_files import trust_from
from signing.documents.validation.trust_folder import TrustFolder
from signing.documents.validation.validator import DocumentValidator

if TYPE_CHECKING:
    from camtrust.wiring import Services

# The health and the test anchors vouch for passes, not for documents (hierarchy.toml).
_ROOT_ROLE = "root"
OWN = "own"
TRUST_FOLDER = "trust"


class ValidationWiring:
    """The part of :class:`camtrust.wiring.Services` that validation needs."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def validator(self, trusted: Path | None = None) -> DocumentValidator:
        """Return what validates against this home's root and its folder of trust, or ``trusted``.

        Standings of our own certificates come from the register wherever this home has one.
        Raises SchemaOutdated, TrustUnreadable.
        """
        if trusted is None:
            return DocumentValidator(
                trust=self.own_trust + self.others.trust(),
                register=self.register,
                clock=self._services.clock,
            )
        register = self.register if self._has_register else None
        return DocumentValidator(
            trust=trust_from(trusted, now=self._services.clock.now()),
            register=register,
            clock=self._services.clock,
        )

    @cached_property
    def desk(self) -> ValidationDesk:
        """Where strangers' documents are validated."""
        settings = self._services.settings.validation
        return ValidationDesk(validator=self._public_validator, at_once=settings.at_once)

    @property
    def blueprints(self) -> Sequence[Blueprint]:
        """The route for programs and the pages for people."""
        settings = self._services.settings.validation
        return (
            validation_api(lambda: self.desk, settings),
            validation_pages(lambda: self.desk, settings),
        )

    def _public_validator(self) -> DocumentValidator:
        settings = self._services.settings.validation
        return DocumentValidator(
            # A list that ran out takes nothing away from our own signers.
            trust=self.own_trust + self.others.trust_or_nobody(),
            register=self.register,
            clock=self._services.clock,
            bounds=settings.bounds,
        )

    @cached_property
    def register(self) -> RegisterStandings:
        """What our own register knows."""
        return RegisterStandings(
            authorities=self._services.authorities,
            statuses=self._services.statuses,
            clock=self._services.clock,
        )

    @cached_property
    def others(self) -> TrustFolder:
        """Whose authorities are trusted beside our own root."""
        return TrustFolder(folder=self._services.home / TRUST_FOLDER, clock=self._services.clock)

    @property
    def own_trust(self) -> Trust:
        """Our own roots, with the authorities below them to build chains."""
        anchors, below = list[Anchor](), list[asn1_x509.Certificate]()
        for one in self._services.authorities.all():
            held = (one.certificate, *one.earlier)
            if one.role == _ROOT_ROLE:
                anchors += [Anchor(_asn1(certificate), OWN) for certificate in held]
            elif one.parent is not None:
                below += [_asn1(certificate) for certificate in (*held, *one.crossed)]
        return Trust(tuple(anchors), tuple(below))

    @property
    def _has_register(self) -> bool:
        # Whoever names the trust may have no home at all, and none is made by asking.
        home = self._services.home
        if not home.is_dir():
            return False
        return bool(self._services.settings.database.url) or (home / DATABASE_FILE).is_file()


class RegisterStandings:
    """A :class:`~signing.documents.validation.revocation.StatusRegister` from our own tables."""

    def __init__(
        self, *, authorities: Authorities, statuses: StatusDirectory, clock: Clock
    ) -> None:
        self._authorities = authorities
        self._statuses = statuses
        self._clock = clock

    def standing(
        self, certificate: asn1_x509.Certificate, issuer: asn1_x509.Certificate
    ) -> Statement | None:
        """Return the present standing, or None for what is not ours or was never issued."""
        name = self._authority_of(issuer)
        if name is None:
            return None
        # Before the tables are asked: what was revoked until this instant is in the answer.
        now = self._clock.now()
        serial = certificate.serial_number
        found = self._statuses.statuses(name, [serial]).get(serial)
        if found is None:
            return None
        held = found.reason is RevocationReason.CERTIFICATE_HOLD
        reason = found.reason.flag.name if found.reason is not None else None
        since = found.revoked_at
        if since is not None and found.invalidity_date is not None:
            # RFC 5280, Section 5.3.2: the key was no longer the signer's since then.
            since = min(since, found.invalidity_date)
        return Statement(Source.REGISTER, now, None, since, ON_HOLD if held else reason)

    def _authority_of(self, issuer: asn1_x509.Certificate) -> str | None:
        try:
            found = self._authorities.issuer_by_certid(
                issuer.subject.sha256, issuer.public_key.sha256
            )
        except NotFound:
            return None
        return found.authority


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def trust_findings(services: Services) -> Iterator[tuple[str, bool | None]]:
    """Yield who is trusted beside our own root. Raises TrustUnreadable, which is a finding."""
    anchors = services.validation.others.trust().anchors
    yield f"{len(anchors)} authorities are trusted for documents beside our own root", None
