"""Who serves at two institutions says for which of them they apply."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from enrollment.jurisdiction import Jurisdiction
from enrollment.objections.objection import About, ObjectionToRaise
from enrollment.people.person import Place
from enrollment.subscriber.errors import NotListed
from tests.enrollment.subscriber.person import MAIL, SIGNING, Person, approve, new_request, sit_down
from tests.enrollment.world import World

DATA = "/my/application/data"
SUMMARY = "/my/application/summary"


@pytest.fixture
def both(world: World, person: Person) -> Person:
    """Listed by the ministry of health, and since then by that of the interior."""
    world.clock.advance(timedelta(minutes=1))
    world.people.employ(person.id, world.found("moi"), Place(staff_number="77"))
    return person


def take(person: Person, institution: str) -> Any:
    return person.press(DATA, "/institution", institution=institution)


def test_who_is_listed_once_is_asked_nothing(person: Person) -> None:
    person.press("/my/", "/my/application")
    assert "For which institution?" not in person.get(DATA).text


def test_the_office_of_the_chosen_institution_decides(both: Person, world: World) -> None:
    both.press("/my/", "/my/application")
    shown = both.get(DATA).text
    assert re.search(r'value="moi" checked', shown) and 'value="moh"' in shown
    assert take(both, "moh").headers["Location"] == DATA
    shown = both.get(DATA).text
    assert re.search(r'value="moh" checked', shown) and "dara.sok@moh.gov.kh" in shown
    both.press(DATA, "/data")
    both.press("/my/application/certificates", "/certificates", profile=[MAIL])
    assert both.make_key(MAIL).status_code == 303
    assert "Ministry of MOH" in both.get(SUMMARY).text
    sent = both.press(SUMMARY, "/submission").headers["Location"].partition("?")[0]
    [one] = both.applications(sent)
    assert (one.institution, one.facts["email"]) == ("moh", "dara.sok@moh.gov.kh")


def test_another_institution_is_confirmed_anew_and_keeps_what_it_can_certify(
    both: Person, world: World
) -> None:
    both.press("/my/", "/my/application")
    take(both, "moh")
    both.press(DATA, "/data")
    both.press("/my/application/certificates", "/certificates", profile=[MAIL, SIGNING])
    both.make_key(SIGNING)
    take(both, "moi")
    # The interior knows no official address: nothing certifies one.
    draft = world.personal.pages.drafts.find(both.id)
    assert draft is not None and draft.listed_sha256 is None
    assert [(one.profile, one.csr_der is None) for one in draft.certificates] == [(SIGNING, False)]
    assert both.get(SUMMARY).headers["Location"] == DATA
    both.press(DATA, "/data")
    assert "Ministry of MOI" in both.get(SUMMARY).text


def test_an_institution_that_does_not_list_one_is_not_taken(both: Person, world: World) -> None:
    world.found("moe")
    both.press("/my/", "/my/application")
    assert take(both, "moe").status_code == 409
    draft = world.personal.pages.drafts.find(both.id)
    assert draft is not None and draft.institution == "moi"


def test_who_left_the_chosen_institution_confirms_what_the_other_lists(
    both: Person, world: World
) -> None:
    both.choose(SIGNING)
    both.make_key(SIGNING)
    form = both.form(SUMMARY, "/submission")
    [_health, interior] = world.people.employments_of(both.id)
    world.people.leave(interior.id)
    refused = both.send(form)
    assert refused.status_code == 409 and "look at your data once more" in refused.text.lower()
    assert "Ministry of MOH" in both.get(DATA).text
    both.press(DATA, "/data")
    sent = both.press(SUMMARY, "/submission").headers["Location"].partition("?")[0]
    assert [one.institution for one in both.applications(sent)] == ["moh"]


def test_a_renewal_stays_with_the_institution_of_the_certificate(
    both: Person, world: World
) -> None:
    both.press("/my/", "/my/application")
    take(both, "moh")
    both.press(DATA, "/data")
    both.press("/my/application/certificates", "/certificates", profile=[SIGNING])
    both.make_key(SIGNING, new_request())
    sent = both.press(SUMMARY, "/submission").headers["Location"].partition("?")[0]
    [held] = both.applications(sent)
    approve(world, held)
    world.clock.advance(timedelta(days=1095 - 30))
    again = sit_down(world, both.id)
    again.press(f"/my/certificates/{held.id}", "/renewal")
    draft = world.personal.pages.drafts.find(both.id)
    assert draft is not None and draft.institution == "moh"


def test_a_correction_goes_to_the_office_whose_list_is_meant(both: Person, world: World) -> None:
    both.press("/my/", "/my/application")
    take(both, "moh")
    sent = both.press(DATA, "/my/objections", text="The name is wrong.")
    assert sent.status_code == 303
    objections = world.personal.pages.objections
    assert len(objections.page(Jurisdiction("moh"), is_open=True, limit=2, after=None)) == 1
    wanted = ObjectionToRaise(
        "c" * 32, both.id, About.LISTED_DATA, "Of no list.", institution="moe"
    )
    with pytest.raises(NotListed):
        world.personal.pages.objecting.raise_objection(wanted)
