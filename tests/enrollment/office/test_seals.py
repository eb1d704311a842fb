"""An institution's officer applies for its seal on a page; two others decide."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from camtrust.app import create_app
from camtrust.listeners import Listener
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.world import World, front_header, pem_csr

NUMBER = "NTRKH-00012345"
PAGE = "/office/seals"


class Officer:
    """An officer of an institution, or of the nation, with a browser that runs no scripts."""

    def __init__(self, world: World, name: str, institution: str | None) -> None:
        world.enroll(name, institution=institution)
        self._client = create_app(world.parts(), Listener.OFFICERS).test_client()
        header = front_header(world.held[name])
        self._header, self.language = header, "en"

    @property
    def _headers(self) -> dict[str, str]:
        return {"X-SSL-Client-Cert": self._header, "Accept-Language": self.language}

    def get(self, path: str) -> str:
        answer = self._client.get(path, headers=self._headers)
        assert answer.status_code == 200
        return answer.text

    def send(self, page: str, action: str, **fields: str) -> Any:
        forms = re.findall(r"<form.*?</form>", self.get(page), re.DOTALL)
        [form] = [one for one in forms if f'action="{action}"' in one]
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
        return self._client.post(action, data=hidden | fields, headers=self._headers)


@pytest.fixture
def officer(world: World) -> Callable[..., Officer]:
    world.found("moh", registration_identifier=NUMBER)

    def make(name: str, institution: str | None = "moh") -> Officer:
        return Officer(world, name, institution)

    return make


def request() -> str:
    return pem_csr(csr_for(ec.generate_private_key(ec.SECP256R1()), subject="CN=asked"))


def test_an_institution_gets_its_seal(officer: Callable[..., Officer]) -> None:
    clerk = officer("clerk")
    assert NUMBER in clerk.get(PAGE)
    sent = clerk.send(PAGE, PAGE, name="km", csr=request())
    assert sent.status_code == 303, sent.text
    place = sent.headers["Location"]
    assert "another officer decides" in clerk.get(place)
    for other in (officer("first"), officer("second", None)):
        assert other.send(place, f"{place}/approval").status_code == 303
    pem = clerk.get(f"{place}/certificate.pem")
    seal = x509.load_pem_x509_certificates(pem.encode())[0]
    said = {one.oid.dotted_string: one.value for one in seal.subject}
    assert said["2.5.4.10"] == said["2.5.4.3"] == "ក្រសួងសាកល្បង"
    assert said["2.5.4.97"] == NUMBER


def test_what_is_no_request_is_said_and_what_was_typed_is_kept(
    officer: Callable[..., Officer],
) -> None:
    refused = officer("clerk").send(PAGE, PAGE, name="km", csr="typed by hand")
    assert refused.status_code == 422
    assert "typed by hand</textarea>" in refused.text
    assert re.search(r'value="km" checked', refused.text)
    assert "govuk-error-summary" in refused.text


def test_a_seal_for_another_institution_is_not_applied_for(
    world: World, officer: Callable[..., Officer]
) -> None:
    world.found("moi", registration_identifier="NTRKH-999")
    refused = officer("clerk").send(PAGE, PAGE, institution="moi", csr=request())
    assert refused.status_code == 422
    assert "Choose whose seal it is" in refused.text
    assert not world.registration.applications.page(limit=1)


def test_an_officer_of_the_nation_chooses_the_institution(
    world: World, officer: Callable[..., Officer]
) -> None:
    world.found("moi", registration_identifier="NTRKH-999")
    nations = officer("nations", None)
    assert nations.get(PAGE).count("<option") == 3
    assert nations.send(PAGE, PAGE, csr=request()).status_code == 422
    assert nations.send(PAGE, PAGE, institution="moi", csr=request()).status_code == 303
    [taken] = world.registration.applications.page(limit=2)
    assert (taken.institution, taken.holder) == ("moi", "organization:NTRKH-999")


def test_without_a_number_in_the_register_the_page_says_whom_to_ask(world: World) -> None:
    world.found("moh")
    shown = Officer(world, "clerk", "moh").get(PAGE)
    assert "ask a CA administrator" in shown and "<textarea" not in shown


@pytest.mark.parametrize("pasted", ["typed by hand", "CUT", "TWO"])
def test_what_is_wrong_with_a_request_is_said_in_khmer(
    officer: Callable[..., Officer], pasted: str
) -> None:
    csr = request()
    pasted = {"CUT": csr[:200], "TWO": csr + csr}.get(pasted, pasted)
    clerk = officer("clerk")
    clerk.language = "km"
    refused = clerk.send(PAGE, PAGE, csr=pasted)
    [summary] = re.findall(
        r'<div class="govuk-error-summary">.*?</div></div></div>', refused.text, re.S
    )
    assert "សំណើ" in summary and 'lang="en"' not in summary
