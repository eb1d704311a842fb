"""The development ceremony: the whole hierarchy at once, without people, on SoftHSM.

It goes the same way as every other ceremony, from a script with a quorum of 0, and its
transcript says so. Production refuses it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ca.ceremony.holding import Ceremonies
from ca.ceremony.journal import HeldCeremony
from ca.ceremony.script import FORMAT, Script, parse_script
from ca.hierarchy import AuthorityDefinition, Hierarchy
from core.clock import Clock

DEVELOPMENT_CEREMONY = "development"

# The script may be begun now only; gone on with, whenever that is.
_OPEN_FOR = timedelta(hours=1)


def hold_development_ceremony(
    ceremonies: Ceremonies, hierarchy: Hierarchy, clock: Clock
) -> HeldCeremony:
    """Make every authority of ``hierarchy``, its first CRLs and the roots' responders.

    Held before, it changes nothing; interrupted, it goes on. Raises QuorumTooSmall in
    production, and what any ceremony raises.
    """
    begun = ceremonies.script_of(DEVELOPMENT_CEREMONY)
    script = begun or development_script(hierarchy, clock.now())
    return ceremonies.hold(script, [], hierarchy)


def development_script(hierarchy: Hierarchy, now: datetime) -> Script:
    """Return a script that makes all of a hierarchy."""
    opens = now.replace(microsecond=0)
    lines = [
        f'format = "{FORMAT}"',
        f'id = "{DEVELOPMENT_CEREMONY}"',
        'kind = "initial"',
        'purpose = "A hierarchy for development and tests, on software tokens."',
        'place = "one machine"',
        f"opens = {opens.isoformat()}",
        f"closes = {(opens + _OPEN_FOR).isoformat()}",
        f'hierarchy_sha256 = "{hierarchy.sha256}"',
        "",
        "[custodians]",
        "quorum = 0",
    ]
    for authority in hierarchy:
        lines += _step("create-authority", authority)
    for authority in hierarchy:
        lines += _step("publish-crl", authority)
    for authority in _parents(hierarchy):
        lines += _step("certify-responder", authority)
    return parse_script("\n".join([*lines, ""]).encode())


def _parents(hierarchy: Hierarchy) -> list[AuthorityDefinition]:
    # Whoever certifies other authorities is offline, and needs a responder that lives long.
    parents = {one.parent for one in hierarchy}
    return [one for one in hierarchy if one.name in parents]


def _step(act: str, authority: AuthorityDefinition) -> list[str]:
    return ["", "[[step]]", f'act = "{act}"', f'authority = "{authority.name}"']
