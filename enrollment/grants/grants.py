"""Propose, decide and withdraw grants. RFC 3647, Sections 4.1.2 and 4.5.2."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from enrollment.application import Verdict, decision_octets
from enrollment.decisions import DecisionToMake
from enrollment.grants.errors import (
    GrantClosed,
    GrantDecidedBefore,
    GrantNotActive,
    OwnGrant,
)
from enrollment.grants.grant import (
    Grant,
    GrantProposal,
    GrantProtocol,
    GrantState,
    find_grant,
    find_terms,
    grant_of,
    proposal_octets,
)
from enrollment.grants.models import grant_decisions, grants
from enrollment.grants.proposals import check_proposal
from enrollment.institutions.institutions import check_active
from enrollment.jurisdiction import NATION, Jurisdiction
from enrollment.officers import behind
from enrollment.profiles import OpenProfiles

# From these a grant can still be withdrawn.
OPEN = (GrantState.PROPOSED, GrantState.ACTIVE)


class Grants:
    """Takes proposals, decides them and shows them; each act is logged."""

    def __init__(
        self, *, database: Database, log: TransparencyLog, profiles: OpenProfiles, clock: Clock
    ) -> None:
        self._database = database
        self._log = log
        self._profiles = profiles
        self._clock = clock

    def propose(self, proposal: GrantProposal, *, proposed_by: str, grant_id: str) -> Grant:
        """Take a proposal, or return the one that already has this id.

        Raises ProfileNotOpen, FactUnknown, GrantRefused, InstitutionUnknown,
        InstitutionNotActive and Unavailable.
        """
        profile = self._profiles.open(proposal.profile)
        now = self._clock.now()
        check_proposal(proposal, profile, now)
        proposal = replace(proposal, institution=self._institution(proposal, proposed_by))
        try:
            self._store(proposal, profile.approvals, proposed_by, grant_id, now)
        except IntegrityError:
            # The id came before: the same request, whose first answer was lost.
            return self.find(grant_id)
        return self.find(grant_id)

    def decide(self, grant_id: str, decision: DecisionToMake) -> Grant:
        """Record a decision; one refusal, or the last approval needed, closes the proposal.

        Raises GrantUnknown, OwnGrant, GrantDecidedBefore, GrantClosed and Unavailable.
        """
        with self._database.begin() as connection:
            grant = find_grant(
                connection, grant_id, locked=True, within=_within(connection, decision.decided_by)
            )
            if any(made.id == decision.id for made in grant.decisions):
                return grant
            now = self._clock.now()
            _check_decision(grant, decision, now)
            self._record(connection, grant, decision, now)
            _count(connection, grant, decision.verdict, now)
            return find_grant(connection, grant_id)

    def withdraw(self, grant_id: str, *, withdrawn_by: str) -> Grant:
        """End a grant for good; again, it changes nothing. Its certificates stay as they are.

        Raises GrantUnknown, GrantClosed for one that was refused, and Unavailable.
        """
        with self._database.begin() as connection:
            grant = find_grant(
                connection, grant_id, locked=True, within=_within(connection, withdrawn_by)
            )
            if grant.state is GrantState.WITHDRAWN:
                return grant
            if grant.state not in OPEN:
                raise GrantClosed(f"This grant is {grant.state} already.", state=str(grant.state))
            officer = commitment(grant.salt, withdrawn_by.encode())
            self._write(connection, "grant-withdrawn", {"grant": grant.id, "officer": officer})
            connection.execute(
                update(grants).where(grants.c.id == grant_id).values(state=GrantState.WITHDRAWN)
            )
            return find_grant(connection, grant_id)

    def find(self, grant_id: str, *, within: Jurisdiction = NATION) -> Grant:
        """Return a grant in whatever state that ``within`` covers. Raises GrantUnknown."""
        with self._database.read() as connection:
            return find_grant(connection, grant_id, within=within)

    def usable(self, grant_id: str, protocol: GrantProtocol) -> Grant:
        """Return a grant by which ``protocol`` may issue now. Raises GrantUnknown, GrantNotActive.

        Whether it is used up is seen when a certificate is counted.
        """
        with self._database.read() as connection:
            return usable_grant(connection, grant_id, protocol, self._clock.now())

    def page(
        self,
        *,
        limit: int,
        after: str | None = None,
        states: Collection[GrantState] = (),
        within: Jurisdiction = NATION,
    ) -> Sequence[Grant]:
        """Return up to ``limit`` grants, newest first, that come after the id ``after``.

        They come without their decisions.
        """
        query = select(grants).order_by(grants.c.id.desc()).limit(limit)
        if after is not None:
            query = query.where(grants.c.id < after)
        if states:
            query = query.where(grants.c.state.in_(sorted(states)))
        query = within.narrow(query, grants.c.institution)
        with self._database.read() as connection:
            return [grant_of(row) for row in connection.execute(query)]

    def _institution(self, proposal: GrantProposal, proposed_by: str) -> str | None:
        with self._database.read() as connection:
            own = behind(connection, proposed_by).institution
            chosen = own or proposal.institution
            if chosen is not None:
                check_active(connection, chosen)
        return chosen

    def _store(
        self,
        proposal: GrantProposal,
        approvals_needed: int,
        proposed_by: str,
        grant_id: str,
        now: datetime,
    ) -> None:
        salt = new_salt()
        facts: dict[str, JsonValue] = {
            "approvals_needed": approvals_needed,
            "grant": grant_id,
            "profile": proposal.profile,
            "proposal": commitment(salt, proposal_octets(proposal, proposed_by=proposed_by)),
            "protocol": str(proposal.protocol),
        }
        with self._database.begin() as connection:
            index = self._write(connection, "grant-proposed", facts)
            connection.execute(
                insert(grants).values(
                    id=grant_id,
                    proposed_by=proposed_by,
                    institution=proposal.institution,
                    state=GrantState.PROPOSED,
                    protocol=proposal.protocol,
                    profile=proposal.profile,
                    holder=proposal.holder,
                    facts=dict(proposal.facts),
                    dns_names=list(proposal.dns_names),
                    preauthorized=list(proposal.preauthorized),
                    certificates_allowed=proposal.certificates_allowed,
                    certificates_used=0,
                    verifies_possession=proposal.verifies_possession,
                    expires_at=proposal.expires_at,
                    approvals_needed=approvals_needed,
                    approvals=0,
                    proposed_at=now,
                    salt=salt,
                    log_index=index,
                )
            )

    def _record(
        self, connection: Connection, grant: Grant, decision: DecisionToMake, now: datetime
    ) -> None:
        salt = new_salt()
        committed = decision_octets(
            decided_by=decision.decided_by, verdict=decision.verdict, reason=decision.reason
        )
        facts: dict[str, JsonValue] = {
            "decision": commitment(salt, committed),
            "grant": grant.id,
            "verdict": str(decision.verdict),
        }
        index = self._write(connection, "grant-decided", facts)
        connection.execute(
            insert(grant_decisions).values(
                id=decision.id,
                grant_id=grant.id,
                proposed_by=grant.proposed_by,
                decided_by=decision.decided_by,
                verdict=decision.verdict,
                reason=decision.reason,
                decided_at=now,
                salt=salt,
                log_index=index,
            )
        )

    def _write(self, connection: Connection, kind: str, facts: dict[str, JsonValue]) -> int:
        [index] = self._log.append(connection, [LogEntry(kind, self._clock.now(), facts)])
        return index


def _within(connection: Connection, officer: str) -> Jurisdiction:
    return Jurisdiction(behind(connection, officer).institution)


def usable_grant(
    connection: Connection,
    grant_id: str,
    protocol: GrantProtocol,
    now: datetime,
    *,
    locked: bool = False,
) -> Grant:
    """Read a grant by which ``protocol`` may issue now, without its decisions.

    ``locked``: until the transaction ends. Raises GrantUnknown and GrantNotActive.
    """
    grant = find_terms(connection, grant_id, locked=locked)
    check_usable(grant, protocol, now)
    return grant


def check_usable(grant: Grant, protocol: GrantProtocol, now: datetime) -> None:
    """Raise GrantNotActive unless ``protocol`` may issue by this grant now."""
    if grant.state is not GrantState.ACTIVE:
        raise GrantNotActive(f"This grant is {grant.state}.", state=str(grant.state))
    if now >= grant.expires_at:
        raise GrantNotActive("This grant's time is over; ask the officers for another.")
    if grant.protocol is not protocol:
        raise GrantNotActive(f"This grant is for {grant.protocol} alone.")


def _check_decision(grant: Grant, decision: DecisionToMake, now: datetime) -> None:
    if grant.proposed_by == decision.decided_by:
        raise OwnGrant("You proposed this; another officer decides.")
    if any(made.decided_by == decision.decided_by for made in grant.decisions):
        raise GrantDecidedBefore(
            "You decided this grant already; another officer decides next.",
            kept="Your first decision stands.",
        )
    if grant.state is not GrantState.PROPOSED:
        raise GrantClosed(f"This grant is {grant.state} already.", state=str(grant.state))
    if now >= grant.expires_at:
        raise GrantClosed("The time of this grant ran out before it was decided.")


def _count(connection: Connection, grant: Grant, verdict: Verdict, now: datetime) -> None:
    change: dict[str, object] = {"decided_at": now}
    if verdict is Verdict.REFUSED:
        change["state"] = GrantState.REFUSED
    else:
        change["approvals"] = grant.approvals + 1
        if grant.approvals + 1 == grant.approvals_needed:
            change["state"] = GrantState.ACTIVE
    connection.execute(update(grants).where(grants.c.id == grant.id).values(**change))
