"""People: taken up once, known by their numbers, listed by institutions."""

from __future__ import annotations

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from core.access import Role
from enrollment.errors import OfficerExists
from enrollment.people.errors import EmploymentConflict, IdentifierTaken, PersonRefused
from enrollment.people.models import people
from enrollment.people.person import (
    EmploymentState,
    IdentifierKind,
    PersonDetails,
    PersonIdentifier,
    PersonName,
    Place,
)
from tests.ca.revocation.world import entries_of
from tests.enrollment.world import World


def test_a_person_is_found_by_their_number_with_its_leading_zero(either_world: World) -> None:
    either_world.found()
    person = either_world.employ(number="012345678")
    found = either_world.people.find_by_identifier(IdentifierKind.NATIONAL_ID, "012345678")
    assert found is not None and found.id == person
    assert found.details.name.khmer == "សុខ ដារ៉ា"
    assert either_world.people.find_by_identifier(IdentifierKind.NATIONAL_ID, "12345678") is None


@pytest.mark.parametrize("field", ["surname_km", "given_name_km", "surname_latin"])
def test_a_single_name_is_a_name(world: World, field: str) -> None:
    person = world.people.add(PersonDetails(PersonName(**{field: "សុខ"})))
    assert "សុខ" in {person.details.name.khmer, person.details.name.latin}


def test_a_number_identifies_one_person(either_world: World) -> None:
    number = PersonIdentifier(IdentifierKind.PASSPORT, "N0123456")
    details = PersonDetails(PersonName(surname_latin="Sok"), identifiers=(number,))
    either_world.people.add(details)
    with pytest.raises(IdentifierTaken):
        either_world.people.add(details)


@pytest.mark.parametrize(
    ("details", "field"),
    [
        (PersonDetails(PersonName()), "name"),
        (PersonDetails(PersonName(surname_km="\u200b")), "surname_km"),
        (PersonDetails(PersonName(surname_km="ក"), sex="f"), "sex"),
        (PersonDetails(PersonName(surname_km="ក"), date_of_birth="2001-02-30"), "date_of_birth"),
        (PersonDetails(PersonName(surname_km="ក"), date_of_birth="13/04/1990"), "date_of_birth"),
        (PersonDetails(PersonName(surname_km="ក"), nationality="Khmer"), "nationality"),
        (
            PersonDetails(
                PersonName(surname_km="ក"),
                identifiers=(PersonIdentifier(IdentifierKind.NATIONAL_ID, "12345678"),),
            ),
            "identifiers",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(
    world: World, details: PersonDetails, field: str
) -> None:
    with pytest.raises(PersonRefused) as refusal:
        world.people.add(details)
    assert refusal.value.data["field"] == field


def test_a_date_of_birth_is_as_precise_as_it_is_known(world: World) -> None:
    for known in ("1990", "1990-04", "1990-04-13"):
        person = world.people.add(PersonDetails(PersonName(surname_km="ក"), date_of_birth=known))
        assert world.people.find(person.id).details.date_of_birth == known


def test_the_database_refuses_a_person_without_a_name(either_world: World) -> None:
    with pytest.raises(IntegrityError), either_world.database.begin() as connection:
        connection.execute(
            insert(people).values(id="0" * 32, added_at=either_world.clock.now(), salt=b"\x00" * 32)
        )


def test_a_list_names_a_person_and_a_staff_number_once(either_world: World) -> None:
    either_world.found("moh")
    either_world.found("mef")
    person = either_world.employ("moh")
    with pytest.raises(EmploymentConflict):
        either_world.people.employ(person, "moh", Place())
    either_world.people.employ(person, "mef", Place())
    listed = {one.institution for one in either_world.people.employments_of(person)}
    assert listed == {"moh", "mef"}


def test_whoever_leaves_is_noted_once(world: World) -> None:
    world.found()
    [listed] = world.people.employments_of(world.employ())
    for _ in range(2):
        assert world.people.leave(listed.id).state is EmploymentState.LEFT
    kinds = [entry.kind for entry in entries_of(world.database)]
    assert kinds.count("person-left") == 1


def test_people_are_logged_without_their_data(world: World) -> None:
    world.found()
    person = world.employ()
    world.subscribers.enroll(person)
    world.subscribers.enroll(person)
    octets = b"".join(one.encode() for one in entries_of(world.database))
    for personal in (b"Dara", b"012345678", person.encode(), "ដារ៉ា".encode()):
        assert personal not in octets
    kinds = [entry.kind for entry in entries_of(world.database)]
    assert kinds.count("subscriber-enrolled") == 1


def test_nobody_holds_two_offices(either_world: World) -> None:
    either_world.found()
    person = either_world.employ()
    either_world.enroll("clerk", person=person)
    with pytest.raises(OfficerExists):
        either_world.enroll("watcher", Role.AUDITOR, person=person)
