"""Wires passes: whom this home trusts, and who signs those that are issued here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from flask import Blueprint, Flask

from core.scheduler import Job
from signing.passes.issuing.issuing import PassIssuing
from signing.passes.issuing.routes import mount_passes
from signing.passes.issuing.signers import SIGNERS, DocumentSigners
from signing.passes.issuing.status_index import StatusIndexes
from signing.passes.publishing.cards import CardLists
from signing.passes.publishing.hash_lists import HashLists
from signing.passes.publishing.kept import KeptLists
from signing.passes.publishing.routes import PassLists, pass_lists_blueprint
from signing.passes.publishing.seal import ListSeal
from signing.passes.publishing.status_lists import StatusLists
from signing.passes.publishing.trust_lists import TrustLists
from signing.passes.revocation.revoking import PassRevocation
from signing.passes.revocation.routes import mount_pass_revocation
from signing.passes.settings import PassSettings
from signing.passes.trust.files import trust_from
from signing.passes.trust.signers import TrustStore
from signing.service_keys.renewal import ServiceKeyRenewal

if TYPE_CHECKING:
    from camtrust.wiring import Services

TRUST_FOLDER = "pass-trust"
STATUS_PATH, TRUST_PATH = "/passes/status", "/passes/trust"
HASHES_PATH = "/passes/revocation-lists"
# The issuer of SMART Health Cards: its keys stand under /.well-known/jwks.json below it.
CARDS_PATH = "/passes/cards"


class PassWiring:
    """The part of :class:`camtrust.wiring.Services` that passes need."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @property
    def settings(self) -> PassSettings:
        """The section ``[passes]``."""
        return self._services.settings.passes

    @cached_property
    def trust(self) -> TrustStore:
        """Everybody in the folder ``pass-trust`` of this home; nobody without one.

        Raises PassTrustUnreadable.
        """
        folder = self._services.home / TRUST_FOLDER
        return trust_from(folder) if folder.is_dir() else TrustStore()

    @cached_property
    def signers(self) -> DocumentSigners:
        """Who signs passes."""
        services = self._services
        return DocumentSigners(certificates=services.service_certificates, clock=services.clock)

    @cached_property
    def renewal(self) -> ServiceKeyRenewal:
        """Certifies who signs."""
        return self._services.service_key_renewal(
            SIGNERS, token=self.settings.token, renew_before=self.settings.renew_before
        )

    @cached_property
    def issuing(self) -> PassIssuing:
        """Issues passes."""
        services, address = self._services, self._address
        return PassIssuing(
            database=services.database,
            log=services.log,
            signers=self.signers,
            statuses=StatusIndexes(database=services.database, address=address + STATUS_PATH),
            name_of=lambda institution: services.verification.offices.name_of(institution).english,
            issuers=self.settings.issuers,
            address=address + CARDS_PATH,
            clock=services.clock,
        )

    @cached_property
    def revocation(self) -> PassRevocation:
        """Takes passes back."""
        services = self._services
        return PassRevocation(database=services.database, log=services.log, clock=services.clock)

    @cached_property
    def lists(self) -> PassLists:
        """What verifiers fetch."""
        services, settings = self._services, self.settings
        seal = ListSeal(self.signers)
        kept = KeptLists(clock=services.clock, period=settings.status_ttl)
        return PassLists(
            statuses=StatusLists(
                database=services.database,
                seal=seal,
                kept=kept,
                address=self._address + STATUS_PATH,
                ttl=settings.status_ttl,
                lifetime=settings.status_lifetime,
            ),
            hashes=HashLists(
                database=services.database,
                seal=seal,
                kept=kept,
                address=self._address + HASHES_PATH,
                ttl=settings.status_ttl,
                lifetime=settings.status_lifetime,
            ),
            trust=TrustLists(
                signers=self.signers,
                issuer_of=services.service_certificates.issuer_of,
                seal=seal,
                kept=kept,
                address=self._address + TRUST_PATH,
                lifetime=settings.status_lifetime,
            ),
            cards=CardLists(database=services.database, signers=self.signers),
            ttl=settings.status_ttl,
        )

    @property
    def blueprint(self) -> Blueprint:
        """The routes for verifiers."""
        return pass_lists_blueprint(lambda: self.lists)

    @property
    def _address(self) -> str:
        return self._services.settings.serve.public_url.rstrip("/")

    @property
    def mounts(self) -> tuple[Callable[[Flask], None], ...]:
        """What gives an app the routes."""
        return (
            lambda app: mount_passes(app, lambda: self.issuing),
            lambda app: mount_pass_revocation(app, lambda: self.revocation),
        )

    @property
    def jobs(self) -> list[Job]:
        """What happens by itself."""
        if not self.settings.renews_itself:
            return []
        return [Job("document-signers", timedelta(minutes=10), self.renewal.renew_due)]
