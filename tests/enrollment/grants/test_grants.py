"""Grants: what may be proposed, who decides, and what the tables themselves refuse."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from core.transparency.entry import LogEntry, commitment
from enrollment.application import Verdict, decision_octets
from enrollment.decisions import DecisionToMake
from enrollment.errors import FactUnknown, ProfileNotOpen
from enrollment.grants.errors import (
    GrantClosed,
    GrantDecidedBefore,
    GrantNotActive,
    GrantRefused,
    GrantUnknown,
    OwnGrant,
)
from enrollment.grants.grant import GrantProtocol, GrantState, proposal_octets
from enrollment.grants.models import grant_decisions, grants
from tests.enrollment.grants.world import active_grant, officer, proposal_for
from tests.enrollment.world import World

ID = "0" * 32


def decide(world: World, grant_id: str, who: str, verdict: Verdict = Verdict.APPROVED) -> Any:
    act = f"{next(world.numbers):032x}"
    reason = None if verdict is Verdict.APPROVED else "The server is not yours."
    return world.grants.decide(grant_id, DecisionToMake(act, officer(world, who), verdict, reason))


def propose(world: World, **changes: Any) -> Any:
    return world.grants.propose(
        proposal_for(world, **changes), proposed_by=officer(world, "first"), grant_id=ID
    )


def test_a_grant_gives_nothing_before_another_officer_approved_it(either_world: World) -> None:
    world = either_world
    assert propose(world).state is GrantState.PROPOSED
    with pytest.raises(GrantNotActive):
        world.grants.usable(ID, GrantProtocol.ACME)
    with pytest.raises(OwnGrant):
        decide(world, ID, "first")
    assert decide(world, ID, "second").state is GrantState.ACTIVE
    assert world.grants.usable(ID, GrantProtocol.ACME).id == ID


def test_a_profile_for_two_officers_needs_two_beside_the_proposer(world: World) -> None:
    propose(world, profile="organization-seal", certificates_allowed=1)
    assert decide(world, ID, "second").state is GrantState.PROPOSED
    with pytest.raises(GrantDecidedBefore):
        decide(world, ID, "second")
    assert decide(world, ID, "third").state is GrantState.ACTIVE


def test_one_refusal_closes_a_proposal(world: World) -> None:
    propose(world, profile="organization-seal")
    assert decide(world, ID, "second", Verdict.REFUSED).state is GrantState.REFUSED
    with pytest.raises(GrantClosed):
        decide(world, ID, "third")
    with pytest.raises(GrantClosed):
        world.grants.withdraw(ID, withdrawn_by="first")


def test_a_proposal_sent_twice_is_one_grant(world: World) -> None:
    assert propose(world) == propose(world)


def test_a_decision_sent_twice_is_one_decision(world: World) -> None:
    propose(world)
    decision = DecisionToMake("1" * 32, officer(world, "second"), Verdict.APPROVED)
    assert world.grants.decide(ID, decision) == world.grants.decide(ID, decision)


def test_a_withdrawn_grant_gives_nothing_more(world: World) -> None:
    grant = active_grant(world)
    withdrawn = world.grants.withdraw(grant.id, withdrawn_by="granter-0")
    assert world.grants.withdraw(grant.id, withdrawn_by="granter-0") == withdrawn
    with pytest.raises(GrantNotActive, match="withdrawn"):
        world.grants.usable(grant.id, GrantProtocol.ACME)


def test_a_grant_ends_with_its_time(world: World) -> None:
    grant = active_grant(world, expires_at=world.clock.now() + timedelta(days=1))
    world.clock.advance(timedelta(days=1))
    with pytest.raises(GrantNotActive, match="over"):
        world.grants.usable(grant.id, GrantProtocol.ACME)


def test_a_proposal_whose_time_ran_out_is_not_decided(world: World) -> None:
    propose(world, expires_at=world.clock.now() + timedelta(days=1))
    officer(world, "second")
    world.clock.advance(timedelta(days=1))
    with pytest.raises(GrantClosed, match="ran out"):
        decide(world, ID, "second")


def test_a_grant_is_for_one_protocol(world: World) -> None:
    grant = active_grant(world, protocol=GrantProtocol.EST)
    with pytest.raises(GrantNotActive, match="est alone"):
        world.grants.usable(grant.id, GrantProtocol.ACME)


@pytest.mark.parametrize("unknown", ["", "f" * 32, "é" * 32, "../../etc", "0" * 31])
def test_an_unknown_grant_is_said_to_be_unknown(world: World, unknown: str) -> None:
    with pytest.raises(GrantUnknown):
        world.grants.find(unknown)


@pytest.mark.parametrize(
    ("changes", "refusal", "words"),
    [
        ({"profile": "ocsp-responder"}, ProfileNotOpen, "issued upon"),
        ({"facts": {"shoe_size": "44"}}, FactUnknown, "shoe_size"),
        ({"facts": {"server_name": "www.moh.gov.kh"}}, GrantRefused, "dns_names"),
        ({"facts": {}}, GrantRefused, "needs the fact"),
        # Nobody would look at what the device says of itself.
        (
            {"profile": "device", "facts": {"organization_name": "Ministry of Examples"}},
            GrantRefused,
            "needs the fact common_name",
        ),
        ({"dns_names": ()}, GrantRefused, "at least one DNS name"),
        ({"profile": "organization-seal", "dns_names": ("a.kh",)}, GrantRefused, "no DNS names"),
        ({"dns_names": ("WWW.moh.gov.kh",)}, GrantRefused, "lower-case"),
        ({"dns_names": ("*.*.kh",)}, GrantRefused, "DNS name"),
        ({"dns_names": ("127.0.0.1",)}, GrantRefused, "DNS name"),
        ({"dns_names": ("*.kh.",)}, GrantRefused, "DNS name"),
        ({"preauthorized": ("other.gov.kh",)}, GrantRefused, "need no challenge"),
        (
            {"dns_names": ("*.moh.gov.kh",), "preauthorized": ("*.moh.gov.kh",)},
            GrantRefused,
            "exact names",
        ),
        ({"certificates_allowed": 0}, GrantRefused, "1 to"),
        ({"certificates_allowed": 10_001}, GrantRefused, "1 to"),
    ],
)
def test_what_no_grant_may_give_is_refused(
    world: World, changes: dict[str, Any], refusal: type[Exception], words: str
) -> None:
    with pytest.raises(refusal, match=words):
        propose(world, **changes)
    with pytest.raises(GrantUnknown):
        world.grants.find(ID)


@pytest.mark.parametrize("days", [0, 733])
def test_a_grant_ends_in_the_future_and_within_two_years(world: World, days: int) -> None:
    with pytest.raises(GrantRefused, match="ends in the future"):
        propose(world, expires_at=world.clock.now() + timedelta(days=days))


def test_a_name_below_is_covered_and_the_name_itself_is_not(world: World) -> None:
    grant = active_grant(world, dns_names=("*.moh.gov.kh", "www.mef.gov.kh"))
    assert all(map(grant.covers, ("a.moh.gov.kh", "a.b.moh.gov.kh", "www.mef.gov.kh")))
    refused = ("moh.gov.kh", "evilmoh.gov.kh", "mef.gov.kh", "a.www.mef.gov.kh", "")
    assert not any(map(grant.covers, refused))


def test_the_log_says_what_was_done_and_commits_to_what_was_proposed(world: World) -> None:
    grant = active_grant(world)
    world.grants.withdraw(grant.id, withdrawn_by="granter-0")
    entries = [one for one in _entries(world) if one.facts.get("grant") == grant.id]
    kinds = [one.kind for one in entries]
    assert kinds == ["grant-proposed", "grant-decided", "grant-withdrawn"]
    octets = proposal_octets(proposal_for(world), proposed_by="granter-0")
    assert entries[0].facts["proposal"] == commitment(grant.salt, octets)
    [made] = grant.decisions
    decided = decision_octets(decided_by="granter-1", verdict=Verdict.APPROVED, reason=None)
    assert entries[1].facts["decision"] == commitment(made.salt, decided)
    told = "".join(one.encode().decode() for one in entries)
    assert grant.holder not in told
    assert "granter-" not in told


def _entries(world: World) -> list[LogEntry]:
    from core.transparency.models import log_entries

    with world.database.read() as connection:
        rows = connection.execute(log_entries.select().order_by(log_entries.c.entry_index)).all()
    return [LogEntry.decode(row.entry) for row in rows]


def test_the_tables_refuse_the_proposers_own_decision(either_world: World) -> None:
    grant = active_grant(either_world)
    values = {
        "id": "e" * 32,
        "grant_id": grant.id,
        "proposed_by": grant.proposed_by,
        "decided_by": grant.proposed_by,
        "verdict": "approved",
        "decided_at": either_world.clock.now(),
        "salt": b"s" * 32,
        "log_index": 1,
    }
    for wrong in ({}, {"proposed_by": "granter-1"}):
        with pytest.raises(IntegrityError), either_world.database.begin() as connection:
            connection.execute(insert(grant_decisions).values(**(values | wrong)))


def test_the_tables_refuse_a_grant_without_its_approvals_or_over_its_count(
    either_world: World,
) -> None:
    grant = active_grant(either_world)
    for wrong in ({"approvals": 0}, {"certificates_used": 6}, {"approvals": 2}):
        with pytest.raises(IntegrityError), either_world.database.begin() as connection:
            connection.execute(update(grants).where(grants.c.id == grant.id).values(**wrong))
