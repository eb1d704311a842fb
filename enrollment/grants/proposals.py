"""What a grant may give: checked when it is proposed, while somebody can still correct it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from ca.constraints.alternative_names import is_dns_name
from ca.plan import FactValue
from enrollment.errors import FactUnknown
from enrollment.grants.errors import GrantRefused
from enrollment.grants.grant import BELOW, GrantProposal, GrantProtocol
from enrollment.profiles import OpenProfile

# What a protocol establishes for each certificate, from names that the grant covers.
PROVEN_FACTS = frozenset({"dns_names", "server_name"})
# Certificates that name no server, and for which X-Road's ACME client proves its server's name
# all the same (ug-ss, Section 24).
PROVEN_AND_LEFT_OUT = frozenset({"xroad-signing"})
MOST_CERTIFICATES = 10_000
# Longer than that, somebody else may be at the client: the grant is decided anew.
LONGEST = timedelta(days=2 * 366)


def check_proposal(proposal: GrantProposal, profile: OpenProfile, now: datetime) -> None:
    """Raise FactUnknown or GrantRefused for what no grant may give."""
    _check_facts(profile, proposal.facts)
    _check_names(profile, proposal)
    if proposal.verifies_possession and proposal.protocol is not GrantProtocol.CMP:
        raise GrantRefused("Only a client of CMP can verify possession for others.")
    if not 1 <= proposal.certificates_allowed <= MOST_CERTIFICATES:
        raise GrantRefused(f"A grant is for 1 to {MOST_CERTIFICATES} certificates.")
    if not now < proposal.expires_at <= now + LONGEST:
        raise GrantRefused(f"A grant ends in the future, in at most {LONGEST.days} days.")


def _check_facts(profile: OpenProfile, facts: Mapping[str, FactValue]) -> None:
    if foreign := sorted(set(facts) - set(profile.facts)):
        raise FactUnknown(
            f"The profile {profile.name} takes no fact {foreign[0]}.", takes=sorted(profile.facts)
        )
    if proven := sorted(PROVEN_FACTS & set(facts)):
        raise GrantRefused(f"{proven[0]} comes from the protocol: name it under dns_names.")
    # Nobody looks at the requests: what a request could say of itself is settled here as well.
    needed = {name for name, required in profile.facts.items() if required}
    needed |= profile.facts_from_request
    if missing := sorted(needed - PROVEN_FACTS - set(facts)):
        raise GrantRefused(
            f"The profile {profile.name} needs the fact {missing[0]}.", missing=missing
        )


def _check_names(profile: OpenProfile, proposal: GrantProposal) -> None:
    taken = PROVEN_FACTS & set(profile.facts)
    left_out = proposal.protocol is GrantProtocol.ACME and profile.name in PROVEN_AND_LEFT_OUT
    if proposal.dns_names and not taken and not left_out:
        raise GrantRefused(f"A grant for {profile.name} takes no DNS names.")
    if not proposal.dns_names and (left_out or any(profile.facts[name] for name in taken)):
        raise GrantRefused(f"A grant for {profile.name} takes at least one DNS name.")
    for name in proposal.dns_names:
        if not is_dns_name(name.removeprefix(BELOW)):
            raise GrantRefused(
                f"{name[:64]!r} is no lower-case DNS name, nor *. and one, which stands for "
                "every name below it."
            )
    for name in proposal.preauthorized:
        if name not in proposal.dns_names or name.startswith(BELOW):
            raise GrantRefused("Only exact names that stand under dns_names need no challenge.")
