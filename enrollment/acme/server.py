"""Everything that ACME's routes work with, built from what the house has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from ca.authorities import Authorities
from ca.profiles import Profile
from core.clock import Clock
from core.database import Database
from enrollment.acme.accounts import Accounts
from enrollment.acme.addresses import Addresses
from enrollment.acme.authorizations import Authorizations
from enrollment.acme.challenges import Challenges, Validator
from enrollment.acme.documents import Documents
from enrollment.acme.external_binding import ExternalBinding, GrantLookup, SecretSource
from enrollment.acme.finalizing import Finalizing, Issuing
from enrollment.acme.issued import IssuedCertificates
from enrollment.acme.nonces import Nonces
from enrollment.acme.orders import Orders
from enrollment.acme.revoking import Revoker, Revoking
from enrollment.acme.settings import AcmeSettings
from enrollment.acme.signed_requests import SignedRequests


class AcmeServer:
    """The parts of an ACME server, each built when it is first wanted."""

    def __init__(
        self,
        *,
        database: Database,
        grants: GrantLookup,
        secrets: SecretSource,
        issuing: Issuing,
        revocation: Revoker,
        validator: Validator,
        authorities: Authorities,
        profiles: Mapping[str, Profile],
        settings: AcmeSettings,
        public_url: str,
        clock: Clock,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.addresses = Addresses(public_url)
        self._database = database
        self._grants = grants
        self._secrets = secrets
        self._issuing = issuing
        self._revocation = revocation
        self._validator = validator
        self._authorities = authorities
        self._profiles = profiles

    def forget_old(self) -> int:
        """Delete used nonces that ran out; return how many."""
        return self.nonces.forget_old()

    @cached_property
    def nonces(self) -> Nonces:
        """Nonces."""
        return Nonces(database=self._database, settings=self.settings, clock=self.clock)

    @cached_property
    def requests(self) -> SignedRequests:
        """The door for signed requests."""
        return SignedRequests(database=self._database, nonces=self.nonces, addresses=self.addresses)

    @cached_property
    def accounts(self) -> Accounts:
        """Accounts."""
        binding = ExternalBinding(
            grants=self._grants, secrets=self._secrets, settings=self.settings
        )
        return Accounts(
            database=self._database,
            binding=binding,
            addresses=self.addresses,
            settings=self.settings,
            clock=self.clock,
        )

    @cached_property
    def authorizations(self) -> Authorizations:
        """Authorizations."""
        return Authorizations(settings=self.settings, clock=self.clock)

    @cached_property
    def issued(self) -> IssuedCertificates:
        """What orders led to."""
        return IssuedCertificates(database=self._database, authorities=self._authorities)

    @cached_property
    def orders(self) -> Orders:
        """Orders."""
        return Orders(
            profiles=self._profiles,
            made=self.authorizations,
            issued=self.issued,
            settings=self.settings,
            clock=self.clock,
        )

    @cached_property
    def challenges(self) -> Challenges:
        """Challenges."""
        return Challenges(
            database=self._database,
            validator=self._validator,
            settings=self.settings,
            clock=self.clock,
        )

    @cached_property
    def finalizing(self) -> Finalizing:
        """Finalization."""
        return Finalizing(
            database=self._database,
            issuing=self._issuing,
            issued=self.issued,
            validator=self._validator,
            profiles=self._profiles,
            addresses=self.addresses,
            clock=self.clock,
        )

    @cached_property
    def revoking(self) -> Revoking:
        """Revocation."""
        return Revoking(
            database=self._database,
            issued=self.issued,
            revocation=self._revocation,
            clock=self.clock,
        )

    @cached_property
    def documents(self) -> Documents:
        """How resources are written down."""
        return Documents(addresses=self.addresses, settings=self.settings, profiles=self._profiles)
