"""Institutions: registered once, logged, and suspended or closed."""

from __future__ import annotations

import pytest

from enrollment.institutions.errors import (
    InstitutionExists,
    InstitutionNotActive,
    InstitutionRefused,
    InstitutionUnknown,
)
from enrollment.institutions.institution import InstitutionState
from enrollment.people.person import PersonDetails, PersonName, Place
from tests.ca.revocation.world import entries_of
from tests.enrollment.world import World


def test_an_institution_is_registered_and_logged(either_world: World) -> None:
    either_world.found("moh", registration_identifier="NTRKH-001")
    found = either_world.institutions.find("moh")
    assert (found.id, found.state) == ("moh", InstitutionState.ACTIVE)
    assert found.details.mail_domains == ("moh.example",)
    [entry] = [one for one in entries_of(either_world.database) if "institution" in one.facts]
    assert entry.kind == "institution-registered"


def test_a_registration_number_belongs_to_one_institution(either_world: World) -> None:
    either_world.found("moh", registration_identifier="NTRKH-001")
    with pytest.raises(InstitutionExists):
        either_world.found("mef", registration_identifier="NTRKH-001")
    with pytest.raises(InstitutionExists):
        either_world.found("moh")
    with pytest.raises(InstitutionUnknown):
        either_world.institutions.find("mef")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name_km", " "),
        ("name_latin", "a\x00b"),
        ("registration_identifier", "001"),
        ("mail_domains", ("not a domain",)),
        ("member_code", "CAMDX-1"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(world: World, field: str, value: object) -> None:
    names = {"name_km": "ក", "name_latin": "A"} | {field: value}
    with pytest.raises(InstitutionRefused) as refusal:
        from enrollment.institutions.institution import InstitutionDetails, InstitutionKind

        world.institutions.register(InstitutionDetails("moh", InstitutionKind.MINISTRY, **names))
    assert refusal.value.data["field"] == field


def test_a_suspended_institution_takes_nobody_up(world: World) -> None:
    world.found("moh")
    person = world.people.add(PersonDetails(PersonName(surname_latin="Sok")))
    world.institutions.change_state("moh", InstitutionState.SUSPENDED)
    with pytest.raises(InstitutionNotActive):
        world.people.employ(person.id, "moh", Place())
    world.institutions.change_state("moh", InstitutionState.CLOSED)
    with pytest.raises(InstitutionNotActive):
        world.institutions.change_state("moh", InstitutionState.ACTIVE)
