"""Somebody with a paper and a file before the page that the stamp leads to."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from threading import Thread

import pytest
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server

from camtrust.app import create_app
from camtrust.listeners import Listener
from signing.documents.verification.identifiers import DocumentId
from signing.documents.verification.summary import sign_summary
from tests.browser.conftest import WIDTHS, Reader
from tests.enrollment.world import World
from tests.signing.documents.verification.conftest import (
    DETAILS,
    FILE,
    ID,
    SECOND,
    SIGNATURE,
    SIGNED,
    SIGNED_AGAIN,
    SUMMARY,
)

LANGUAGES = pytest.mark.parametrize("language", ["en", "km"])
WIDE = pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
WORDS = {
    "en": {"genuine": "Genuine", "same": "This is the very document", "wrong": "This is wrong"},
    "km": {"genuine": "ពិតប្រាកដ", "same": "នេះជាឯកសារពិតប្រាកដ", "wrong": "នេះមិនត្រឹមត្រូវ"},
}


@pytest.fixture
def address(world: World) -> Iterator[str]:
    """The public listener with a document that two people signed."""
    world.found()
    world.verification.keys.make()
    registry = world.verification.registry
    registry.register(ID, dataclasses.replace(DETAILS, is_public=True), SIGNATURE)
    registry.register(ID, DETAILS, SECOND)
    server = make_server("127.0.0.1", 0, create_app(world.parts(), Listener.PUBLIC), threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    # A browser gives WebCrypto to localhost without TLS too.
    yield f"http://localhost:{server.port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def summary(world: World, address: str) -> str:
    return sign_summary(SUMMARY, ID, world.verification.keys.signing_key())


def said(reader: Reader, name: str) -> str:
    found = reader.page.locator(f"[data-say={name}]")
    expect(found).to_be_visible()
    return found.inner_text()


def hidden(reader: Reader, *names: str) -> None:
    for name in names:
        expect(reader.page.locator(f"[data-say={name}]")).to_be_hidden()


def choose(reader: Reader, octets: bytes) -> None:
    file = {"name": "a.pdf", "mimeType": "application/pdf", "buffer": octets}
    reader.page.set_input_files("#file", files=[file])


@LANGUAGES
@WIDE
def test_a_paper_and_its_file_are_checked(
    reader: Callable[..., Reader], address: str, summary: str, language: str, width: int
) -> None:
    someone = reader(address, width=width, language=language)
    words = WORDS[language]
    someone.open(f"/V/{ID}#{summary}")
    assert words["genuine"] in said(someone, "genuine")
    rows = someone.page.locator("[data-summary] dd").all_inner_texts()
    assert rows == [
        SUMMARY.number,
        SUMMARY.signer,
        SUMMARY.institution,
        "01/12/2026 11:16",
        "1 000",
        "12,500,000 ៛",
    ]
    choose(someone, SIGNED_AGAIN)
    assert words["same"] in said(someone, "same")
    said(someone, "stamped")
    assert SECOND.sha256.hex() in said(someone, "fingerprint")
    someone.page.get_by_text(words["wrong"]).click()
    someone.examine("verification-document")
    # The summary did not reach the server, and no file did.
    assert not any(summary in one for one in someone.asked)
    assert all(one.startswith(address) for one in someone.asked)


def test_each_answer_about_a_file_is_the_right_one(
    reader: Callable[..., Reader], address: str, summary: str
) -> None:
    someone = reader(address, language="en")
    someone.open(f"/v/{ID}#{summary}")
    said(someone, "genuine")
    choose(someone, SIGNED)
    said(someone, "earlier")
    said(someone, "stamped")
    hidden(someone, "same", "other", "not-stamped", "working")
    choose(someone, SIGNED_AGAIN + b" and an archive time-stamp")
    said(someone, "longer")
    hidden(someone, "same", "other")
    choose(someone, SIGNED_AGAIN[:-1] + b"x")
    said(someone, "other")
    hidden(someone, "longer")
    said(someone, "stamped")
    choose(someone, b"x" + FILE)
    said(someone, "other")
    said(someone, "not-stamped")
    hidden(someone, "same", "earlier", "stamped")
    asked = len(someone.asked)
    drop(someone, SIGNED_AGAIN)
    said(someone, "same")
    assert len(someone.asked) == asked


def drop(reader: Reader, octets: bytes) -> None:
    reader.page.evaluate(
        """(octets) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(octets)], "a.pdf"));
            document.querySelector("main").dispatchEvent(
                new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
        }""",
        list(octets),
    )


def test_a_forged_code_is_called_so(
    reader: Callable[..., Reader], address: str, summary: str, world: World
) -> None:
    at = len(summary) // 2
    changes = {
        "a letter": summary[:at] + ("A" if summary[at] != "A" else "B") + summary[at + 1 :],
        "another document": sign_summary(
            SUMMARY, DocumentId.new(), world.verification.keys.signing_key()
        ),
        "rubbish": "%3Cscript%3E",
        "cut off": summary[:-8],
    }
    for forged in changes.values():
        someone = reader(address, language="en")
        someone.open(f"/v/{ID}#{forged}")
        assert "Not genuine" in said(someone, "forged")
        hidden(someone, "genuine")
        expect(someone.page.locator("[data-summary]")).to_be_hidden()


def test_the_summary_outlives_a_change_of_language(
    reader: Callable[..., Reader], address: str, summary: str
) -> None:
    someone = reader(address, language="en")
    someone.open(f"/v/{ID}#{summary}")
    said(someone, "genuine")
    someone.page.get_by_role("button", name="ភាសាខ្មែរ").click()
    someone.page.wait_for_load_state("load")
    assert "ពិតប្រាកដ" in said(someone, "genuine")


def test_a_paper_speaks_for_itself_where_nothing_is_registered(
    reader: Callable[..., Reader], address: str, world: World
) -> None:
    unknown = DocumentId.new()
    text = sign_summary(SUMMARY, unknown, world.verification.keys.signing_key())
    someone = reader(address, width=360, language="km")
    someone.open(f"/v/{unknown}#{text}")
    said(someone, "genuine")
    someone.examine("verification-unknown")


def test_without_a_script_the_page_still_says_what_matters(chromium: Browser, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en")
    page = context.new_page()
    page.goto(f"{address}/v/{ID}")
    assert "SOK Dara" in page.inner_text("main")
    expect(page.locator("#file-check")).to_be_hidden()
    page.get_by_text("Compare by hand").click()
    expect(page.get_by_text(SECOND.sha256.hex())).to_be_visible()
    context.close()
