"""Wires the registration authority and the web edge upon the services below them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ca.register import CertificateRegister
from ca.revocation.status import StatusDirectory
from camtrust.app import ROLES
from camtrust.cmp import CmpWiring
from camtrust.inviting import InvitingWiring
from camtrust.mailing import MailWiring
from camtrust.office import OfficeWiring
from camtrust.personal import PersonalWiring
from camtrust.programs import ProgramWiring
from camtrust.protocols import ProtocolWiring
from camtrust.reminding import ReminderWiring
from camtrust.sign_in import SignInParts, sign_in_parts
from camtrust.staff_lists import StaffListWiring
from camtrust.subscriber_keys import SubscriberKeyWiring
from camtrust.subscribers import SubscriberWiring
from core.access import AccessPolicy
from core.idempotency import IdempotentRequests
from enrollment.applications import Applications
from enrollment.decisions import Decisions
from enrollment.delivery import Delivery
from enrollment.grants.grants import Grants
from enrollment.grants.issuing import GrantedIssuance
from enrollment.grants.routes import GrantOffice
from enrollment.grants.secrets import MAC_KEY, GrantSecrets
from enrollment.officers import Officers
from enrollment.profiles import OpenProfiles
from enrollment.registration_authority import RegistrationAuthority
from enrollment.sign_in import CertificateSignIn

if TYPE_CHECKING:
    from camtrust.wiring import Services


class RegistrationWiring:
    """The part of :class:`camtrust.wiring.Services` that enrolment and the web edge need."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @cached_property
    def register(self) -> CertificateRegister:
        """The certificates that exist."""
        return CertificateRegister(database=self._services.database)

    @cached_property
    def officers(self) -> Officers:
        """Who may sign in."""
        return Officers(
            database=self._services.database,
            log=self._services.log,
            register=self.register,
            clock=self._services.clock,
        )

    @cached_property
    def sign_in(self) -> CertificateSignIn:
        """How they sign in."""
        return CertificateSignIn(
            authorities=self._services.authorities,
            register=self.register,
            statuses=StatusDirectory(database=self._services.database),
            officers=self.officers,
            clock=self._services.clock,
        )

    @cached_property
    def open_profiles(self) -> OpenProfiles:
        """What may be applied for."""
        return OpenProfiles(
            profiles=self._services.profiles,
            closed=self._services.settings.enrollment.closed_profiles,
        )

    @cached_property
    def applications(self) -> Applications:
        """Takes applications."""
        return Applications(
            database=self._services.database,
            log=self._services.log,
            profiles=self.open_profiles,
            issuance=self._services.issuance,
            clock=self._services.clock,
            settings=self._services.settings.enrollment,
        )

    @cached_property
    def office(self) -> OfficeWiring:
        """What officers work with beside applications."""
        return OfficeWiring(self._services)

    @cached_property
    def decisions(self) -> Decisions:
        """Decides applications."""
        return Decisions(
            database=self._services.database,
            log=self._services.log,
            clock=self._services.clock,
            settings=self._services.settings.enrollment,
            notices=self.office.notices,
        )

    @cached_property
    def delivery(self) -> Delivery:
        """Issues what was approved."""
        return Delivery(
            database=self._services.database,
            log=self._services.log,
            issuance=self._services.issuance,
            authorities=self._services.authorities,
            register=self.register,
        )

    @cached_property
    def grants(self) -> Grants:
        """What machines may enrol for."""
        return Grants(
            database=self._services.database,
            log=self._services.log,
            profiles=self.open_profiles,
            clock=self._services.clock,
        )

    @cached_property
    def grant_secrets(self) -> GrantSecrets:
        """How machines prove whose grant they use."""
        return GrantSecrets(
            database=self._services.database,
            log=self._services.log,
            mac_key=lambda: self._services.keys.mac_key(MAC_KEY),
            clock=self._services.clock,
        )

    @cached_property
    def granted_issuance(self) -> GrantedIssuance:
        """Issues what grants allow."""
        return GrantedIssuance(
            database=self._services.database,
            issuance=self._services.issuance,
            delivery=self.delivery,
            profiles=self.open_profiles,
            clock=self._services.clock,
        )

    @cached_property
    def policy(self) -> AccessPolicy:
        """Which role may do what."""
        chosen = self._services.settings.serve.roles
        return AccessPolicy.load(ROLES if chosen is None else self._services.home / chosen)

    @cached_property
    def authority(self) -> RegistrationAuthority:
        """What the enrolment routes work with."""
        return RegistrationAuthority(
            applications=self.applications,
            decisions=self.decisions,
            answers=self.office.answers,
            delivery=self.delivery,
            profiles=self.open_profiles,
            revocation=self._services.revocation,
            mass_revocation=self._services.mass_revocation,
            grants=GrantOffice(grants=self.grants, secrets=self.grant_secrets),
            invitations=self.inviting.office,
            escrow=self.subscriber_keys.escrow_office,
            policy=self.policy,
            desk=self.office.desk,
            staff_lists=self.staff_lists.office,
        )

    @cached_property
    def personal(self) -> PersonalWiring:
        """People's own pages."""
        return PersonalWiring(self._services)

    @cached_property
    def subscribers(self) -> SubscriberWiring:
        """Institutions, people, and those who sign in."""
        return SubscriberWiring(self._services)

    @cached_property
    def programs(self) -> ProgramWiring:
        """What institutions' programs use."""
        return ProgramWiring(self._services)

    @cached_property
    def subscriber_keys(self) -> SubscriberKeyWiring:
        """Where subscribers' keys live, and the codes that revoke them."""
        return SubscriberKeyWiring(self._services)

    @cached_property
    def staff_lists(self) -> StaffListWiring:
        """Human-resources lists, and those who leave them."""
        return StaffListWiring(self._services)

    @cached_property
    def sign_in_parts(self) -> SignInParts:
        """How people sign in, and officers confirm."""
        return sign_in_parts(self._services)

    @cached_property
    def protocols(self) -> ProtocolWiring:
        """The protocols by which machines enrol."""
        return ProtocolWiring(self._services)

    @cached_property
    def cmp(self) -> CmpWiring:
        """The CMP server, one of these protocols."""
        return CmpWiring(self._services)

    @cached_property
    def mailing(self) -> MailWiring:
        """The outbox and the way out."""
        return MailWiring(self._services)

    @cached_property
    def inviting(self) -> InvitingWiring:
        """Invitations."""
        return InvitingWiring(self._services)

    @cached_property
    def reminding(self) -> ReminderWiring:
        """Mails that come by themselves."""
        return ReminderWiring(self._services)

    @cached_property
    def idempotent_requests(self) -> IdempotentRequests:
        """Requests that may be sent again."""
        return IdempotentRequests(database=self._services.database, clock=self._services.clock)
