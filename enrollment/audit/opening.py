"""Open the log's commitments: what the tables hold of each entry, and whether it was logged so.

An entry says that something was done; the tables say by whom and about what, with the salt by which
anybody who has both can see that they belong together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from core.access import Role
from core.transparency.entry import JsonValue, LogEntry, commitment
from enrollment.application import Verdict, application_of, decision_octets, submission_octets
from enrollment.audit.acts import act_octets, act_of
from enrollment.audit.models import office_acts
from enrollment.grants.grant import Grant, GrantProposal, grant_of, proposal_octets
from enrollment.grants.models import grant_decisions, grants
from enrollment.invitations.models import invitations
from enrollment.models import applications, decisions, earlier_submissions, principals

NumberedEntry = tuple[int, LogEntry]


@dataclass(frozen=True)
class OpenedAct:
    """An entry of the log, with what the tables know of it.

    ``officer`` is the principal who acted; ``opened`` are personal and other data by their names.
    ``holds`` tells whether they are what the entry commits to; None where it commits to nothing
    that is kept.
    """

    index: int
    kind: str
    at: datetime
    facts: Mapping[str, JsonValue]
    officer: str | None = None
    institution: str | None = None
    opened: tuple[tuple[str, str], ...] = ()
    holds: bool | None = None


@dataclass(frozen=True)
class _Found:
    officer: str | None
    institution: str | None
    opened: Mapping[str, Any]
    octets: bytes
    salt: bytes
    committed_as: str


def open_entries(connection: Connection, entries: Sequence[NumberedEntry]) -> list[OpenedAct]:
    """Return the entries with what the tables hold of them; a query for each table, not entry."""
    indexes = [index for index, _entry in entries]
    found: dict[int, _Found] = {}
    for source in (
        _submissions,
        _earlier,
        _decisions,
        _proposals,
        _grant_decisions,
        _acts,
        _invited,
    ):
        found |= source(connection, indexes)
    named = [entry for index, entry in entries if index not in found]
    who = _officers(connection) if any("officer" in one.facts for one in named) else []
    whose = _grants_named(connection, named)
    return [
        _opened(index, entry, found[index]) if index in found else _named(index, entry, who, whose)
        for index, entry in entries
    ]


def _opened(index: int, entry: LogEntry, found: _Found) -> OpenedAct:
    logged = entry.facts.get(found.committed_as)
    return OpenedAct(
        index,
        entry.kind,
        entry.at,
        entry.facts,
        found.officer,
        found.institution,
        tuple((name, _text(value)) for name, value in found.opened.items() if value is not None),
        commitment(found.salt, found.octets) == logged,
    )


def _named(
    index: int, entry: LogEntry, who: Sequence[Row[Any]], whose: Mapping[str, Row[Any]]
) -> OpenedAct:
    """Find who an entry without a row of its own means: by trying whose commitment it is."""
    logged, grant = entry.facts.get("officer"), whose.get(str(entry.facts.get("grant")))
    officer, institution = None, None
    for one in who if logged is not None else ():
        salt = one.salt if grant is None else grant.salt
        if commitment(salt, one.id.encode()) == logged:
            officer, institution = one.id, one.institution
    if grant is not None:
        institution = grant.institution
    stated = entry.facts.get("institution")
    return OpenedAct(
        index,
        entry.kind,
        entry.at,
        entry.facts,
        officer,
        stated if isinstance(stated, str) else institution,
        holds=None if logged is None else officer is not None,
    )


def _submissions(connection: Connection, indexes: Sequence[int]) -> dict[int, _Found]:
    query = select(applications).where(applications.c.log_index.in_(indexes))
    found = {}
    for row in connection.execute(query):
        application = application_of(row)
        found[row.log_index] = _submission(row, application.facts, row, row.answer)
    return found


def _earlier(connection: Connection, indexes: Sequence[int]) -> dict[int, _Found]:
    query = (
        select(
            earlier_submissions,
            applications.c.applicant,
            applications.c.profile,
            applications.c.holder,
            applications.c.institution,
        )
        .join(applications, applications.c.id == earlier_submissions.c.application)
        .where(earlier_submissions.c.log_index.in_(indexes))
    )
    return {
        row.log_index: _submission(row, row.facts, row, row.answer)
        for row in connection.execute(query)
    }


def _submission(row: Row[Any], facts: Any, kept: Row[Any], answer: str | None) -> _Found:
    octets = submission_octets(
        applicant=row.applicant,
        profile=row.profile,
        holder=row.holder,
        facts=facts,
        csr_der=kept.csr_der,
        answer=answer,
    )
    opened = {"holder": row.holder, "answer": answer, **facts}
    return _Found(row.applicant, row.institution, opened, octets, kept.salt, "submission")


def _decisions(connection: Connection, indexes: Sequence[int]) -> dict[int, _Found]:
    query = (
        select(decisions, applications.c.institution, applications.c.holder)
        .join(applications, applications.c.id == decisions.c.application)
        .where(decisions.c.log_index.in_(indexes))
    )
    return {row.log_index: _decision(row, row.holder) for row in connection.execute(query)}


def _grant_decisions(connection: Connection, indexes: Sequence[int]) -> dict[int, _Found]:
    query = (
        select(grant_decisions, grants.c.institution, grants.c.holder)
        .join(grants, grants.c.id == grant_decisions.c.grant_id)
        .where(grant_decisions.c.log_index.in_(indexes))
    )
    return {row.log_index: _decision(row, row.holder) for row in connection.execute(query)}


def _decision(row: Row[Any], holder: str) -> _Found:
    octets = decision_octets(
        decided_by=row.decided_by, verdict=Verdict(row.verdict), reason=row.reason
    )
    opened = {"holder": holder, "reason": row.reason}
    return _Found(row.decided_by, row.institution, opened, octets, row.salt, "decision")


def _proposals(connection: Connection, indexes: Sequence[int]) -> dict[int, _Found]:
    query = select(grants).where(grants.c.log_index.in_(indexes))
    return {row.log_index: _proposal(grant_of(row)) for row in connection.execute(query)}


def _proposal(grant: Grant) -> _Found:
    names = GrantProposal.__dataclass_fields__
    proposal = GrantProposal(**{name: getattr(grant, name) for name in names})
    octets = proposal_octets(proposal, proposed_by=grant.proposed_by)
    opened = {"holder": grant.holder, **grant.facts}
    return _Found(grant.proposed_by, grant.institution, opened, octets, grant.salt, "proposal")


def _acts(connection: Connection, indexes: Sequence[int]) -> dict[int, _Found]:
    query = select(office_acts).where(office_acts.c.log_index.in_(indexes))
    found = {}
    for act in map(act_of, connection.execute(query)):
        octets = act_octets(officer=act.officer, institution=act.institution, document=act.document)
        found[act.log_index] = _Found(
            act.officer, act.institution, act.document, octets, act.salt, "act"
        )
    return found


def _invited(connection: Connection, indexes: Sequence[int]) -> dict[int, _Found]:
    query = select(invitations).where(invitations.c.log_index.in_(indexes))
    return {
        row.log_index: _Found(
            row.made_by,
            row.institution,
            {"person": row.person, "document": row.document},
            row.made_by.encode(),
            row.salt,
            "officer",
        )
        for row in connection.execute(query)
    }


def _officers(connection: Connection) -> Sequence[Row[Any]]:
    # Those in office are few; subscribers are named by entries of other kinds.
    query: Select[Any] = select(principals.c.id, principals.c.salt, principals.c.institution)
    return connection.execute(query.where(principals.c.role != Role.SUBSCRIBER)).all()


def _grants_named(connection: Connection, entries: Sequence[LogEntry]) -> dict[str, Row[Any]]:
    named = [str(one.facts["grant"]) for one in entries if "grant" in one.facts]
    query: Select[Any] = select(grants.c.id, grants.c.salt, grants.c.institution)
    query = query.where(grants.c.id.in_(named))
    return {row.id: row for row in connection.execute(query)} if named else {}


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_text(one)}" for name, one in sorted(value.items()))
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return str(value)
