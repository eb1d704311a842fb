"""The officers' pages without a browser: forms, refusals, languages, and who sees what."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient

from core.access import Role
from enrollment.grants.grant import GrantProtocol, GrantState
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.grants.world import proposal_for
from tests.enrollment.world import Caller, World, facts_of, front_header, pem_csr

MakeCaller = Callable[..., Caller]
HOLDER = "person:IDCKH-012345678"


class Officer:
    """Somebody with a browser that runs no scripts."""

    def __init__(self, world: World, client: FlaskClient, officer_id: str, role: Role) -> None:
        world.enroll(officer_id, role)
        self._client = client.application.test_client()
        self._header = {"X-SSL-Client-Cert": front_header(world.held[officer_id])}
        self.language = "en"

    def get(self, path: str, **options: Any) -> Any:
        headers = {**self._header, "Accept-Language": self.language}
        return self._client.get(path, headers=headers, **options)

    def send(self, path: str, form: dict[str, str], **options: Any) -> Any:
        return self._client.post(path, data=form, headers=self._header, **options)

    def press(self, page: str, action: str, **fields: str) -> Any:
        """Send the form of ``page`` whose path ends with ``action``."""
        html = self.get(page).text
        [form] = [
            one
            for one in re.findall(r"<form.*?</form>", html, re.DOTALL)
            if re.search(rf'action="[^"]*/{action}"', one)
        ]
        target = re.search(r'action="([^"]+)"', form)
        assert target is not None
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
        return self.send(target.group(1), hidden | fields)


@pytest.fixture
def officer(world: World, client: FlaskClient) -> Callable[..., Officer]:
    def make(officer_id: str, role: Role = Role.RA_OFFICER) -> Officer:
        return Officer(world, client, officer_id, role)

    return make


@pytest.fixture
def page(caller: MakeCaller) -> str:
    """The page of an application that waits for two officers."""
    application = caller("clerk").submit(holder=HOLDER).get_json()["id"]
    return f"/office/applications/{application}"


def test_two_officers_approve_and_hand_the_certificate_out(
    officer: Callable[..., Officer], page: str
) -> None:
    first, second = officer("first"), officer("second")
    assert first.press(page, "approval").headers["Location"] == f"{page}?done=approved"
    assert "Waiting for a decision" in second.get(page).text
    second.press(page, "approval")
    shown = second.get(page)
    assert "Issued" in shown.text and "Valid until" in shown.text
    chain = second.get(f"{page}/certificate.pem")
    assert chain.data.startswith(b"-----BEGIN CERTIFICATE-----")
    assert chain.headers["Content-Disposition"].startswith("attachment")


def test_what_waits_is_shown_to_those_who_can_decide_it(
    officer: Callable[..., Officer], page: str, world: World
) -> None:
    first, second = officer("first"), officer("second")
    link = f'href="{page}"'
    assert link in first.get("/office/").text and link in second.get("/office/").text
    first.press(page, "approval")
    assert link not in first.get("/office/").text and link in second.get("/office/").text


def test_an_officer_s_own_application_does_not_wait_for_them(
    officer: Callable[..., Officer], caller: MakeCaller
) -> None:
    clerk = caller("clerk")
    application = clerk.submit().get_json()["id"]
    header = {"X-SSL-Client-Cert": front_header(clerk.certificate)}  # type: ignore[arg-type]
    assert application not in clerk.client.get("/office/", headers=header).text
    own = clerk.client.get(f"/office/applications/{application}", headers=header).text
    assert "another officer decides" in own or "មន្ត្រីផ្សេង" in own
    assert "/approval" not in own


def test_a_refusal_needs_its_reason_and_keeps_what_was_typed(
    officer: Callable[..., Officer], page: str
) -> None:
    first = officer("first")
    empty = first.press(page, "refusal", reason="  ")
    assert empty.status_code == 422
    too_long = first.press(page, "refusal", reason="<b>" + "x" * 2000)
    assert too_long.status_code == 422 and "&lt;b&gt;xxx" in too_long.text
    assert first.press(page, "refusal", reason="The photo\r\nis missing.").status_code == 303
    assert "The photo\nis missing." in first.get(page).text


def test_a_form_sent_twice_is_one_decision(officer: Callable[..., Officer], page: str) -> None:
    first = officer("first")
    html = first.get(page).text
    token, act = (
        re.search(rf'name="{name}" value="([^"]+)"', html).group(1)  # type: ignore[union-attr]
        for name in ("form_token", "act")
    )
    form = {"form_token": token, "act": act}
    for _again in range(2):
        assert first.send(f"{page}/approval", form).status_code == 303
    assert "(1/2)" in first.get(page).text


def test_the_second_tab_is_told_that_it_was_decided(
    officer: Callable[..., Officer], page: str
) -> None:
    first = officer("first")
    html = first.get(page).text
    token = re.search(r'name="form_token" value="([^"]+)"', html).group(1)  # type: ignore[union-attr]
    first.press(page, "refusal", reason="No.")
    late = first.send(f"{page}/approval", {"form_token": token, "act": "0" * 32})
    assert late.status_code == 409 and late.mimetype == "text/html"
    assert "Your first decision stands." in late.text or "នៅដដែល" in late.text


@pytest.mark.parametrize("form", [{"act": "0" * 32}, {"form_token": "x" * 43, "act": "0" * 32}])
def test_a_form_without_its_page_s_token_does_nothing(
    officer: Callable[..., Officer], page: str, form: dict[str, str]
) -> None:
    first = officer("first")
    first.get(page)
    answer = first.send(f"{page}/approval", form)
    assert answer.status_code == 400
    assert "(0/2)" in first.get(page).text


def test_an_act_without_a_name_is_refused(officer: Callable[..., Officer], page: str) -> None:
    first = officer("first")
    assert first.press(page, "approval", act="again").status_code == 400


def issued(first: Officer, second: Officer, page: str) -> None:
    first.press(page, "approval")
    second.press(page, "approval")


def test_an_officer_revokes_with_a_reason(officer: Callable[..., Officer], page: str) -> None:
    first, second = officer("first"), officer("second")
    issued(first, second, page)
    assert first.press(page, "revocation").status_code == 422
    assert first.press(page, "revocation", revocation_reason="removeFromCRL").status_code == 422
    done = first.press(page, "revocation", revocation_reason="keyCompromise")
    assert done.status_code == 303
    shown = first.get(done.headers["Location"]).text
    assert "This cannot be undone." in shown and "/revocation" not in shown


def test_an_auditor_sees_everything_and_is_offered_nothing(
    officer: Callable[..., Officer], page: str
) -> None:
    first, second, auditor = officer("first"), officer("second"), officer("au", Role.AUDITOR)
    assert "You may read, but not decide." in auditor.get("/office/").text
    assert "/approval" not in auditor.get(page).text
    issued(first, second, page)
    assert "/revocation" not in auditor.get(page).text
    token = re.search(r'name="form_token" value="([^"]+)"', auditor.get("/office/search").text)
    assert token is not None
    answer = auditor.send(f"{page}/approval", {"form_token": token.group(1), "act": "0" * 32})
    assert answer.status_code == 403


def test_the_search_reads_khmer_digits_and_keeps_holders_out_of_urls(
    officer: Callable[..., Officer], page: str
) -> None:
    first = officer("first")
    found = first.press("/office/search", "search", wanted="person:IDCKH-០១២៣៤៥៦៧៨")
    assert f'href="{page}"' in found.text
    assert not re.findall(r'href="[^"]*IDCKH', found.text)
    nobody = first.press("/office/search", "search", wanted="person:IDCKH-999")
    assert page not in nobody.text and nobody.status_code == 200
    mistaken = first.press("/office/search", "search", wanted="' OR 1=1 --")
    assert "govuk-error-summary" in mistaken.text and "&#39; OR 1=1" in mistaken.text


def test_the_search_finds_a_serial_number(officer: Callable[..., Officer], page: str) -> None:
    first, second = officer("first"), officer("second")
    issued(first, second, page)
    serial = re.search(r'camtrust-code">([0-9a-f]{16,40})</dd>', first.get(page).text)
    assert serial is not None
    assert page in first.press("/office/search", "search", wanted=serial.group(1).upper()).text


def test_applications_are_filtered_and_paged(
    officer: Callable[..., Officer], world: World, caller: MakeCaller
) -> None:
    program = caller("program", Role.SERVICE)
    for _number in range(27):
        answer = program.submit("service-client", holder="program:gateway")
        assert answer.status_code == 201
    first = officer("first")
    front = first.get("/office/applications?state=submitted&profile=service-client").text
    assert front.count('<th scope="row"') == 25
    following = re.search(r'href="([^"]+)" rel="next"', front)
    assert following is not None
    rest = first.get(following.group(1).replace("&amp;", "&")).text
    assert rest.count('<th scope="row"') == 2
    assert "There are none." in first.get("/office/applications?state=refused").text
    assert first.get("/office/applications?state=never&after=!").status_code == 400


def test_what_the_request_says_otherwise_is_shown(
    officer: Callable[..., Officer], caller: MakeCaller
) -> None:
    csr = csr_for(ec.generate_private_key(ec.SECP256R1()), subject="CN=Someone Else")
    body = {"profile": "person-signing", "csr": pem_csr(csr), "holder": HOLDER}
    body["facts"] = facts_of("person-signing")
    answer = caller("clerk").post("/applications", json=body)
    shown = officer("first").get(f"/office/applications/{answer.get_json()['id']}").text
    assert "Someone Else" in shown and "look for differences" in shown


def test_pages_are_khmer_unless_the_reader_wants_english(
    officer: Callable[..., Officer], page: str
) -> None:
    first = officer("first")
    assert 'lang="en"' in first.get(page).text.partition("<head>")[0]
    first.language = "fr"
    assert '<html lang="km"' in first.get(page).text
    switched = first.send("/language", {"language": "en", "back": page})
    assert switched.headers["Location"] == page
    assert '<html lang="en"' in first.get(page).text


@pytest.mark.parametrize(
    "back", ["//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nX: y", ""]
)
def test_the_switch_leads_to_no_other_site(officer: Callable[..., Officer], back: str) -> None:
    answer = officer("first").send("/language", {"language": "km", "back": back})
    assert answer.headers["Location"] == "/"


def test_strangers_and_missing_things_get_a_page(
    client: FlaskClient, officer: Callable[..., Officer]
) -> None:
    stranger = client.get("/office/", headers={"Accept-Language": "en"})
    assert stranger.status_code == 401 and stranger.mimetype == "text/html"
    assert "Sign in with your certificate" in stranger.text
    missing = officer("first").get(f"/office/applications/{'0' * 32}")
    assert missing.status_code == 404 and "There is no such application" in missing.text
    assert officer("second").get("/office/nowhere").status_code == 404


def test_a_grant_is_approved_and_withdrawn(officer: Callable[..., Officer], world: World) -> None:
    first, second = officer("first"), officer("second")
    proposed = world.grants.propose(proposal_for(world), proposed_by="first", grant_id=f"{7:032x}")
    page = f"/office/grants/{proposed.id}"
    assert "/approval" not in first.get(page).text
    assert second.press(page, "refusal", reason="").status_code == 422
    assert f'href="{page}"' in second.get("/office/grants").text
    assert second.press(page, "approval").status_code == 303
    while world.grants.find(proposed.id).state is GrantState.PROPOSED:
        officer("third").press(page, "approval")
    assert "In use" in first.get(page).text
    assert first.press(page, "withdrawal").status_code == 303
    assert world.grants.find(proposed.id).state is GrantState.WITHDRAWN
    assert "/withdrawal" not in first.get(page).text


def test_a_grant_says_when_its_client_is_believed_about_keys(
    officer: Callable[..., Officer], world: World
) -> None:
    officer("first")
    changes = {"protocol": GrantProtocol.CMP, "verifies_possession": True}
    plain, believed = (
        world.grants.propose(proposal, proposed_by="first", grant_id=f"{number:032x}")
        for number, proposal in enumerate((proposal_for(world), proposal_for(world, **changes)), 20)
    )
    second = officer("second")
    said = "registration authority and is believed"
    assert said in second.get(f"/office/grants/{believed.id}").text
    assert said not in second.get(f"/office/grants/{plain.id}").text


def test_a_grant_is_refused_with_its_reason(officer: Callable[..., Officer], world: World) -> None:
    first, second = officer("first"), officer("second")
    proposed = world.grants.propose(proposal_for(world), proposed_by="first", grant_id=f"{8:032x}")
    page = f"/office/grants/{proposed.id}"
    second.press(page, "refusal", reason="Whose server is it?")
    assert "Whose server is it?" in first.get(page).text
    assert first.get("/office/grants/none").status_code == 404
