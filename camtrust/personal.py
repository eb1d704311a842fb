"""Wires a person's own pages: drafts, bundles, certificates held, and objections."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from enrollment.holding.holdings import Holdings
from enrollment.holding.renewals import Renewals
from enrollment.objections.objecting import Objecting
from enrollment.objections.objections import Objections
from enrollment.subscriber.bundles import Bundles
from enrollment.subscriber.collecting import Collecting
from enrollment.subscriber.dossier import Dossiers
from enrollment.subscriber.drafts import Drafts
from enrollment.subscriber.for_people import BundlesForPeople
from enrollment.subscriber.identity_check import IdentityCheck, NoRegister
from enrollment.subscriber.personal import PersonalPages
from enrollment.subscriber.policy import POLICY, SubscriberPolicy

if TYPE_CHECKING:
    from camtrust.wiring import Services


class PersonalWiring:
    """The part of :class:`camtrust.wiring.Services` that people's own pages need."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @cached_property
    def policy(self) -> SubscriberPolicy:
        """What a person may apply for. Raises SettingsRefused."""
        chosen = self._services.settings.enrollment.subscriber_policy
        return SubscriberPolicy.load(POLICY if chosen is None else self._services.home / chosen)

    @cached_property
    def identity_check(self) -> IdentityCheck:
        """The identity register; none yet."""
        return NoRegister()

    @cached_property
    def dossiers(self) -> Dossiers:
        """What the lists say of a person."""
        registration = self._services.registration
        return Dossiers(
            people=registration.subscribers.people,
            profiles=registration.open_profiles,
            clock=self._services.clock,
        )

    @cached_property
    def drafts(self) -> Drafts:
        """Applications that are being prepared."""
        return Drafts(
            database=self._services.database,
            dossiers=self.dossiers,
            identity_check=self.identity_check,
            policy=self.policy,
            clock=self._services.clock,
        )

    @cached_property
    def bundles(self) -> Bundles:
        """Applications that were submitted."""
        services = self._services
        return Bundles(
            database=services.database,
            log=services.log,
            applications=services.registration.applications,
            dossiers=self.dossiers,
            answers=services.registration.office.answers,
            delivery=services.registration.delivery,
            policy=self.policy,
            expires_within=services.settings.enrollment.decide_within,
            clock=services.clock,
        )

    @cached_property
    def holdings(self) -> Holdings:
        """Certificates that people hold."""
        services = self._services
        return Holdings(
            database=services.database,
            register=services.registration.register,
            revocation=services.revocation,
            codes=services.registration.subscriber_keys.revocation_codes,
            renewal_opens=self.policy.renewal.opens,
            clock=services.clock,
        )

    @cached_property
    def renewals(self) -> Renewals:
        """Renewals and re-keys."""
        return Renewals(
            database=self._services.database,
            holdings=self.holdings,
            dossiers=self.dossiers,
            drafts=self.drafts,
            bundles=self.bundles,
            policy=self.policy,
            clock=self._services.clock,
        )

    @cached_property
    def objections(self) -> Objections:
        """What people say is wrong."""
        services = self._services
        return Objections(
            database=services.database,
            log=services.log,
            within=self.policy.objection.within,
            clock=services.clock,
        )

    @cached_property
    def objecting(self) -> Objecting:
        """Who answers it, and what follows."""
        return Objecting(
            database=self._services.database,
            objections=self.objections,
            applications=self._services.registration.applications,
            dossiers=self.dossiers,
            revocation=self._services.revocation,
        )

    @cached_property
    def pages(self) -> PersonalPages:
        """What the pages work with."""
        registration = self._services.registration
        return PersonalPages(
            access=registration.policy,
            bundles=self.bundles,
            bundles_for_people=BundlesForPeople(
                database=self._services.database,
                subscribers=registration.subscribers.subscribers,
                dossiers=self.dossiers,
                drafts=self.drafts,
                bundles=self.bundles,
                clock=self._services.clock,
            ),
            collecting=Collecting(
                database=self._services.database,
                codes=registration.subscriber_keys.revocation_codes,
            ),
            delivery=registration.delivery,
            dossiers=self.dossiers,
            drafts=self.drafts,
            escrow=registration.subscriber_keys.escrow,
            holdings=self.holdings,
            institutions=registration.subscribers.institutions,
            key_offers=registration.subscriber_keys.offers,
            objecting=self.objecting,
            objections=self.objections,
            profiles=registration.open_profiles,
            renewals=self.renewals,
            rules=self.policy,
            sessions=registration.subscribers.sessions,
        )
