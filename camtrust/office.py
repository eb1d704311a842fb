"""Wires what officers work with, beside applications and decisions themselves."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ca.inquiry import CertificateInquiries
from enrollment.answers import Answers
from enrollment.audit.acts import OfficeActs
from enrollment.audit.ledger import AuditLedger
from enrollment.counter.counter import Counter
from enrollment.expiry import Expiry
from enrollment.notices.notices import Notices
from enrollment.office.issued.exports import Exports
from enrollment.office.registration import Desk
from enrollment.queue import Queue

if TYPE_CHECKING:
    from camtrust.wiring import Services


class OfficeWiring:
    """The part of :class:`camtrust.wiring.Services` that officers' pages need."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @cached_property
    def desk(self) -> Desk:
        """What officers alone work with."""
        services, registration = self._services, self._services.registration
        return Desk(
            queue=Queue(database=services.database),
            inquiries=self.inquiries,
            exports=Exports(
                database=services.database,
                inquiries=self.inquiries,
                acts=self.acts,
                clock=services.clock,
            ),
            officers=registration.officers,
            institutions=registration.subscribers.institutions,
            ledger=AuditLedger(
                database=services.database, log=services.log, register=registration.register
            ),
            counter=self.counter,
        )

    @cached_property
    def inquiries(self) -> CertificateInquiries:
        """Which certificates were issued."""
        return CertificateInquiries(database=self._services.database, clock=self._services.clock)

    @cached_property
    def acts(self) -> OfficeActs:
        """Officers' acts that no other table records."""
        services = self._services
        return OfficeActs(database=services.database, log=services.log, clock=services.clock)

    @cached_property
    def counter(self) -> Counter:
        """What officers at a counter do for a person."""
        services, registration = self._services, self._services.registration
        return Counter(
            database=services.database,
            people=registration.subscribers.people,
            subscribers=registration.subscribers.subscribers,
            applications=registration.applications,
            profiles=registration.open_profiles,
            inquiries=self.inquiries,
            revocation=services.revocation,
            acts=self.acts,
            clock=services.clock,
        )

    @cached_property
    def notices(self) -> Notices:
        """Mails about what became of an application."""
        services = self._services
        return Notices(
            outbox=services.registration.mailing.outbox,
            public_url=services.settings.serve.public_url,
            objection_days=services.registration.personal.policy.objection.within_days,
        )

    @cached_property
    def answers(self) -> Answers:
        """Applicants' answers to officers' questions."""
        services = self._services
        return Answers(
            database=services.database,
            log=services.log,
            applications=services.registration.applications,
            clock=services.clock,
            settings=services.settings.enrollment,
            notices=self.notices,
        )

    @cached_property
    def expiry(self) -> Expiry:
        """The end of what nobody decides."""
        services = self._services
        return Expiry(
            database=services.database,
            log=services.log,
            clock=services.clock,
            settings=services.settings.enrollment,
            notices=self.notices,
        )
