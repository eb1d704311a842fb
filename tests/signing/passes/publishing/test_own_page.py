"""A home's page knows the passes that the home issued, and which of them it took back."""

from __future__ import annotations

from typing import Any

import pytest

from camtrust.wiring import Services
from signing.passes.issuing.issued import IssuedPass
from signing.passes.issuing.pass_types import CodeKind
from signing.passes.issuing.pictures import in_qr
from tests.signing.passes.issuing.test_issuing import issue
from tests.signing.passes.page.browser_verdicts import BrowserVerifier, browser_verifier
from tests.signing.passes.revocation.world import asked_by, revoke

__all__ = ["browser_verifier"]


def lists(services: Services) -> Any:
    with asked_by(services) as http:
        got = http.get("/verify/lists.json")
        assert got.status_code == 200
        return got.get_json()


def judged(
    verifier: BrowserVerifier, services: Services, bundle: Any, one: IssuedPass, kind: CodeKind
) -> tuple[str, str, list[str]]:
    case = (0, (in_qr(kind, one.codes[kind]),), services.clock.now())
    [found] = verifier.judge_by([bundle], [case])
    return found["status"], found["reasons"][0], found["notes"]


@pytest.mark.parametrize(
    ("type_name", "kind"),
    [("vaccination", CodeKind.DCC), ("digital-id", CodeKind.CLAIM_169_MINIMAL)],
)
def test_own_passes_are_verified_and_a_revoked_one_is_red_at_once(
    issuer: Services, browser_verifier: BrowserVerifier, type_name: str, kind: CodeKind
) -> None:
    kept, gone = issue(issuer, type_name), issue(issuer, type_name)
    before = lists(issuer)
    assert judged(browser_verifier, issuer, before, gone, kind)[0] == "VERIFIED"
    revoke(issuer, gone)
    after = lists(issuer)
    status, reason, _ = judged(browser_verifier, issuer, after, gone, kind)
    assert (status, reason[:24]) == ("REVOKED", "Its issuer took it back:")
    assert judged(browser_verifier, issuer, after, kept, kind) == (
        "VERIFIED",
        "Genuine, unaltered and in force.",
        [],
    )


@pytest.mark.parametrize(
    ("type_name", "kind"),
    [("travel-vaccination", CodeKind.VDS_NC), ("vaccination", CodeKind.SHC)],
)
def test_own_seals_and_cards_are_verified(
    issuer: Services, browser_verifier: BrowserVerifier, type_name: str, kind: CodeKind
) -> None:
    one = issue(issuer, type_name)
    assert judged(browser_verifier, issuer, lists(issuer), one, kind)[0] == "VERIFIED"


def test_own_statuses_count_in_place_of_older_ones_in_the_folder(issuer: Services) -> None:
    one = issue(issuer, "vaccination")
    folder = issuer.home / "pass-trust"
    folder.mkdir()
    try:
        with asked_by(issuer) as http:
            fetched = http.get(f"/passes/status/{one.status_list}").data
        (folder / "statuses.jwt").write_bytes(fetched)
        found = [each["source"] for each in lists(issuer)["status_lists"]]
    finally:
        (folder / "statuses.jwt").unlink()
        folder.rmdir()
    assert found == [f"https://pki.example/passes/status/{one.status_list}"]


def test_a_home_without_an_https_address_has_its_signers_on_its_page_and_no_cards(
    issuer: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_cards = {one.source for one in issuer.passes.own_trust.signers}
    # As `make serve` has it.
    address = property(lambda _wiring: "http://localhost:8080")
    monkeypatch.setattr(type(issuer.passes), "address", address)
    signers = issuer.passes.own_trust.signers
    assert {one.source for one in signers} == {"http://localhost:8080/passes/trust"}
    assert len(with_cards) == 2
