"""Wires what takes passes back, and the lists by which verifiers know of it and of our signers."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import cached_property

from flask import Blueprint, Flask

from camtrust.pass_issuing import CARDS_PATH, STATUS_PATH, PassIssuingWiring
from signing.passes.issuing.signers import BY_NAME
from signing.passes.page.statuses import OwnStatuses
from signing.passes.publishing.cards import CardLists
from signing.passes.publishing.hash_lists import HashLists
from signing.passes.publishing.kept import KeptLists
from signing.passes.publishing.routes import PassLists, pass_lists_blueprint
from signing.passes.publishing.seal import ListSeal
from signing.passes.publishing.status_lists import StatusLists
from signing.passes.publishing.trust_lists import TrustLists
from signing.passes.revocation.revoking import PassRevocation
from signing.passes.revocation.routes import mount_pass_revocation
from signing.passes.trust.lists import read_list
from signing.passes.trust.signers import TrustStore

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
    def own_trust(self) -> TrustStore:
        """This home's document signers whose certificates are valid and good.

        Raises DatabaseUnavailable.
        """
        signers = read_list(self.lists.trust.key_set(), self.address + TRUST_PATH)
        if not self.address.startswith("https://"):
            # SMART Health Cards have issuers with https addresses alone: a home that is tried out
            # on one machine is none.
            return signers
        # As the VCI directory has them: for cards of this address alone.
        issuer = {"iss": self.address + CARDS_PATH}
        entry = {"issuer": issuer, "keys": self.lists.cards.keys()["keys"]}
        return signers + read_list({"issuerInfo": [entry]}, issuer["iss"])

    @property
    def own_statuses(self) -> Sequence[OwnStatuses]:
        """The statuses of the passes that this home issued. Raises DatabaseUnavailable."""
        makers = self.own_trust.signers
        arrays = self.lists.statuses.arrays()
        return [OwnStatuses(uri, array, makers) for uri, array in arrays.items()]

    @property
    def own_state(self) -> Hashable:
        """What changes with own signers and statuses. Raises DatabaseUnavailable."""
        held = (one for name in BY_NAME for one in self.signers.counting(name))
        signers = tuple(one.certificate_der for one in held)
        return signers, tuple(self.lists.statuses.versions().items())

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
