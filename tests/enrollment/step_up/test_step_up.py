"""Step-up: each decision is confirmed, that very decision, once, by the officer who decides."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.access import Role
from core.web.step_up import Act, act_of_form, act_of_json
from enrollment.passkeys.challenges import Purpose, challenge_over
from enrollment.step_up.models import step_ups
from enrollment.step_up.settings import StepUpSettings
from enrollment.step_up.step_up import deciding
from tests.enrollment.passkeys.authenticator import Authenticator, b64, unb64
from tests.enrollment.passkeys.world import officer_with_passkey
from tests.enrollment.world import Caller, World, front_header, officers_client, slug

MakeCaller = Callable[..., Caller]
V1 = "/enrollment/v1"


@pytest.fixture
def strict(either_world: World) -> World:
    """A world in which a passkey confirms every decision."""
    either_world.step_up_settings = StepUpSettings(by="passkey")
    return either_world


@pytest.fixture
def officers(strict: World) -> dict[str, Caller]:
    client = officers_client(strict)
    return {
        name: Caller(client, strict.held[strict.enroll(name)])
        for name in ("clerk", "first", "second")
    }


@pytest.fixture
def device(strict: World, officers: dict[str, Caller]) -> Authenticator:
    return officer_with_passkey(strict, "first", by="second")


@pytest.fixture
def application(officers: dict[str, Caller]) -> str:
    identifier: str = officers["clerk"].submit().get_json()["id"]
    return identifier


def confirm(caller: Caller, device: Authenticator, path: str, body: Any) -> dict[str, str]:
    """Ask about an act and answer; return the header that goes with it."""
    asked = caller.post("/step-up", json={"path": f"{V1}{path}", "body": body})
    assert asked.status_code == 200, asked.get_json()
    return {"Step-Up": b64(device.get(asked.get_json()).encode())}


def test_an_act_is_done_with_a_passkey_over_it_and_not_without(
    strict: World, officers: dict[str, Caller], device: Authenticator, application: str
) -> None:
    path = f"/applications/{application}/approval"
    refused = officers["first"].post(path, json={})
    assert (refused.status_code, slug(refused)) == (403, "step-up-needed")
    assert refused.get_json()["challenge_at"] == f"{V1}/step-up"
    header = confirm(officers["first"], device, path, {})
    approved = officers["first"].post(path, json={}, headers=header)
    assert approved.status_code == 200
    assert approved.get_json()["approvals"] == 1


def test_the_evidence_can_be_checked_again(
    strict: World, officers: dict[str, Caller], device: Authenticator, application: str
) -> None:
    path, body = f"/applications/{application}/refusal", {"reason": "The photo is missing."}
    header = confirm(officers["first"], device, path, body)
    assert officers["first"].post(path, json=body, headers=header).status_code == 200
    with strict.database.read() as connection:
        kept = connection.execute(select(step_ups)).one()
    assert kept.act == act_of_json(f"{V1}{path}", body).document
    challenge = challenge_over(Purpose.STEP_UP, kept.nonce, deciding("first", Act(kept.act)))
    assert unb64(json.loads(kept.client_data)["challenge"]) == challenge


def test_a_confirmation_is_good_once(
    officers: dict[str, Caller], device: Authenticator, strict: World
) -> None:
    one = officers["clerk"].submit().get_json()["id"]
    path = f"/applications/{one}/approval"
    header = confirm(officers["first"], device, path, {})
    assert officers["first"].post(path, json={}, headers=header).status_code == 200
    again = officers["first"].post(path, json={}, headers=header)
    assert (again.status_code, slug(again)) == (403, "challenge-refused")


@pytest.mark.parametrize("other", ["reason", "verdict", "application"])
def test_a_confirmation_is_for_this_very_act(
    officers: dict[str, Caller], device: Authenticator, application: str, other: str
) -> None:
    body = {"reason": "The photo is missing."}
    header = confirm(officers["first"], device, f"/applications/{application}/refusal", body)
    path, sent = f"/applications/{application}/refusal", dict(body)
    if other == "reason":
        sent["reason"] = "The photo is there."
    elif other == "verdict":
        path, sent = f"/applications/{application}/approval", {}
    else:
        second = officers["clerk"].submit(holder="person:IDCKH-987654321").get_json()["id"]
        path = f"/applications/{second}/refusal"
    refused = officers["first"].post(path, json=sent, headers=header)
    assert (refused.status_code, slug(refused)) == (403, "challenge-refused")
    shown = officers["first"].get(f"/applications/{application}").get_json()
    assert (shown["state"], shown["decisions"]) == ("submitted", [])


def test_an_officer_cannot_use_a_confirmation_of_another(
    officers: dict[str, Caller], device: Authenticator, application: str
) -> None:
    path = f"/applications/{application}/approval"
    header = confirm(officers["first"], device, path, {})
    refused = officers["second"].post(path, json={}, headers=header)
    assert (refused.status_code, slug(refused)) == (403, "challenge-refused")


def test_an_officer_cannot_answer_with_the_passkey_of_another(
    strict: World, officers: dict[str, Caller], device: Authenticator, application: str
) -> None:
    officer_with_passkey(strict, "second", by="first")
    path = f"/applications/{application}/approval"
    header = confirm(officers["second"], device, path, {})
    refused = officers["second"].post(path, json={}, headers=header)
    assert (refused.status_code, slug(refused)) == (403, "passkey-not-of-officer")


def test_a_proposed_passkey_confirms_nothing(
    strict: World, officers: dict[str, Caller], application: str
) -> None:
    asked = officers["first"].post(
        "/step-up", json={"path": f"{V1}/applications/{application}/approval", "body": {}}
    )
    assert (asked.status_code, slug(asked)) == (403, "no-passkey-yet")


def test_a_request_that_is_sent_again_needs_no_second_confirmation(
    officers: dict[str, Caller], device: Authenticator, application: str
) -> None:
    path = f"/applications/{application}/approval"
    header = confirm(officers["first"], device, path, {}) | {"Idempotency-Key": "k1"}
    assert officers["first"].post(path, json={}, headers=header).status_code == 200
    again = officers["first"].post(path, json={}, headers=header)
    assert again.status_code == 200
    assert again.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("text", ["%%%", "eyJ", "A" * 9_000, b64(b"\xff"), b64(b"{}")])
def test_a_confirmation_that_cannot_be_read_is_refused(
    officers: dict[str, Caller], application: str, text: str
) -> None:
    refused = officers["first"].post(
        f"/applications/{application}/approval", json={}, headers={"Step-Up": text}
    )
    assert refused.status_code == 400


def test_programs_are_asked_for_nothing(strict: World, officers: dict[str, Caller]) -> None:
    strict.enroll("program", Role.SERVICE)
    program = Caller(officers["first"].client, strict.held["program"])
    mine = program.submit().get_json()["id"]
    answer = program.post(f"/applications/{mine}/revocation", json={"reason": "superseded"})
    assert slug(answer) == "not-issued-yet"


def test_an_auditor_asks_about_no_act(strict: World, officers: dict[str, Caller]) -> None:
    strict.enroll("auditor", Role.AUDITOR)
    auditor = Caller(officers["first"].client, strict.held["auditor"])
    assert auditor.post("/step-up", json={"path": "/x", "body": {}}).status_code == 403


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"path": "no-slash"},
        {"path": "/a?b=c"},
        {"path": "/a", "fields": [], "body": {}},
        {"path": "/a", "fields": [["x"]]},
        {"path": "/a", "fields": [["a", "b"]] * 101},
    ],
)
def test_a_question_about_no_act_is_refused(
    officers: dict[str, Caller], device: Authenticator, message: dict[str, Any]
) -> None:
    assert officers["first"].post("/step-up", json=message).status_code == 422


def test_a_forms_line_breaks_and_token_do_not_count() -> None:
    typed = act_of_form("/a", [("reason", "one\ntwo"), ("act", "1")])
    sent = act_of_form(
        "/a", [("act", "1"), ("form_token", "t"), ("step_up", "s"), ("reason", "one\r\ntwo")]
    )
    assert typed == sent
    assert typed != act_of_form("/a", [("reason", "one two"), ("act", "1")])
    assert typed != act_of_form("/b", [("reason", "one\ntwo"), ("act", "1")])
    assert act_of_form("/a", [("x", "1"), ("x", "2")]) != act_of_form("/a", [("x", "1")])


@pytest.mark.parametrize(
    ("age", "status"),
    [("0.004", 200), ("299", 200), ("301", 403), ("-1", 403), ("nan", 403), ("", 403), (None, 403)],
)
def test_a_certificate_confirms_only_right_after_its_handshake(
    world: World, age: str | None, status: int
) -> None:
    world.check_handshake = True
    client = officers_client(world)
    clerk, first = (Caller(client, world.held[world.enroll(one)]) for one in ("clerk", "first"))
    application = clerk.submit().get_json()["id"]
    headers = {} if age is None else {"X-SSL-Connection-Seconds": age}
    answer = first.post(f"/applications/{application}/approval", json={}, headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert slug(answer) == "certificate-not-recent"


def test_a_passkey_that_is_sent_is_judged_also_where_none_is_demanded(
    world: World, caller: MakeCaller
) -> None:
    clerk, first = caller("clerk"), caller("first")
    world.enroll("second")
    device = officer_with_passkey(world, "first", by="second")
    application = clerk.submit().get_json()["id"]
    path = f"/applications/{application}/approval"
    header = confirm(first, device, path, {})
    world.clock.advance(timedelta(minutes=6))
    refused = first.post(path, json={}, headers=header)
    assert (refused.status_code, slug(refused)) == (403, "challenge-refused")


def test_the_pages_ask_for_the_passkey_and_take_its_answer(
    strict: World, officers: dict[str, Caller], device: Authenticator, application: str
) -> None:
    client = officers["first"].client.application.test_client()
    headers = {"X-SSL-Client-Cert": front_header(strict.held["first"]), "Accept-Language": "en"}
    page = f"/office/applications/{application}"
    shown = client.get(page, headers=headers)
    assert 'name="step_up"' in shown.text and "passkeys.js" in shown.text
    assert "script-src 'self'" in shown.headers["Content-Security-Policy"]
    token = client.get_cookie("__Host-form")
    assert token is not None
    fields = {"act": "a" * 32}
    without = client.post(
        f"{page}/approval", data=fields | {"form_token": token.value}, headers=headers
    )
    assert without.status_code == 403 and "Confirm this with your passkey" in without.text
    asked = client.post(
        f"{V1}/step-up",
        json={"path": f"{page}/approval", "fields": [*map(list, fields.items())]},
        headers=headers,
    )
    answer = device.get(asked.get_json())
    done = client.post(
        f"{page}/approval",
        data=fields | {"form_token": token.value, "step_up": answer},
        headers=headers,
    )
    assert done.status_code == 303


def test_the_first_officers_confirm_each_others_passkeys_by_certificate(
    strict: World, officers: dict[str, Caller]
) -> None:
    from tests.enrollment.passkeys.world import register

    origin = strict.sign_in_parts.officers.party.origin
    passkey = register(strict, "first", Authenticator(origin), "<b>phone")
    client = officers["second"].client.application.test_client()
    headers = {"X-SSL-Client-Cert": front_header(strict.held["second"])}
    shown = client.get("/office/passkeys", headers=headers).text
    assert passkey.id in shown and "&lt;b&gt;phone" in shown
    token = client.get_cookie("__Host-form")
    assert token is not None
    done = client.post(
        f"/office/passkeys/{passkey.id}/confirmation",
        data={"form_token": token.value},
        headers=headers,
    )
    assert done.status_code == 303
    # From now on "first" has a passkey, and confirms others with it alone.
    other = register(strict, "second", Authenticator(origin))
    client = officers["first"].client.application.test_client()
    headers = {"X-SSL-Client-Cert": front_header(strict.held["first"])}
    client.get("/office/passkeys", headers=headers)
    token = client.get_cookie("__Host-form")
    assert token is not None
    refused = client.post(
        f"/office/passkeys/{other.id}/confirmation",
        data={"form_token": token.value},
        headers=headers,
    )
    assert refused.status_code == 403
