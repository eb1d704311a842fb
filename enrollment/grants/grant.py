"""A grant, and how it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from ca.plan import FactValue
from core.canonical_json import canonical_json
from enrollment.application import Decision, decision_of
from enrollment.grants.errors import GrantUnknown
from enrollment.grants.models import grant_decisions, grants
from enrollment.jurisdiction import NATION, Jurisdiction

_ID = re.compile(r"[0-9a-f]{32}")
# "*.example.gov.kh": every name below it, at any depth, and not itself.
BELOW = "*."

# Asked with every request of a machine: built once.
_GRANT = select(grants).where(grants.c.id == bindparam("grant_id"))
_GRANT_LOCKED = _GRANT.with_for_update()
_DECISIONS = (
    select(grant_decisions)
    .where(grant_decisions.c.grant_id == bindparam("of_grant"))
    .order_by(grant_decisions.c.log_index)
)


class GrantProtocol(StrEnum):
    """By which protocol a grant is used: RFC 8555, RFC 7030, RFC 9810."""

    ACME = "acme"
    EST = "est"
    CMP = "cmp"


class GrantState(StrEnum):
    """proposed → active or refused; a proposed or active one may be withdrawn for good."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class GrantProposal:
    """What an officer proposes: everything that the client itself may not choose.

    ``institution``: whose officers answer for it; that of the proposer, if there is one.
    """

    protocol: GrantProtocol
    profile: str
    holder: str
    facts: Mapping[str, FactValue]
    dns_names: tuple[str, ...]
    preauthorized: tuple[str, ...]
    certificates_allowed: int
    expires_at: datetime
    institution: str | None = None
    verifies_possession: bool = False


@dataclass(frozen=True)
class Grant:
    """A grant with its decisions, oldest first.

    ``id`` is also the client's name in its protocol: key identifier, user or reference.
    ``dns_names`` are exact names, or ``*.x`` for every name below x; ``preauthorized`` are
    those that need no challenge. ``holder`` and ``facts`` may be personal data.
    ``verifies_possession``: its client is a registration authority, and is believed that the
    keys it asks for are held by whom it asks for (RFC 9810, Section 5.2.8.1).
    """

    id: str
    protocol: GrantProtocol
    profile: str
    holder: str
    facts: Mapping[str, FactValue]
    dns_names: tuple[str, ...]
    preauthorized: tuple[str, ...]
    certificates_allowed: int
    certificates_used: int
    expires_at: datetime
    state: GrantState
    proposed_by: str
    approvals_needed: int
    approvals: int
    proposed_at: datetime
    salt: bytes
    log_index: int
    institution: str | None = None
    decisions: tuple[Decision, ...] = ()
    verifies_possession: bool = False

    def covers(self, dns_name: str) -> bool:
        """Tell whether a lower-case DNS name may be asked for under this grant."""
        return any(
            dns_name.endswith(one[1:]) if one.startswith(BELOW) else dns_name == one
            for one in self.dns_names
        )


def find_grant(
    connection: Connection,
    grant_id: str,
    *,
    locked: bool = False,
    within: Jurisdiction = NATION,
) -> Grant:
    """Read a grant that ``within`` covers. ``locked``: until the transaction ends.

    Raises GrantUnknown.
    """
    grant = find_terms(connection, grant_id, locked=locked)
    if not within.covers(grant.institution):
        raise _unknown()
    made = connection.execute(_DECISIONS, {"of_grant": grant_id})
    return replace(grant, decisions=tuple(decision_of(one) for one in made))


def find_terms(connection: Connection, grant_id: str, *, locked: bool = False) -> Grant:
    """Read a grant without its decisions, as its client's requests need it. Raises GrantUnknown."""
    row = None
    if _ID.fullmatch(grant_id):
        query = _GRANT_LOCKED if locked else _GRANT
        row = connection.execute(query, {"grant_id": grant_id}).one_or_none()
    if row is None:
        raise _unknown()
    return grant_of(row)


def proposal_octets(proposal: GrantProposal, *, proposed_by: str) -> bytes:
    """Return what a grant's commitment in the log commits to: canonical JSON."""
    # Named only where it is so: what was committed to before stays what it was.
    special: dict[str, object] = {}
    if proposal.verifies_possession:
        special["verifies_possession"] = True
    if proposal.institution is not None:
        special["institution"] = proposal.institution
    return canonical_json(
        special
        | {
            "certificates_allowed": proposal.certificates_allowed,
            "dns_names": proposal.dns_names,
            "expires_at": proposal.expires_at.isoformat(),
            "facts": proposal.facts,
            "holder": proposal.holder,
            "preauthorized": proposal.preauthorized,
            "profile": proposal.profile,
            "proposed_by": proposed_by,
            "protocol": proposal.protocol,
        }
    )


def grant_of(row: Row[Any]) -> Grant:
    """Return the grant of a row, without its decisions."""
    return Grant(
        id=row.id,
        protocol=GrantProtocol(row.protocol),
        profile=row.profile,
        holder=row.holder,
        facts={
            name: tuple(value) if isinstance(value, list) else value
            for name, value in row.facts.items()
        },
        dns_names=tuple(row.dns_names),
        preauthorized=tuple(row.preauthorized),
        certificates_allowed=row.certificates_allowed,
        certificates_used=row.certificates_used,
        expires_at=row.expires_at,
        state=GrantState(row.state),
        proposed_by=row.proposed_by,
        approvals_needed=row.approvals_needed,
        approvals=row.approvals,
        proposed_at=row.proposed_at,
        salt=row.salt,
        log_index=row.log_index,
        institution=row.institution,
        verifies_possession=row.verifies_possession,
    )


def _unknown() -> GrantUnknown:
    return GrantUnknown("There is no grant of this id that you may see.")
