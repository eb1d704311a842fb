"""A browser puts a key into escrow, two officers get it back, and its holder sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from playwright.sync_api import expect
from werkzeug.serving import make_server

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.web.session_cookie import COOKIE
from enrollment.key_creation.reading import CONSENT
from enrollment.sessions.sessions import SignInMethod
from tests.browser.conftest import WIDTHS, Reader
from tests.browser.key_pages import KeyPages
from tests.browser.test_key_creation import (  # noqa: F401 - fixtures
    PASSWORD,
    choose,
    collect,
    create,
    pages,
    send,
    served,
    sit,
)
from tests.enrollment.world import World

PROFILE = "person-mail-encryption"
WORDS = {
    "en": {
        "search": "Search",
        "propose": "Propose",
        "approve": "Approve",
        "file": "Fetch the file (PKCS #12)",
        "password": "Show the password",
    },
    "km": {
        "search": "ស្វែងរក",
        "propose": "ស្នើ",
        "approve": "អនុម័ត",
        "file": "ទាញយកឯកសារ (PKCS #12)",
        "password": "បង្ហាញពាក្យសម្ងាត់",
    },
}


@pytest.fixture
def holder(world: World) -> str:
    world.found()
    return world.subscribers.enroll(world.employ())


@pytest.fixture
def own_page(world: World, holder: str) -> Iterator[str]:
    """Where the holder is signed in."""
    app = create_app(world.parts(), Listener.PUBLIC)
    inner, token = app.wsgi_app, world.sessions.open(holder, method=SignInMethod.PASSKEY)

    def signed_in(environ: dict[str, Any], start_response: Any) -> Any:
        cookies = f"{environ.get('HTTP_COOKIE', '')}; {COOKIE}={token}"
        return inner(environ | {"HTTP_COOKIE": cookies}, start_response)

    server = make_server("127.0.0.1", 0, signed_in, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    server.server_close()


def deposit(pages: KeyPages, world: World, holder: str) -> None:  # noqa: F811
    """What the page of an application does with what the form sent."""
    chosen = pages.chosen[-1]
    assert chosen.escrow is not None
    world.escrow_office.escrow.deposit(
        chosen.escrow,
        profile=PROFILE,
        csr=chosen.csr,
        holder=holder,
        institution=None,
        consent=CONSENT,
    )


@pytest.mark.parametrize("language", ["en", "km"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
def test_a_key_made_in_a_browser_comes_back_from_escrow(
    sit: Callable[..., Reader],  # noqa: F811
    pages: KeyPages,  # noqa: F811
    world: World,
    holder: str,
    own_page: str,
    address: Callable[..., str],
    reader: Callable[..., Reader],
    tmp_path: Path,
    width: int,
    language: str,
) -> None:
    words, how = WORDS[language], {"width": width, "language": language}
    pages.escrow_key = world.escrow_keys.offered_for(PROFILE)
    applicant = sit(**how)
    page = applicant.open(f"/test/keys/{PROFILE}")
    choose(page, "file")
    page.locator("[data-key-agreed]").check()
    applicant.examine("escrow-consent")
    create(page)
    send(page)
    deposit(pages, world, holder)
    own = load_pkcs12(collect(page, tmp_path / "own.p12").read_bytes(), PASSWORD.encode())
    first = reader(address("first"), **how)
    second = reader(address("second"), **how)
    first.open("/office/escrow").locator("#wanted").fill("person:IDCKH-០១២៣៤៥៦៧៨")
    first.page.get_by_role("button", name=words["search"], exact=True).click()
    first.examine("escrow-found")
    first.page.locator('a[href^="/office/escrow/keys/"]').click()
    first.page.get_by_role("button", name=words["propose"], exact=True).click()
    first.examine("escrow-reason-missing")
    first.page.locator("#reason").fill("The laptop was stolen in Kampot.")
    first.page.get_by_role("button", name=words["propose"], exact=True).click()
    first.examine("escrow-proposed")
    second.open(first.page.url.removeprefix(first.address))
    second.examine("escrow-deciding")
    second.page.get_by_role("button", name=words["approve"], exact=True).click()
    second.page.get_by_role("button", name=words["password"], exact=True).click()
    second.examine("escrow-password")
    password = second.page.locator("p.govuk-body-l").inner_text()
    first.page.reload()
    with first.page.expect_download() as download:
        first.page.get_by_role("button", name=words["file"], exact=True).click()
    download.value.save_as(tmp_path / "recovered.p12")
    recovered = load_pkcs12((tmp_path / "recovered.p12").read_bytes(), password.encode())
    assert own.key is not None and recovered.key is not None
    assert recovered.key.private_numbers() == own.key.private_numbers()  # type: ignore[union-attr]
    first.page.reload()
    first.examine("escrow-handed-over")
    mine = reader(own_page, **how)
    mine.open("/my/escrow")
    expect(mine.page.get_by_text("The laptop was stolen in Kampot.")).to_have_count(1)
    mine.examine("escrow-own")
    mine.page.locator("button.govuk-button--warning").click()
    mine.examine("escrow-erased")


def test_without_consent_no_copy_is_made(
    sit: Callable[..., Reader],  # noqa: F811
    pages: KeyPages,  # noqa: F811
    world: World,
) -> None:
    pages.escrow_key = world.escrow_keys.offered_for(PROFILE)
    page = sit().open(f"/test/keys/{PROFILE}")
    create(page)
    expect(page.locator("[data-key-escrow]")).to_have_value("")
    send(page)
    assert pages.chosen[0].escrow is None


def test_only_keys_for_decrypting_mail_are_offered_escrow(
    sit: Callable[..., Reader],  # noqa: F811
    pages: KeyPages,  # noqa: F811
    world: World,
) -> None:
    pages.escrow_key = world.escrow_keys.offered_for(PROFILE)
    page = sit().open("/test/keys/person-mail-signing")
    choose(page, "file")
    assert page.locator("[data-key-agreed]").count() == 0
