"""The pages of those who take part: opened, they change nothing; their forms act."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.web_parts import app_parts
from core.web.languages import day
from core.web.session_cookie import COOKIE
from enrollment.sessions.sessions import SignInMethod
from signing.approval.approval import Approval
from tests.signing.approval.world import PIN, ApprovalWorld, Person, as_person
from tests.signing.documents.pdfs import one_page


@dataclass
class Clerk:
    """Somebody at a browser, signed in."""

    world: ApprovalWorld
    http: FlaskClient
    person: Person
    language: str = "en"

    def open(self, path: str = "") -> Any:
        return self.http.get(f"/approvals{path}", headers={"Accept-Language": self.language})

    def send(self, path: str, **fields: Any) -> Any:
        cookie = self.http.get_cookie("__Host-form")
        token = "" if cookie is None else cookie.value
        return self.http.post(
            f"/approvals{path}",
            data={"form_token": token, **fields},
            headers={"Accept-Language": self.language},
        )

    def sign(self, one: Approval, place: int = 1, pin: str = PIN) -> Any:
        revision = self.world.find(one).revision
        question = self.send(f"/{one.id}/{place}/question/{revision}")
        assert question.status_code == 200, question.text
        proof = self.person.device.get(json.loads(question.data))
        return self.send(f"/{one.id}/{place}/signature", pin=pin, assertion=proof)


@pytest.fixture
def clerk(world: ApprovalWorld) -> Any:
    app = create_app(app_parts(world.services), Listener.PUBLIC)

    def sit_down(number: str, language: str = "en") -> Clerk:
        http, person = app.test_client(), world.people[number]
        sessions = world.services.registration.subscribers.sessions
        http.set_cookie(COOKIE, sessions.open(person.id, method=SignInMethod.PASSKEY))
        made = Clerk(world, http, person, language)
        made.open("/deputies")
        return made

    return sit_down


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_somebody_finds_reads_and_signs_what_waits(world: ApprovalWorld, clerk: Any) -> None:
    started, me = world.start("1"), clerk("1")
    assert "Decision 12/2026" in words(me.open().text)
    page = me.open(f"/{started.id}")
    assert "It is your turn" in words(page.text)
    document = me.open(f"/{started.id}/document.pdf")
    assert document.data == world.document(started)
    assert document.headers["Content-Disposition"].startswith("inline")
    kept = me.open(f"/{started.id}/document.pdf?keep=yes")
    assert kept.headers["Content-Disposition"] == "attachment; filename=document-0.pdf"
    # Opening changed nothing.
    assert world.kinds() == ["approval-started"]
    answer = me.sign(started)
    assert answer.status_code == 303
    assert answer.location.endswith(f"/approvals/{started.id}")
    shown = words(me.open(f"/{started.id}").text)
    assert "Signed – Sok Dara" in shown
    assert "It is your turn" not in shown
    assert "Nothing waits for you" in words(me.open().text)


def test_a_wrong_pin_is_told_in_the_page_and_nothing_is_signed(
    world: ApprovalWorld, clerk: Any
) -> None:
    started, me = world.start("1"), clerk("1")
    answer = me.sign(started, pin="00000000")
    assert answer.status_code == 403
    assert "Wrong PINs that are left before the key is locked: 4" in words(answer.text)
    assert world.find(started).revision == 0


def test_a_form_sent_twice_shows_what_was_done(world: ApprovalWorld, clerk: Any) -> None:
    started, me = world.start("1", "2"), clerk("1")
    assert me.sign(started).status_code == 303
    again = me.send(f"/{started.id}/1/signature", pin=PIN, assertion="{}")
    assert again.status_code == 303
    assert len(world.signatures(started)) == 1
    refused = me.send(f"/{started.id}/1/refusal", reason="Too late.")
    assert refused.status_code == 303
    assert world.find(started).state == "circulating"


def test_a_refusal_and_an_opinion_are_read_by_the_others(world: ApprovalWorld, clerk: Any) -> None:
    started = world.start("1a", "2", by=as_person(world.people["3"]))
    first, second, requester = clerk("1"), clerk("2"), clerk("3")
    opinion = "Agreed.\r\n<b>Mind chapter 2.</b>"
    assert first.send(f"/{started.id}/1/acknowledgement", opinion=opinion).status_code == 303
    page = second.open(f"/{started.id}").text
    assert "Agreed.\n&lt;b&gt;Mind chapter 2.&lt;/b&gt;" in page
    assert second.send(f"/{started.id}/2/refusal", reason=" ").status_code == 422
    assert second.send(f"/{started.id}/2/refusal", reason="Wrong figures.").status_code == 303
    for one in (first, requester):
        assert "Wrong figures." in words(one.open(f"/{started.id}").text)


def test_a_deputy_is_named_signs_and_is_ended_at_the_pages(
    world: ApprovalWorld, clerk: Any
) -> None:
    started, me, deputy = world.start("1", "3"), clerk("1"), clerk("2")
    today = world.clock.now()
    form = {
        "act": "a" * 32,
        "institution": "ministry-of-examples",
        "staff_number": "2",
        "first": day(today),
        "last": day(today),
    }
    for wrong in ({"first": "soon"}, {"staff_number": "1"}, {"staff_number": "99"}):
        assert me.send("/deputies", **(form | wrong)).status_code == 422
    assert me.send("/deputies", **form).status_code == 303
    assert me.send("/deputies", **form).status_code == 303
    assert words(me.open("/deputies").text).count("Chan Vanna") == 2  # The row, and its button.
    assert "on behalf of Sok Dara" in words(deputy.open().text)
    page = words(deputy.open(f"/{started.id}").text)
    assert "On behalf of Sok Dara" in page
    assert deputy.sign(started).status_code == 303
    assert "Chan Vanna, on behalf of Sok Dara" in words(me.open(f"/{started.id}").text)
    [named] = world.approval.desk.deputies.of(deputy.person.id)
    assert deputy.send(f"/deputies/{named.id}/revocation").status_code == 303
    assert "Nobody stands in for you" in words(me.open("/deputies").text)


def test_who_started_it_replaces_and_cancels_at_the_page(world: ApprovalWorld, clerk: Any) -> None:
    started, me = world.start("1", by=as_person(world.people["3"])), clerk("3")
    assert me.send(f"/{started.id}/1/replacement", staff_number="99").status_code == 422
    assert me.send(f"/{started.id}/1/replacement", staff_number="2").status_code == 303
    assert me.send(f"/{started.id}/cancellation", reason="Anew.").status_code == 303
    assert world.find(started).state == "cancelled"
    assert "Anew." in words(me.open(f"/{started.id}").text)


def test_the_page_stands_while_the_documents_are_away(world: ApprovalWorld, clerk: Any) -> None:
    started, me = world.start("1"), clerk("1", "km")
    folder = world.services.home / "approvals"
    folder.rename(folder.with_name("elsewhere"))
    assert me.open(f"/{started.id}").status_code == 200
    for answer in (me.open(f"/{started.id}/document.pdf"), me.send(f"/{started.id}/1/question/0")):
        assert answer.status_code == 503
        assert "មិនអាចអាន ឬរក្សាទុកនៅពេលនេះបានទេ" in words(answer.text)


def test_the_page_says_that_operators_cancelled(world: ApprovalWorld, clerk: Any) -> None:
    started, me = world.start("1"), clerk("1")
    world.approval.changing.cancel_at_the_console(started.id, reason="Its requester left.")
    assert "Cancelled – The operators of this service" in words(me.open(f"/{started.id}").text)


def test_a_stranger_gets_what_is_not_there(world: ApprovalWorld, clerk: Any) -> None:
    started, stranger = world.start("1", "2"), clerk("2")
    for path in (f"/{started.id}", f"/{started.id}/document.pdf", "/" + "0" * 32):
        assert stranger.open(path).status_code == 404
    for act in ("1/question/0", "1/signature", "1/refusal", "cancellation", "1/replacement"):
        answer = stranger.send(f"/{started.id}/{act}", reason="No.", staff_number="2")
        assert answer.status_code == 404, act
    assert world.kinds() == ["approval-started"]


def test_nobody_who_is_not_signed_in_sees_anything(world: ApprovalWorld, clerk: Any) -> None:
    started = world.start("1")
    http = create_app(app_parts(world.services), Listener.PUBLIC).test_client()
    assert http.get(f"/approvals/{started.id}").status_code == 401
    assert http.post(f"/approvals/{started.id}/1/refusal", data={"a": "b"}).status_code == 401


def test_a_form_of_another_site_does_nothing(world: ApprovalWorld, clerk: Any) -> None:
    started, me = world.start("1"), clerk("1")
    path = f"/approvals/{started.id}/1/refusal"
    assert me.http.post(path, data={"reason": "No."}).status_code == 400
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert me.http.post(path, data={"reason": "No."}, headers=headers).status_code == 403
    assert world.find(started).state == "circulating"


def test_the_page_says_that_a_seal_waits(world: ApprovalWorld, clerk: Any) -> None:
    from tests.signing.approval.test_troubles import tsa_away

    started, me = world.start("1"), clerk("1", "km")
    world.sign(started, "1")
    with pytest.MonkeyPatch.context() as patch:
        tsa_away(patch)
        world.approval.sealing.go_on()
    # What it is, and whether somebody has to do something, the operators see.
    assert "គ្មានអ្វីបាត់បង់ឡើយ។ ប្រសិនបើ" in words(me.open(f"/{started.id}").text)


def test_a_civil_servant_sends_a_document_round_at_the_page(
    world: ApprovalWorld, clerk: Any
) -> None:
    me = clerk("3")
    assert "Send a document round" in words(me.open().text)
    page = me.open("/new").text
    act = re.search(r'name="act" value="([0-9a-f]{32})"', page)
    assert act is not None
    form = {
        "act": act[1],
        "institution": "ministry-of-examples",
        "title": "Leave of a colleague",
        "deadline": f"{world.clock.now() + timedelta(days=2):%d/%m/%Y}",
        "staff_number_1": "1",
        "step_1": "1",
        "role_1": "sign",
        "staff_number_3": "2",
        "step_3": "២",
        "role_3": "acknowledge",
    }

    def send(pdf: bytes | None = None) -> Any:
        return me.send("/new", document=(io.BytesIO(pdf or one_page()), "a.pdf"), **form)

    for wrong in ({"deadline": "soon"}, {"step_1": "0"}, {"staff_number_1": "99"}, {"title": ""}):
        kept, answer = form.copy(), None
        form.update(wrong)
        answer = send()
        assert answer.status_code == 422, wrong
        # What was typed is kept.
        assert wrong == {"title": ""} or "Leave of a colleague" in answer.text
        form.clear()
        form.update(kept)
    assert send(b"no PDF").status_code == 422
    assert me.send("/new", document=(io.BytesIO(b""), ""), **form).status_code == 422
    assert world.kinds() == []
    first, again = send(), send()
    assert (first.status_code, first.location) == (303, again.location)
    assert world.kinds() == ["approval-started"]
    [started] = world.approval.sight.page(me.person.id, limit=9)
    assert [(one.step, one.role) for one in started.participants] == [
        (1, "sign"),
        (2, "acknowledge"),
    ]
    # Whoever started it sees it in their list.
    assert "Leave of a colleague" in words(me.open().text)


def test_where_no_seal_is_set_people_start_nothing(world: ApprovalWorld, clerk: Any) -> None:
    world.approval.settings.seals.clear()
    me = clerk("3")
    assert "Send a document round" not in words(me.open().text)
    assert "do not start circulations here" in words(me.open("/new").text)
