"""``/signing/v1/approvals`` and ``/signing/v1/deputies`` over HTTP, and what they refuse."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.web_parts import app_parts
from core.access import Principal, Role
from tests.signing.approval.world import PROGRAM, SEAL, ApprovalWorld, as_person
from tests.signing.documents.pdfs import one_page
from tests.signing.world import MINISTRY

V1 = "/signing/v1"


@dataclass
class Caller:
    """Whoever it is at the moment, before the app."""

    world: ApprovalWorld
    http: FlaskClient
    who: Principal = PROGRAM

    def principal(self, environ: Mapping[str, Any]) -> Principal:
        return self.who

    def circulation(self, **changes: Any) -> dict[str, Any]:
        deadline = (self.world.clock.now() + timedelta(days=2)).isoformat()
        people = [{"staff_number": "1"}, {"staff_number": "2", "role": "acknowledge"}]
        wanted = {
            "title": "សេចក្តីសម្រេច 12/2026",
            "seal": SEAL,
            "steps": [{"people": people, "deadline": deadline}],
        } | changes
        return {name: one for name, one in wanted.items() if one is not None}

    def start(self, wanted: Any = None, pdf: bytes | None = None, key: str | None = None) -> Any:
        text = wanted if isinstance(wanted, str) else json.dumps(wanted or self.circulation())
        form = {"document": (io.BytesIO(pdf or one_page()), "a.pdf"), "circulation": text}
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.http.post(
            f"{V1}/approvals", data=form, content_type="multipart/form-data", headers=headers
        )


@pytest.fixture
def caller(world: ApprovalWorld) -> Caller:
    return calling(world)


def calling(world: ApprovalWorld) -> Caller:
    made = Caller(world, None)  # type: ignore[arg-type]
    parts = replace(app_parts(world.services), session_sign_in=made)
    made.http = create_app(parts, Listener.PUBLIC).test_client()
    return made


def test_a_program_starts_follows_and_fetches_a_circulation(caller: Caller) -> None:
    answer = caller.start()
    assert answer.status_code == 201
    shown = answer.get_json()
    assert answer.location.endswith(f"{V1}/approvals/{shown['id']}")
    first = shown["participants"][0]
    assert (first["name_latin"], first["staff_number"]) == ("Sok Dara", "1")
    assert first["is_turn"] and first["can_act"]
    started = caller.world.approval.sight.requested(shown["id"], PROGRAM.id)
    caller.world.sign(started, "1")
    caller.world.acknowledge(started, "2", "Seen; see annex.")
    caller.world.approval.sealing.go_on()
    shown = caller.http.get(f"{V1}/approvals/{started.id}").get_json()
    assert shown["state"] == "sealed"
    assert [one["kind"] for one in shown["acts"]] == [
        "started",
        "signed",
        "acknowledged",
        "sealed",
    ]
    assert shown["acts"][2]["text"] == "Seen; see annex."
    document = caller.http.get(f"{V1}/approvals/{started.id}/document")
    assert document.mimetype == "application/pdf"
    assert document.data == caller.world.document(started)
    listed = caller.http.get(f"{V1}/approvals").get_json()
    assert [one["id"] for one in listed["approvals"]] == [started.id]


def test_the_same_start_again_is_the_same_circulation(caller: Caller) -> None:
    wanted = caller.circulation()
    # Sent again, a form's borders are others, and a large file lies on the disk.
    pdf = one_page(padding=1 << 20)
    first, again = (caller.start(wanted, pdf, key="k-1").get_json() for _ in range(2))
    assert first["id"] == again["id"]
    assert caller.world.kinds() == ["approval-started"]
    other = caller.start(caller.circulation(title="Another"), key="k-1")
    assert other.get_json()["type"].endswith("/idempotency-key-reused")


def test_a_page_of_circulations_leads_to_the_next(caller: Caller) -> None:
    made = [caller.start().get_json()["id"] for _ in range(3)]
    first = caller.http.get(f"{V1}/approvals?limit=2").get_json()
    rest = caller.http.get(f"{V1}/approvals?limit=2&cursor={first['next_cursor']}").get_json()
    assert [one["id"] for one in first["approvals"] + rest["approvals"]] == made[::-1]
    assert rest["next_cursor"] is None


def step(caller: Caller, *numbers: str, days: float = 2, **more: Any) -> dict[str, Any]:
    deadline = caller.world.clock.now() + timedelta(days=days)
    people = [{"staff_number": one, **more} for one in numbers]
    return {"people": people, "deadline": deadline.isoformat()}


@pytest.mark.parametrize(
    ("changes", "status", "problem"),
    [
        (lambda c: {"steps": []}, 422, "invalid-fields"),
        (lambda c: {"steps": [step(c)]}, 422, "invalid-fields"),
        (lambda c: {"colour": "red"}, 422, "invalid-fields"),
        (lambda c: {"steps": [step(c, "1", "1")]}, 422, "circulation-refused"),
        (lambda c: {"steps": [step(c, "1", role="acknowledge")]}, 422, "circulation-refused"),
        (lambda c: {"steps": [step(c, "1", days=-1)]}, 422, "circulation-refused"),
        (lambda c: {"steps": [step(c, "1", days=900)]}, 422, "circulation-refused"),
        (
            lambda c: {"steps": [step(c, "1", days=3), step(c, "2", days=1)]},
            422,
            "circulation-refused",
        ),
        (lambda c: {"steps": [step(c, "99")]}, 422, "participant-unsuitable"),
        (lambda c: {"title": "Read\u202eme"}, 422, "circulation-refused"),
        (lambda c: {"title": "  "}, 422, "circulation-refused"),
        (lambda c: {"seal": "seal"}, 404, "signer-unknown"),
        (lambda c: {"institution": "another"}, 422, "circulation-refused"),
        (
            lambda c: {"steps": [step(c, "1", stamp={"x": 1, "y": 1, "width": 5, "height": 900})]},
            422,
            "stamp-outside-page",
        ),
    ],
)
def test_what_cannot_go_round_is_refused_and_nobody_is_asked(
    caller: Caller, changes: Any, status: int, problem: str
) -> None:
    answer = caller.start(caller.circulation(**changes(caller)))
    assert (answer.status_code, answer.get_json()["type"].rpartition("/")[2]) == (status, problem)
    assert caller.world.kinds() == []
    assert caller.world.mails() == []


@pytest.mark.parametrize("unstorable", ["a\x00", "\ud800"])
def test_what_no_database_stores_is_refused_wherever_somebody_writes_it(
    either_world: ApprovalWorld, unstorable: str
) -> None:
    caller, place = calling(either_world), {"x": 15, "y": 15, "width": 140, "height": 55}
    for changes in (
        {"title": unstorable},
        {"seal": unstorable},
        {"institution": unstorable},
        {"steps": [step(caller, unstorable)]},
        *(
            {"stamp": {"place": place, **text}}
            for text in (
                {"number": unstorable},
                {"title": unstorable},
                {"subject": unstorable},
                {"fields": {"Amount": unstorable}},
                {"fields": {unstorable: "1"}},
                {"signer": {"english": unstorable}},
            )
        ),
    ):
        assert caller.start(caller.circulation(**changes)).status_code in {404, 422}, changes
    path = f"{V1}/approvals/{caller.start().get_json()['id']}"
    now = caller.world.clock.now().isoformat()
    deputy = {"staff_number": unstorable, "begins_at": now, "ends_at": now}
    for who, where, body in (
        (PROGRAM, f"{path}/replacement", {"participant": 1, "staff_number": unstorable}),
        (PROGRAM, f"{path}/cancellation", {"reason": unstorable}),
        (as_person(caller.world.people["1"]), f"{V1}/deputies", deputy),
        (
            as_person(caller.world.people["1"]),
            f"{V1}/deputies",
            deputy | {"staff_number": "2", "institution": unstorable},
        ),
    ):
        caller.who = who
        assert caller.http.post(where, json=body).status_code == 422, body
    assert caller.world.kinds() == ["approval-started"]


def test_a_picture_of_the_seals_stamp_is_read_whole_and_judged(caller: Caller) -> None:
    picture = base64.b64encode(bytes(400_000)).decode()
    order = {"place": {"x": 1, "y": 1, "width": 90, "height": 40}, "seal_image": picture}
    answer = caller.start(caller.circulation(stamp=order), key="with-a-picture")
    assert answer.get_json()["type"].endswith("/seal-refused")
    assert caller.world.kinds() == []


@pytest.mark.parametrize(
    ("pdf", "status"),
    [(b"no PDF", 400), (one_page()[:200], 400), (one_page(padding=17 << 20), 422)],
)
def test_what_is_no_pdf_or_too_large_does_not_go_round(
    caller: Caller, pdf: bytes, status: int
) -> None:
    answer = caller.start(pdf=pdf)
    assert answer.status_code == status
    assert caller.world.kinds() == []


def test_a_document_that_was_locked_before_does_not_go_round(caller: Caller) -> None:
    from signing.documents.options import SigningOptions

    target = io.BytesIO()
    documents = caller.world.services.documents
    documents.signing.sign(
        io.BytesIO(one_page()),
        target,
        documents.signers.seal_for(MINISTRY.id, SEAL),
        SigningOptions(certify=1),
    )
    answer = caller.start(pdf=target.getvalue())
    assert answer.get_json()["type"].endswith("/document-locked")


@pytest.mark.parametrize("wanted", ["{", "[]", '{"title": NaN}', '{"a": 1, "a": 2}'])
def test_what_is_no_circulation_is_told_so(caller: Caller, wanted: str) -> None:
    assert caller.start(wanted).status_code == 422


def test_a_person_starts_one_where_the_settings_name_a_seal(caller: Caller) -> None:
    caller.who = as_person(caller.world.people["3"])
    answer = caller.start(caller.circulation(seal="of-another"))
    assert answer.status_code == 201
    # Which seal, the settings say: people do not choose.
    assert answer.get_json()["seal"] == SEAL
    caller.world.approval.settings.seals.clear()
    assert caller.start().get_json()["type"].endswith("/circulation-not-open")


def test_strangers_get_what_is_not_there(caller: Caller) -> None:
    started = caller.start().get_json()["id"]
    for who in (
        Principal("another", Role.SERVICE, "another-ministry"),
        Principal("another", Role.SERVICE, MINISTRY.id),
        as_person(caller.world.people["3"]),
    ):
        caller.who = who
        for path in (f"{V1}/approvals/{started}", f"{V1}/approvals/{started}/document"):
            assert caller.http.get(path).status_code == 404
        for act, body in (
            ("cancellation", {"reason": "Mine."}),
            ("replacement", {"participant": 1, "staff_number": "3"}),
            ("replacement", {"participant": 1, "staff_number": "99"}),
        ):
            assert caller.http.post(f"{V1}/approvals/{started}/{act}", json=body).status_code == 404


def test_somebody_whom_it_reached_sees_it_over_the_api_too(caller: Caller) -> None:
    started = caller.start().get_json()["id"]
    caller.who = as_person(caller.world.people["2"])
    assert caller.http.get(f"{V1}/approvals/{started}").status_code == 200
    assert caller.http.get(f"{V1}/approvals/{started}/document").status_code == 200
    assert caller.http.get(f"{V1}/approvals").get_json()["approvals"] == []


def test_a_document_whose_folder_is_away_is_not_said_to_be_gone(caller: Caller) -> None:
    path = f"{V1}/approvals/{caller.start().get_json()['id']}"
    folder = caller.world.services.home / "approvals"
    folder.rename(folder.with_name("elsewhere"))
    away = caller.http.get(f"{path}/document")
    assert away.status_code == 503
    assert away.get_json()["type"].endswith("/storage-unavailable")
    assert caller.http.get(path).status_code == 200
    folder.with_name("elsewhere").rename(folder)
    assert caller.http.get(f"{path}/document").status_code == 200


def test_it_is_cancelled_and_people_replaced(caller: Caller) -> None:
    path = f"{V1}/approvals/{caller.start().get_json()['id']}"
    body = {"participant": 1, "staff_number": "3"}
    shown = caller.http.post(f"{path}/replacement", json=body).get_json()
    assert [one["state"] for one in shown["participants"]] == ["replaced", "waiting", "waiting"]
    shown = caller.http.post(f"{path}/cancellation", json={"reason": "Anew."}).get_json()
    assert (shown["state"], shown["acts"][-1]["text"]) == ("cancelled", "Anew.")
    again = caller.http.post(f"{path}/replacement", json=body | {"participant": 2})
    assert (again.status_code, again.get_json()["state"]) == (409, "cancelled")


def test_a_person_names_and_ends_a_deputy(caller: Caller) -> None:
    caller.who = as_person(caller.world.people["1"])
    now = caller.world.clock.now()
    body = {
        "staff_number": "2",
        "begins_at": now.isoformat(),
        "ends_at": (now + timedelta(days=3)).isoformat(),
    }
    named = caller.http.post(f"{V1}/deputies", json=body)
    assert named.status_code == 201
    assert named.get_json()["deputy"] == "Chan Vanna"
    assert caller.http.post(f"{V1}/deputies", json=body | {"staff_number": "1"}).status_code == 422
    caller.who = as_person(caller.world.people["2"])
    [seen] = caller.http.get(f"{V1}/deputies").get_json()["deputies"]
    assert (seen["person"], seen["is_mine"]) == ("Sok Dara", False)
    assert caller.http.post(f"{V1}/deputies/{seen['id']}/revocation").status_code == 200
    assert caller.http.get(f"{V1}/deputies").get_json()["deputies"] == []
    caller.who = as_person(caller.world.people["3"])
    assert caller.http.post(f"{V1}/deputies/{seen['id']}/revocation").status_code == 404


@pytest.mark.parametrize("path", ["deputies", f"deputies/{'0' * 32}/revocation"])
def test_nobody_tries_staff_numbers_or_deputies_out(caller: Caller, path: str) -> None:
    caller.who = as_person(caller.world.people["1"])
    now = caller.world.clock.now().isoformat()
    body = {"staff_number": "99", "begins_at": now, "ends_at": now}
    tried = [caller.http.post(f"{V1}/{path}", json=body) for _ in range(61)]
    assert {one.status_code for one in tried[:60]} <= {404, 422}
    assert tried[60].status_code == 429
    assert tried[60].get_json()["type"].endswith("/rate-limited")


def test_an_institution_has_so_many_at_once(caller: Caller) -> None:
    caller.world.services.settings = caller.world.services.settings.model_copy(
        update={
            "approval": caller.world.approval.settings.model_copy(update={"at_once": 1}),
        }
    )
    assert caller.start().status_code == 201
    answer = caller.start()
    assert (answer.status_code, answer.get_json()["limit"]) == (409, 1)
    # It was said before anything was written.
    assert len(list((caller.world.services.home / "approvals").iterdir())) == 1
