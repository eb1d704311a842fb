"""The pages and the API of escrow: two officers, a holder, and those who may not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from flask.testing import FlaskClient

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.access import Role
from core.web.session_cookie import COOKIE
from enrollment.sessions.sessions import SignInMethod
from tests.enrollment.escrow.conftest import HOLDER, Case
from tests.enrollment.office.test_pages import Officer
from tests.enrollment.world import Caller, officers_client, slug

REASON = "The laptop was stolen; the holder asks for it."


@pytest.fixture
def escrowed(case: Case) -> Case:
    case.deposit()
    case.issue()
    return case


@pytest.fixture
def officer(escrowed: Case) -> Callable[..., Officer]:
    client = officers_client(escrowed.world)

    def make(officer_id: str, role: Role = Role.RA_OFFICER) -> Officer:
        return Officer(escrowed.world, client, officer_id, role)

    return make


@pytest.fixture
def holder(escrowed: Case) -> FlaskClient:
    client = create_app(escrowed.world.parts(), Listener.PUBLIC).test_client()
    token = escrowed.world.sessions.open(escrowed.holder, method=SignInMethod.PASSKEY)
    client.set_cookie(COOKIE, token)
    return client


def found_by(one: Officer, wanted: str) -> str:
    """The path of the key that a search finds."""
    html = one.press("/office/escrow", "search", wanted=wanted).text
    found = re.search(r'href="(/office/escrow/keys/[0-9a-f]{32})"', html)
    assert found is not None
    return found.group(1)


def test_two_officers_and_a_holder_walk_the_whole_way(
    officer: Callable[..., Officer], holder: FlaskClient, escrowed: Case
) -> None:
    first, second = officer("first"), officer("second")
    key = found_by(first, HOLDER.translate({ord("0"): "០"}))
    page = first.press(key, "recovery", reason=REASON).headers["Location"]
    assert (
        "another officer decides" in first.get(page).text
        and "/approval" not in first.get(page).text
    )
    assert second.press(page, "approval").status_code == 303
    assert "/password" not in first.get(page).text and "/file" not in second.get(page).text
    file = first.press(page, "file")
    assert (file.mimetype, file.headers["Cache-Control"]) == ("application/pkcs12", "no-store")
    shown = second.press(page, "password")
    assert shown.headers["Cache-Control"] == "no-store"
    password = re.search(r"([0-9A-Z]{5}-){3}[0-9A-Z]{5}", shown.text)
    assert password is not None
    held = load_pkcs12(file.data, password.group(0).encode()).key
    assert isinstance(held, rsa.RSAPrivateKey)
    assert held.private_numbers() == escrowed.key.private_numbers()
    told = holder.get("/my/escrow", headers={"Accept-Language": "en"}).text
    assert REASON in told and "first" in told and "second" in told
    assert "Two officers agreed to recover your key" in told


def test_a_proposal_and_a_refusal_need_their_reasons(officer: Callable[..., Officer]) -> None:
    first, second = officer("first"), officer("second")
    key = found_by(first, HOLDER)
    for reason in ("", "  ", "x" * 2001, "a\x00b"):
        assert first.press(key, "recovery", reason=reason).status_code == 422
    page = first.press(key, "recovery", reason=REASON).headers["Location"]
    assert second.press(page, "refusal", reason="").status_code == 422
    assert second.press(page, "refusal", reason="Who\r\nasks?").status_code == 303
    assert "Who\nasks?" in first.get(page).text


def test_a_search_for_what_cannot_be_is_asked_again(officer: Callable[..., Officer]) -> None:
    first = officer("first")
    mistaken = first.press("/office/escrow", "search", wanted="?").text
    assert 'href="#wanted"' in mistaken
    for wanted in ("person:IDCKH-999999999", "00"):
        nothing = first.press("/office/escrow", "search", wanted=wanted).text
        assert "/office/escrow/keys/" not in nothing and 'href="#wanted"' not in nothing


def test_an_auditor_sees_and_changes_nothing(officer: Callable[..., Officer]) -> None:
    first, auditor = officer("first"), officer("auditor", Role.AUDITOR)
    key = found_by(auditor, HOLDER)
    assert "/recovery" not in auditor.get(key).text.replace("/recoveries", "")
    page = first.press(key, "recovery", reason=REASON).headers["Location"]
    shown = auditor.get(page)
    assert REASON in shown.text and "/approval" not in shown.text


def test_a_holder_erases_the_copy_and_another_s_is_not_there(
    holder: FlaskClient, escrowed: Case
) -> None:
    [key] = escrowed.escrow.of_holder(escrowed.holder)
    html = holder.get("/my/escrow", headers={"Accept-Language": "en"}).text
    token = re.search(r'name="form_token" value="([^"]+)"', html)
    assert token is not None and key.id in html
    form = {"form_token": token.group(1)}
    assert holder.post(f"/my/escrow/{'0' * 32}/erasure", data=form).status_code == 404
    assert holder.post(f"/my/escrow/{key.id}/erasure").status_code == 415
    assert holder.post(f"/my/escrow/{key.id}/erasure", data={"a": "b"}).status_code == 400
    assert holder.post(f"/my/escrow/{key.id}/erasure", data=form).status_code == 303
    assert (
        "withdrew the consent" in holder.get("/my/escrow?", headers={"Accept-Language": "en"}).text
    )


@pytest.fixture
def caller(escrowed: Case) -> Callable[..., Caller]:
    client = officers_client(escrowed.world)

    def make(officer_id: str) -> Caller:
        escrowed.officer(officer_id)
        return Caller(client, escrowed.world.held[officer_id])

    return make


def test_the_api_does_what_the_pages_do(caller: Callable[..., Caller], escrowed: Case) -> None:
    first, second = caller("first"), caller("second")
    [found] = first.post("/escrow/search", json={"holder": HOLDER}).get_json()["keys"]
    proposal = {"escrowed_key": found["id"], "reason": REASON}
    key = {"Idempotency-Key": "a"}
    made = first.post("/escrow/recoveries", json=proposal, headers=key)
    assert made.status_code == 201
    assert first.post("/escrow/recoveries", json=proposal, headers=key).data == made.data
    assert slug(first.post("/escrow/recoveries", json=proposal)) == "escrow-recovery-under-way"
    path = f"/escrow/recoveries/{made.get_json()['id']}"
    assert slug(first.post(f"{path}/approval", json={})) == "own-escrow-recovery"
    assert slug(first.post(f"{path}/file", json={})) == "escrow-recovery-closed"
    assert second.post(f"{path}/approval", json={}).get_json()["state"] == "approved"
    assert slug(second.post(f"{path}/file", json={})) == "escrow-part-for-another"
    file = first.post(f"{path}/file", json={})
    password = second.post(f"{path}/password", json={}).get_json()["password"]
    assert load_pkcs12(file.data, password.encode()).key is not None
    handed = first.get(path).get_json()["handovers"]
    assert [(one["part"], one["officer"]) for one in handed] == [
        ("file", "first"),
        ("password", "second"),
    ]
    [listed] = second.get("/escrow/recoveries").get_json()["recoveries"]
    assert listed["id"] == made.get_json()["id"] and "reason" not in listed


def test_the_secrets_of_a_recovery_are_kept_by_no_idempotency_key(
    caller: Callable[..., Caller], escrowed: Case
) -> None:
    from sqlalchemy import text

    first, second = caller("first"), caller("second")
    [found] = first.post("/escrow/search", json={"holder": HOLDER}).get_json()["keys"]
    proposal = {"escrowed_key": found["id"], "reason": REASON}
    made = first.post("/escrow/recoveries", json=proposal).get_json()["id"]
    second.post(f"/escrow/recoveries/{made}/approval", json={})
    answer = second.post(
        f"/escrow/recoveries/{made}/password", json={}, headers={"Idempotency-Key": "b"}
    )
    with escrowed.world.database.read() as connection:
        kept: Any = connection.execute(text("SELECT * FROM idempotent_requests")).all()
    assert answer.get_json()["password"] not in repr(kept)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"holder": HOLDER, "serial_number": "1"},
        {"holder": "nobody"},
        {"serial_number": "xyz"},
        {"serial_number": "0" * 41},
    ],
)
def test_a_search_that_asks_nothing_or_two_things_is_refused(
    caller: Callable[..., Caller], body: dict[str, str]
) -> None:
    assert caller("first").post("/escrow/search", json=body).status_code == 422
