"""Wires what takes passes back, and the lists by which verifiers know of it and of our signers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from flask import Blueprint, Flask

from camtrust.pass_issuing import STATUS_PATH, PassIssuingWiring
from signing.passes.publishing.cards import CardLists
from signing.passes.publishing.hash_lists import HashLists
from signing.passes.publishing.kept import KeptLists
from signing.passes.publishing.routes import PassLists, pass_lists_blueprint
from signing.passes.publishing.seal import ListSeal
from signing.passes.publishing.status_lists import StatusLists
from signing.passes.publishing.trust_lists import TrustLists
from signing.passes.revocation.revoking import PassRevocation
from signing.passes.revocation.routes import mount_pass_revocation

TRUST_PATH, HASHES_PATH = "/passes/trust", "/passes/revocation-lists"


class PassListWiring(PassIssuingWiring):
    """What :class:`camtrust.passes.PassWiring` inherits."""

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
                address=self.address + STATUS_PATH,
                ttl=settings.status_ttl,
                lifetime=settings.status_lifetime,
            ),
            hashes=HashLists(
                database=services.database,
                seal=seal,
                kept=kept,
                address=self.address + HASHES_PATH,
                ttl=settings.status_ttl,
                lifetime=settings.status_lifetime,
            ),
            trust=TrustLists(
                signers=self.signers,
                issuer_of=services.service_certificates.issuer_of,
                seal=seal,
                kept=kept,
                address=self.address + TRUST_PATH,
                lifetime=settings.status_lifetime,
            ),
            cards=CardLists(database=services.database, signers=self.signers),
            ttl=settings.status_ttl,
        )

    @property
    def list_blueprint(self) -> Blueprint:
        """The routes for verifiers."""
        return pass_lists_blueprint(lambda: self.lists)

    @property
    def mounts(self) -> tuple[Callable[[Flask], None], ...]:
        """What gives an app the routes."""
        return (
            *super().mounts,
            lambda app: mount_pass_revocation(app, lambda: self.revocation),
        )
