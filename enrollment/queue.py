"""What waits for an officer: what this very one can decide, oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, ScalarSelect, func, select

from core.access import Principal
from core.database import Database
from enrollment.application import Application, ApplicationState, application_of
from enrollment.jurisdiction import Jurisdiction
from enrollment.models import applications, decisions, principals


@dataclass(frozen=True)
class Entry:
    """What waits: an application without its decisions, or the oldest of ``together`` of them."""

    application: Application
    together: int


class Queue:
    """Shows what waits for whom."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def waiting_for(
        self, officer: Principal, *, limit: int, after: str | None = None
    ) -> Sequence[Entry]:
        """Return what waits for this very officer, oldest first, after the id ``after``.

        That is what is undecided, is of the officer's institution, was not applied for by the
        person behind the officer, and was not decided by them in this round. What was submitted
        together is one entry.
        """
        person = _person(officer.id)
        sibling = applications.alias("sibling")
        older = (
            select(sibling.c.id)
            .where(
                sibling.c.bundle == applications.c.bundle,
                sibling.c.id < applications.c.id,
                *_waits(sibling, person),
            )
            .exists()
        )
        query = select(applications).where(*_waits(applications, person), ~older)
        query = Jurisdiction.of(officer).narrow(query, applications.c.institution)
        if after is not None:
            query = query.where(applications.c.id > after)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(applications.c.id).limit(limit)).all()
            bundles = [row.bundle for row in rows if row.bundle is not None]
            counted = select(applications.c.bundle, func.count()).where(
                applications.c.bundle.in_(bundles), *_waits(applications, person)
            )
            sizes: dict[str, int] = {
                row[0]: row[1] for row in connection.execute(counted.group_by("bundle"))
            }
        return [Entry(application_of(row), sizes.get(row.bundle, 1)) for row in rows]


def _person(officer_id: str) -> ScalarSelect[Any]:
    query = select(principals.c.person).where(principals.c.id == officer_id)
    return query.scalar_subquery()


def _waits(table: FromClause, person: ScalarSelect[Any]) -> list[ColumnElement[bool]]:
    decided = select(decisions.c.id).where(
        decisions.c.application == table.c.id,
        decisions.c.round == table.c.round,
        decisions.c.decided_by_person == person,
    )
    return [
        table.c.state == ApplicationState.SUBMITTED,
        table.c.applicant_person != person,
        ~decided.exists(),
    ]
