"""``/verify``: the verifier that runs in the browser, and what it is made of.

It is an application that a phone keeps. Everything is the same for everybody: no cookie is read but
that of the language, nothing is counted, and no pass ever comes here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from apiflask import APIBlueprint
from flask import Response, current_app, render_template, request

from core.web.access_control import public
from core.web.languages import Language, language, say, speak_in, translatable
from core.web.problems import NoSuchPath
from core.web.security_headers import CONTENT_SECURITY_POLICY
from signing.passes.page import files
from signing.passes.page.files import Part
from signing.passes.page.publishing import ListPublisher

TEXTS = Path(__file__).parent / "locale"
NAME = translatable("Pass verifier")
# A shape for each light, as some readers tell no colours apart: its outline, and its mark.
SHAPES = {
    "green": ("M50 2a48 48 0 1 0 .1 0z", "M27 52l16 16 31-33"),
    "amber": ("M50 4L98 94H2z", "M50 36v26M50 78v1"),
    "red": ("M30 2h40l28 28v40L70 98H30L2 70V30z", "M32 32l36 36M68 32L32 68"),
}
# Scripts of ours alone; WebAssembly is compiled in the decoder's worker, and nowhere else.
PAGE_POLICY = (
    f"{CONTENT_SECURITY_POLICY}; script-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "connect-src 'self'"
)
WORKER_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
# Permissions Policy (W3C): the camera here, and nothing that would say where somebody is.
PERMISSIONS = "camera=(self), geolocation=(), microphone=()"
# A browser asks each time whether it has the newest one; it seldom has to fetch it.
KEPT = "public, no-cache"
LISTS_KEPT = "public, max-age=300"


def verifier_blueprint(publisher: Callable[[], ListPublisher]) -> APIBlueprint:
    """Return the page and its parts; ``publisher`` is asked for at each request for lists."""
    pages = APIBlueprint(
        "pass_verifier", __name__, template_folder="templates", enable_openapi=False
    )
    _serve_pages(pages)
    _serve_parts(pages)

    @pages.get("/verify/lists.json")
    @public
    def lists() -> Response:
        """Answer whom this home trusts, for browsers."""
        return _answer(Part(publisher().lists(), "application/json"), LISTS_KEPT)

    return pages


def _serve_pages(pages: APIBlueprint) -> None:
    @pages.get("/verify")
    @public
    def verify() -> Response:
        """Show the verifier in the reader's language."""
        return _page(language())

    @pages.get("/verify/<any(km, en):spoken>")
    @public
    def verify_in(spoken: str) -> Response:
        """Show the verifier in one language, as a device keeps it."""
        return _page(Language(spoken))


def _serve_parts(pages: APIBlueprint) -> None:
    @pages.get("/verify/files/<name>")
    @public
    def part(name: str) -> Response:
        """Answer a script, a style or the decoder."""
        found = files.part(name)
        if found is None:
            raise NoSuchPath("The verifier has no part of this name.")
        response = _answer(found, KEPT)
        if name == "decoder.js":
            # A worker obeys the policy of its own script (CSP Level 3, Section 4.2.2).
            response.headers["Content-Security-Policy"] = WORKER_POLICY
        return response

    @pages.get("/verify/manifest/<any(km, en):spoken>")
    @public
    def manifest(spoken: str) -> Response:
        """Answer what a phone shows of the application."""
        return _answer(_manifest(Language(spoken)), KEPT)

    @pages.get("/verify/worker.js")
    @public
    def worker() -> Response:
        """Answer the script that keeps the application on the device."""
        made: dict[str, bytes] = {}
        for one in Language:
            made[f"/verify/{one}"] = _html(one).encode()
            made[f"/verify/manifest/{one}"] = _manifest(one).octets
        response = _answer(files.service_worker(made), "no-cache")
        response.headers["Content-Security-Policy"] = WORKER_POLICY
        # Its own folder is /verify/, which is not above /verify.
        response.headers["Service-Worker-Allowed"] = "/verify"
        return response


def _page(spoken: Language) -> Response:
    response = _answer(Part(_html(spoken).encode(), "text/html"), KEPT)
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    response.headers["Permissions-Policy"] = PERMISSIONS
    return response


def _html(spoken: Language) -> str:
    with speak_in(spoken):
        return render_template("pass_verifier/page.html", other=_other(spoken), shapes=SHAPES)


def _manifest(spoken: Language) -> Part:
    with speak_in(spoken):
        return files.manifest(say(NAME), spoken)


def _other(spoken: Language) -> Language:
    return next(one for one in Language if one is not spoken)


def _answer(part: Part, kept: str) -> Response:
    response = current_app.response_class(part.octets, content_type=_content_type(part))
    response.headers["Cache-Control"] = kept
    response.set_etag(part.version)
    response.make_conditional(request)
    return response


def _content_type(part: Part) -> str:
    is_text = part.media_type.startswith("text/")
    return f"{part.media_type}; charset=utf-8" if is_text else part.media_type
