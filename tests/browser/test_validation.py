"""Anybody at a browser checks a signed document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any

import pytest
from werkzeug.serving import make_server

from camtrust.app import create_app
from camtrust.listeners import Listener
from signing.documents.validation.trust import Anchor, Trust
from tests.browser.conftest import WIDTHS, Reader
from tests.enrollment.world import World
from tests.signing.documents.validation.authorities import NOW, Hierarchy
from tests.signing.documents.validation.documents import Signed
from tests.signing.documents.validation.test_attacks import ATTACKS, victim_page

CHECK = {"en": "Check the document", "km": "ពិនិត្យឯកសារ"}
DETAIL = {"en": "Detail for experts", "km": "លម្អិតសម្រាប់អ្នកជំនាញ"}
both_widths = pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
both_languages = pytest.mark.parametrize("language", ["en", "km"])


@pytest.fixture(scope="module")
def signed() -> Signed:
    return Signed(Hierarchy("Ministry of Examples"))


@pytest.fixture(scope="module")
def documents(signed: Signed) -> dict[str, bytes]:
    """Signed in a thread of its own: the browser's has an event loop, and pyHanko wants one."""

    def sign() -> dict[str, bytes]:
        return {
            "good": signed.sign(level="B-LTA", reason="អនុម័ត / approved"),
            "changed": ATTACKS["replaced_page"](signed.sign(victim_page())),
            "unreadable": b"hello",
        }

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(sign).result()


@pytest.fixture
def public(world: World, clock: Any, signed: Signed) -> Iterator[str]:
    clock.instant = NOW
    world.validation_trust = Trust(anchors=(Anchor(signed.hierarchy.root.asn1, "own"),))
    server = make_server("127.0.0.1", 0, create_app(world.parts(), Listener.PUBLIC), threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    server.server_close()


@both_languages
@both_widths
def test_a_person_checks_documents(
    public: str,
    documents: dict[str, bytes],
    reader: Callable[..., Reader],
    width: int,
    language: str,
) -> None:
    for name, pdf in documents.items():
        person = reader(public, width=width, language=language)
        page = person.open("/validate")
        person.examine("validation-form")
        page.set_input_files(
            "#document", {"name": f"{name}.pdf", "mimeType": "application/pdf", "buffer": pdf}
        )
        page.get_by_role("button", name=CHECK[language], exact=True).click()
        person.examine(f"validation-{name}")
        if name != "unreadable":
            page.get_by_text(DETAIL[language]).first.click()
            person.examine(f"validation-{name}-detail")
    page = person.open("/validate")
    page.get_by_role("button", name=CHECK[language], exact=True).click()
    person.examine("validation-nothing-chosen")
