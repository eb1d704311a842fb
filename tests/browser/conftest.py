"""A real browser before a real server: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect, sync_playwright
from werkzeug.serving import make_server

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.access import Role
from core.database import Database
from tests.conftest import lacks
from tests.enrollment.world import World, front_header

AXE = Path(__file__).parents[2] / "core/web/page_assets/node_modules/axe-core/axe.min.js"
WIDTHS = {"phone": 360, "desk": 1280}
# Each language and each width once in the ordinary suite, the hardest pair among them: Khmer on a
# phone. The other two are walked by `make test-long`, and drawn by `make screenshots`.
SELDOM = {("km", 1280), ("en", 360)}
# After a click the old page is gone, and the new one may still be on its way: what it has to show
# is expected, not counted. A busy machine takes longer than the five seconds of the default.
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        given = getattr(getattr(item, "callspec", None), "params", {})
        if (given.get("language"), given.get("width")) in SELDOM:
            item.add_marker(pytest.mark.long)


# While Playwright runs, so does its event loop, beside which no asyncio.run() may begin: pyHanko's
# tests come after it in the same process.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = Path("/usr/bin/chromium")
    if not program.exists():
        lacks("the program chromium is not installed")
    with sync_playwright() as playwright:
        # The sandbox needs a user namespace, which containers seldom allow.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def world(sqlite: Database, tmp_path: Path, clock: Any) -> World:
    return World(sqlite, tmp_path, clock)


@pytest.fixture
def address(world: World) -> Iterator[Callable[..., str]]:
    """Enrol an officer and serve the officers' listener to them alone, as the TLS front does."""
    servers = []

    def serve(officer_id: str, role: Role = Role.RA_OFFICER, **options: Any) -> str:
        if officer_id not in world.held:
            world.enroll(officer_id, role, **options)
        app = create_app(world.parts(), Listener.OFFICERS)
        inner = app.wsgi_app
        header = front_header(world.held[officer_id])

        def signed_in(environ: dict[str, Any], start_response: Any) -> Any:
            return inner(environ | {"HTTP_X_SSL_CLIENT_CERT": header}, start_response)

        server = make_server("127.0.0.1", 0, signed_in, threaded=True)
        Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


class Reader:
    """Somebody at a browser; each page that they look at is examined."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.page: Page = context.new_page()
        self.address = address
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self._hear(message.text))
        self.page.on("response", self._look_at)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, text: str) -> None:
        # Said of refusals too, which are pages that we want; what a page lacks is counted below.
        # Chromium's hints to authors ("[DOM]") are not about what the page does.
        if not text.startswith(("Failed to load resource", "[DOM]")):
            self.complaints.append(text)

    def _look_at(self, response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            self.complaints.append(f"{response.status} {response.url}")

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.address}{path}")
        return self.page

    def examine(self, name: str) -> None:
        """Check the page for what nobody may meet; draw it where CAMTRUST_SCREENSHOTS says."""
        self.page.wait_for_load_state("load")
        self.page.evaluate("document.fonts.ready.then(() => null)")
        folder = os.environ.get("CAMTRUST_SCREENSHOTS")
        width = self.page.viewport_size["width"]  # type: ignore[index]
        language = self.page.evaluate("document.documentElement.lang")
        if folder:
            path = Path(folder) / f"{name}-{language}-{width}.png"
            self.page.screenshot(path=path, full_page=True)
        assert [one for one in self.asked if not one.startswith(self.address)] == []
        assert self.complaints == []
        assert self.page.evaluate("document.documentElement.scrollWidth") <= width
        self._check_accessibility()

    def _check_accessibility(self) -> None:
        if not AXE.exists():
            lacks("axe-core is not installed: run make setup")
        self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate("axe.run()")
        serious = [
            (one["id"], [node["html"] for node in one["nodes"]])
            for one in found["violations"]
            if one["impact"] in {"serious", "critical"}
        ]
        assert serious == []
        assert len(found["passes"]) > 10


@pytest.fixture
def reader(chromium: Browser) -> Iterator[Callable[..., Reader]]:
    """Open a browser of a width and a language for an address."""
    contexts = []

    def sit_down(address: str, *, width: int = 1280, language: str = "km") -> Reader:
        context = chromium.new_context(
            viewport={"width": width, "height": 800},
            locale=language,
            java_script_enabled=True,
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        return Reader(context, address)

    yield sit_down
    for context in contexts:
        context.close()
