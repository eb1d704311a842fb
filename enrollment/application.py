"""An application for a certificate, and how it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, select

from ca.plan import FactValue
from core.canonical_json import canonical_json
from enrollment.errors import ApplicationUnknown
from enrollment.models import applications, decisions

_ID = re.compile(r"[0-9a-f]{32}")


class ApplicationState(StrEnum):
    """submitted → refused, or approved → issued, or failed when issuance refused for good.

    What is submitted may also be returned with a question, or expire undecided.
    """

    SUBMITTED = "submitted"
    RETURNED = "returned"
    REFUSED = "refused"
    EXPIRED = "expired"
    APPROVED = "approved"
    ISSUED = "issued"
    FAILED = "failed"


class Verdict(StrEnum):
    """What an officer decides."""

    APPROVED = "approved"
    REFUSED = "refused"
    RETURNED = "returned"


# The states in which somebody has something to do; each ends by itself, with ``decide_by``.
OPEN = (ApplicationState.SUBMITTED, ApplicationState.RETURNED)


@dataclass(frozen=True)
class Decision:
    """One officer's decision, with its reason where it refuses, its question where it asks back.

    Only the decisions of an application's present ``round`` count.
    """

    id: str
    decided_by: str
    verdict: Verdict
    reason: str | None
    decided_at: datetime
    salt: bytes
    log_index: int
    decided_by_person: str | None = None
    round: int = 1


@dataclass(frozen=True)
class Application:
    """An application with its decisions, oldest first.

    ``holder`` and ``facts`` are personal data: never in a URL, never in the event log.
    ``failure`` is the problem for which an approved application got no certificate.
    ``institution``: whose officers decide it, None for those of the nation. ``bundle`` is shared by
    the applications that were submitted together. After ``decide_by`` it expires. ``answer`` is
    what the applicant wrote back; ``checks`` are what registers said of the facts, as JSON.
    """

    id: str
    applicant: str
    applicant_person: str
    institution: str | None
    bundle: str | None
    state: ApplicationState
    profile: str
    holder: str
    facts: Mapping[str, FactValue]
    csr_der: bytes
    public_key_sha256: bytes
    approvals_needed: int
    approvals: int
    submitted_at: datetime
    salt: bytes
    log_index: int
    failure: str | None
    authority: str | None
    serial_number: int | None
    decide_by: datetime | None = None
    round: int = 1
    answer: str | None = None
    checks: Any = None
    evidence: Any = None
    decisions: tuple[Decision, ...] = ()

    @property
    def standing_decisions(self) -> tuple[Decision, ...]:
        """The decisions of the present round: those that count."""
        return tuple(one for one in self.decisions if one.round == self.round)

    def is_decided_by(self, principal_id: str) -> bool:
        """Tell whether this officer decided in the present round."""
        return any(one.decided_by == principal_id for one in self.standing_decisions)

    @property
    def question(self) -> Decision | None:
        """The decision by which it waits for its applicant, None in any other state."""
        if self.state is not ApplicationState.RETURNED:
            return None
        return self.decisions[-1] if self.decisions else None


def find_application(
    connection: Connection, application_id: str, *, locked: bool = False
) -> Application:
    """Read an application. ``locked``: until the transaction ends. Raises ApplicationUnknown."""
    if not _ID.fullmatch(application_id):
        raise unknown()
    query = select(applications).where(applications.c.id == application_id)
    row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    if row is None:
        raise unknown()
    made = connection.execute(
        select(decisions)
        .where(decisions.c.application == application_id)
        .order_by(decisions.c.log_index)
    )
    return application_of(row, tuple(decision_of(one) for one in made))


def unknown() -> ApplicationUnknown:
    """Return the refusal, in the same words whether it is missing or another's."""
    return ApplicationUnknown("There is no application of this id that you may see.")


def submission_octets(
    *,
    applicant: str,
    profile: str,
    holder: str,
    facts: Mapping[str, FactValue],
    csr_der: bytes,
    answer: str | None = None,
) -> bytes:
    """Return what an application's commitment in the log commits to: canonical JSON."""
    document = {
        **({} if answer is None else {"answer": answer}),
        "applicant": applicant,
        "csr_sha256": sha256(csr_der).hexdigest(),
        "facts": facts,
        "holder": holder,
        "profile": profile,
    }
    return canonical_json(document)


def decision_octets(*, decided_by: str, verdict: Verdict, reason: str | None) -> bytes:
    """Return what a decision's commitment in the log commits to: canonical JSON."""
    document = {"decided_by": decided_by, "reason": reason, "verdict": str(verdict)}
    return canonical_json(document)


def application_of(row: Row[Any], made: tuple[Decision, ...] = ()) -> Application:
    """Return the application of a row."""
    return Application(
        id=row.id,
        applicant=row.applicant,
        applicant_person=row.applicant_person,
        institution=row.institution,
        bundle=row.bundle,
        state=ApplicationState(row.state),
        profile=row.profile,
        holder=row.holder,
        facts={
            name: tuple(value) if isinstance(value, list) else value
            for name, value in row.facts.items()
        },
        csr_der=row.csr_der,
        public_key_sha256=row.public_key_sha256,
        approvals_needed=row.approvals_needed,
        approvals=row.approvals,
        submitted_at=row.submitted_at,
        salt=row.salt,
        log_index=row.log_index,
        failure=row.failure,
        authority=row.authority,
        serial_number=row.serial_number,
        decide_by=row.decide_by,
        round=row.round,
        answer=row.answer,
        checks=row.checks,
        evidence=row.evidence,
        decisions=made,
    )


def decision_of(row: Row[Any]) -> Decision:
    """Return the decision of a row."""
    return Decision(
        id=row.id,
        decided_by=row.decided_by,
        verdict=Verdict(row.verdict),
        reason=row.reason,
        decided_at=row.decided_at,
        salt=row.salt,
        log_index=row.log_index,
        # Grants' decisions are made of rows too, and have no such column.
        decided_by_person=row._mapping.get("decided_by_person"),
        round=row._mapping.get("round", 1),
    )
