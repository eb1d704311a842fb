"""The registration authority as one thing: what its routes work with."""

from __future__ import annotations

from dataclasses import dataclass

from ca.revocation.mass import MassRevocation
from ca.revocation.revocation import Revocation
from core.access import AccessPolicy
from enrollment.answers import Answers
from enrollment.applications import Applications
from enrollment.decisions import Decisions
from enrollment.delivery import Delivery
from enrollment.escrow.office import EscrowOffice
from enrollment.grants.routes import GrantOffice
from enrollment.invitations.office import InvitationOffice
from enrollment.lists.list_office import ListOffice
from enrollment.office.registration import Desk
from enrollment.profiles import OpenProfiles


@dataclass(frozen=True)
class RegistrationAuthority:
    """What the routes work with."""

    applications: Applications
    decisions: Decisions
    answers: Answers
    delivery: Delivery
    profiles: OpenProfiles
    revocation: Revocation
    mass_revocation: MassRevocation
    grants: GrantOffice
    invitations: InvitationOffice
    escrow: EscrowOffice
    staff_lists: ListOffice
    policy: AccessPolicy
    desk: Desk
