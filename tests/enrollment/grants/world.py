"""Grants as tests want them: proposed by one officer, approved by as many others as needed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from enrollment.application import Verdict
from enrollment.decisions import DecisionToMake
from enrollment.errors import OfficerUnknown
from enrollment.grants.grant import Grant, GrantProposal, GrantProtocol
from enrollment.grants.proposals import PROVEN_FACTS
from tests.enrollment.world import World, facts_of

HOLDER = "organization:NTRKH-00012345"
SERVER = "www.moh.gov.kh"


def proposal_for(world: World, **changes: Any) -> GrantProposal:
    """A proposal that is in order, but for ``changes``."""
    profile = changes.get("profile", "tls-server")
    facts = {name: value for name, value in facts_of(profile).items() if name not in PROVEN_FACTS}
    takes_names = bool(PROVEN_FACTS & set(world.open_profiles.open(profile).facts))
    values: dict[str, Any] = {
        "protocol": GrantProtocol.ACME,
        "profile": profile,
        "holder": HOLDER,
        "facts": facts,
        "dns_names": (SERVER,) if takes_names else (),
        "preauthorized": (),
        "certificates_allowed": 5,
        "expires_at": world.clock.now() + timedelta(days=365),
    }
    return GrantProposal(**(values | changes))


def officer(world: World, officer_id: str) -> str:
    """An officer in office, enrolled if they are not."""
    try:
        return world.officers.find(officer_id).id
    except OfficerUnknown:
        return world.enroll(officer_id)


def active_grant(world: World, **changes: Any) -> Grant:
    """A grant that was approved by as many officers as it needs."""
    act = f"{next(world.numbers):032x}"
    grant = world.grants.propose(
        proposal_for(world, **changes), proposed_by=officer(world, "granter-0"), grant_id=act
    )
    for number in range(1, grant.approvals_needed + 1):
        decider = officer(world, f"granter-{number}")
        decision = DecisionToMake(f"{next(world.numbers):032x}", decider, Verdict.APPROVED)
        grant = world.grants.decide(grant.id, decision)
    return grant
