"""What a person says is wrong gets to the responsible office, and is answered."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError

from camtrust.app import create_app
from camtrust.listeners import Listener
from enrollment.application import Verdict
from enrollment.jurisdiction import NATION, Jurisdiction
from enrollment.objections.errors import ObjectionAnswered, ObjectionUnknown, OwnObjection
from enrollment.objections.models import objections
from enrollment.objections.objection import About, Objection, ObjectionToRaise, Outcome
from tests.enrollment.subscriber.person import SIGNING, Person, decide, sit_down
from tests.enrollment.world import World, front_header

WORDS = "My name is written another way."


class Officer:
    """Somebody of an office with a browser that runs no scripts."""

    def __init__(self, world: World, name: str, institution: str | None) -> None:
        world.enroll(name, institution=institution)
        self._client = create_app(world.parts(), Listener.OFFICERS).test_client()
        self._headers = {
            "X-SSL-Client-Cert": front_header(world.held[name]),
            "Accept-Language": "en",
        }

    def get(self, path: str) -> Any:
        return self._client.get(path, headers=self._headers)

    def answer(self, path: str, **fields: str) -> Any:
        token = re.search(r'name="form_token" value="([^"]+)"', self.get(path).text)
        assert token is not None
        sent = {"form_token": token.group(1), **fields}
        return self._client.post(f"{path}/answer", data=sent, headers=self._headers)


def raised(world: World, person: str, number: int = 1, **values: Any) -> Objection:
    wanted = ObjectionToRaise(f"{number:032x}", person, About.LISTED_DATA, WORDS, **values)
    return world.personal.objecting.raise_objection(wanted)


def test_a_refusal_is_objected_to_and_the_office_answers(person: Person, world: World) -> None:
    page = person.apply(SIGNING)
    [one] = person.applications(page)
    decide(world, one, "first", Verdict.REFUSED, "The list is old.")
    who = "The office of Ministry of MOH reads it and answers within 10 days."
    assert who in person.get(page).text
    sent = person.press(page, "/objections", text=WORDS)
    mine = sent.headers["Location"].partition("?")[0]
    theirs = mine.replace("/my/", "/office/")
    officer = Officer(world, "answering", "moh")
    assert theirs in officer.get("/office/objections").text
    shown = officer.get(theirs).text
    assert WORDS in shown and "សុខ ដារ៉ា" in shown and f"/office/applications/{one.id}" in shown
    assert officer.answer(theirs, answer="We looked again.").status_code == 422
    assert officer.answer(theirs, outcome="accepted", answer=" ").status_code == 422
    assert officer.answer(theirs, outcome="accepted", answer="You are right.").status_code == 303
    answered = person.get(mine).text
    assert "The office agrees" in answered and "You are right." in answered
    assert theirs not in officer.get("/office/objections").text
    assert theirs in officer.get("/office/objections?answered=yes").text


def test_another_institutions_officers_see_nothing_of_it(person: Person, world: World) -> None:
    one = raised(world, person.id)
    world.found("moe")
    officer = Officer(world, "of-education", "moe")
    assert one.id not in officer.get("/office/objections").text
    assert officer.get(f"/office/objections/{one.id}").status_code == 404
    national = Officer(world, "of-the-nation", None)
    assert one.id in national.get("/office/objections").text


def test_sent_twice_it_is_one_objection(person: Person, world: World) -> None:
    assert raised(world, person.id) == raised(world, person.id)
    assert len(world.personal.objections.of_person(person.id, limit=9)) == 1


def test_anothers_objection_and_application_cannot_be_had(person: Person, world: World) -> None:
    one = raised(world, person.id)
    [application] = person.applications(person.apply(SIGNING))
    other = sit_down(world, world.employ(number="987654321"))
    assert other.get(f"/my/objections/{one.id}").status_code == 404
    with pytest.raises(ObjectionUnknown):
        raised(world, other.id)  # the same name of the act
    _path, hidden = other.form("/my/", "/my/application")
    fields = {"about": "refusal", "application": application.id, "text": WORDS}
    assert other.send(("/my/objections", hidden), **fields).status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"about": "nothing", "text": WORDS},
        {"about": "refusal", "text": ""},
        {"about": "refusal", "text": "x" * 3000},
        {"about": "refusal", "text": WORDS, "document_number": "1" * 41},
    ],
)
def test_what_says_nothing_is_refused(person: Person, fields: dict[str, str]) -> None:
    _path, hidden = person.form("/my/", "/my/application")
    assert person.send(("/my/objections", hidden), **fields).status_code == 400


def test_what_is_late_is_marked_and_both_sides_see_it(
    person: Person, world: World, clock: Any
) -> None:
    one = raised(world, person.id)
    assert world.personal.objections.mark_overdue() == 0
    clock.advance(world.personal.policy.objection.within * 1.1)
    assert world.personal.objections.mark_overdue() == 1
    assert world.personal.objections.mark_overdue() == 0
    person = sit_down(world, person.id)
    assert "The office is late" in person.get(f"/my/objections/{one.id}").text
    assert "The office is late" in Officer(world, "late", "moh").get("/office/objections").text


def test_nobody_answers_themselves_in_no_other_role(person: Person, world: World) -> None:
    one = raised(world, person.id)
    world.enroll("herself", institution="moh", person=person.id)
    with pytest.raises(OwnObjection):
        answer(world, one, "herself")
    with pytest.raises(IntegrityError), world.database.begin() as connection:
        connection.execute(
            text(
                "UPDATE objections SET answered_by = 'herself', answered_by_person = :person, "
                "state = 'answered', outcome = 'accepted', answer = 'Yes.', answered_at = :now"
            ),
            {"person": person.id, "now": "2026-12-01"},
        )


def test_the_first_answer_stands(person: Person, world: World) -> None:
    one = raised(world, person.id)
    for name in ("first", "second"):
        world.enroll(name, institution="moh")
    assert answer(world, one, "first") == answer(world, one, "first")
    with pytest.raises(ObjectionAnswered):
        answer(world, one, "second", Outcome.REJECTED)
    with pytest.raises(ObjectionUnknown):
        world.personal.objections.find(one.id, seen_by=Jurisdiction("moe"))


def answer(
    world: World, one: Objection, officer: str, outcome: Outcome = Outcome.ACCEPTED
) -> Objection:
    return world.personal.objecting.answer(
        one.id, outcome=outcome, answer="Yes.", answered_by=officer, seen_by=NATION
    )


def test_the_log_has_neither_words_nor_numbers(person: Person, world: World) -> None:
    one = raised(world, person.id, document_number="012345678")
    world.enroll("first", institution="moh")
    answer(world, one, "first")
    world.log.publish()
    published = b"".join(
        path.read_bytes() for path in (world.folder / "log").rglob("*") if path.is_file()
    )
    assert b"objection-answered" in published
    assert WORDS.encode() not in published and b"012345678" not in published


def test_the_tables_refuse_an_answer_without_its_parts(person: Person, world: World) -> None:
    one = raised(world, person.id)
    with pytest.raises(IntegrityError), world.database.begin() as connection:
        connection.execute(
            insert(objections).values(
                id="f" * 32,
                person=one.person,
                institution="moh",
                about="refusal",
                text=WORDS,
                state="answered",
                raised_at=one.raised_at,
                due_at=one.due_at,
                salt=b"s",
                log_index=1,
            )
        )
