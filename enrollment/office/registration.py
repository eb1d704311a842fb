"""What the officers' pages need of the registration authority."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ca.inquiry import CertificateInquiries
from ca.revocation.revocation import Revocation
from core.access import AccessPolicy
from enrollment.answers import Answers
from enrollment.applications import Applications
from enrollment.audit.ledger import AuditLedger
from enrollment.counter.counter import Counter
from enrollment.decisions import Decisions
from enrollment.delivery import Delivery
from enrollment.grants.routes import GrantOffice
from enrollment.institutions.institutions import Institutions
from enrollment.office.issued.exports import Exports
from enrollment.officers import Officers
from enrollment.profiles import OpenProfiles
from enrollment.queue import Queue


@dataclass(frozen=True)
class Desk:
    """What officers work with, and nobody else does."""

    queue: Queue
    inquiries: CertificateInquiries
    exports: Exports
    officers: Officers
    institutions: Institutions
    ledger: AuditLedger
    counter: Counter


class Office(Protocol):
    """The registration authority, as far as the pages use it."""

    @property
    def applications(self) -> Applications:
        """Takes and shows applications."""

    @property
    def decisions(self) -> Decisions:
        """Decides them."""

    @property
    def answers(self) -> Answers:
        """Takes applicants' answers."""

    @property
    def delivery(self) -> Delivery:
        """Issues what was approved."""

    @property
    def grants(self) -> GrantOffice:
        """What machines may enrol for."""

    @property
    def profiles(self) -> OpenProfiles:
        """What may be applied for."""

    @property
    def revocation(self) -> Revocation:
        """Revokes."""

    @property
    def policy(self) -> AccessPolicy:
        """Which role may do what."""

    @property
    def desk(self) -> Desk:
        """What officers alone work with."""
