"""An institution with people on its list, and officers who bring the next one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from core.access import Principal, Role
from core.idempotency import new_act_id
from enrollment.institutions.institution import InstitutionDetails, InstitutionKind
from enrollment.jurisdiction import Jurisdiction
from enrollment.lists.staff_list import StaffList
from enrollment.people.models import employments, people
from tests.enrollment.lists.files import csv_of, person
from tests.enrollment.world import World

MOI = "moi"
MOMENT = timedelta(minutes=1)


def register(world: World, institution: str) -> None:
    """Register a ministry with its mail domain."""
    world.institutions.register(
        InstitutionDetails(
            institution,
            InstitutionKind.MINISTRY,
            "ក្រសួងសាកល្បង",
            f"Ministry {institution.upper()}",
            mail_domains=(f"{institution}.example",),
        )
    )


def officer(world: World, officer_id: str, institution: str | None = MOI, **more: Any) -> Principal:
    """An officer of the institution, enrolled and as one who asks."""
    if institution is not None and institution not in {one.id for one in world.institutions.all()}:
        register(world, institution)
    world.enroll(officer_id, Role.RA_OFFICER, institution=institution, **more)
    return Principal(officer_id, Role.RA_OFFICER, institution)


def bring(
    world: World, who: Principal, *rows: Sequence[str], institution: str | None = None
) -> StaffList:
    """Upload a list of these rows and read it."""
    return world.staff_lists.take(
        who,
        institution,
        file_name="list.csv",
        octets=csv_of(*rows),
        list_id=new_act_id(world.clock.now()),
    )


def apply(world: World, who: Principal, one: StaffList) -> StaffList:
    """Approve a list and apply it whole."""
    world.staff_lists.applying.begin(
        one.id, Jurisdiction.of(who), officer=who.id, revision=one.revision
    )
    return world.staff_lists.applying.run(one.id)


def brought(world: World, who: Principal, *rows: Sequence[str]) -> StaffList:
    """Upload a list and apply it; later lists are later."""
    done = apply(world, who, bring(world, who, *rows))
    world.clock.advance(MOMENT)
    return done


def crowd(count: int, *, begin: int = 0) -> list[tuple[str, ...]]:
    return [person(number) for number in range(begin, begin + count)]


def listed(world: World, institution: str = MOI, state: str = "listed") -> list[str]:
    """The staff numbers of those who are on the institution's list."""
    query = (
        select(employments.c.staff_number)
        .where(employments.c.institution == institution, employments.c.state == state)
        .order_by(employments.c.staff_number)
    )
    with world.database.read() as connection:
        return [str(one) for one in connection.scalars(query)]


def everybody(world: World) -> list[dict[str, Any]]:
    with world.database.read() as connection:
        rows = connection.execute(select(people).order_by(people.c.id)).mappings()
        return [dict(row) for row in rows]
