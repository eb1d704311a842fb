"""The signer's page: a program sends the browser here, and gets it back with a code or a refusal.

It stands at the public listener, where people are signed in. Layout, passkey script and the page of
refusals are other rooms': ``camtrust/`` hands them over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from apiflask import APIBlueprint
from flask import Flask, Response, redirect, render_template, request, url_for

from core.errors import CamtrustError, Forbidden, TooMany
from core.web.access_control import current_principal, public, requires
from core.web.bodies import JSON
from core.web.forms import takes_form
from core.web.limits import limited
from core.web.problems import show_problems_as_pages
from core.web.security_headers import send_forms_to
from signing.credentials.errors import PinBusy, PinRefused, SecondFactorRefused
from signing.csc.consent import Consent, Shown
from signing.csc.errors import CscRequestRefused
from signing.csc.permissions import AUTHORIZE
from signing.csc.routes import PREFIX
from signing.csc.signing_requests import Scope, SendBack, SigningRequests

TEXTS = Path(__file__).parent / "locale"
NAME = "csc_pages"
PATH = f"{PREFIX}/oauth2/authorize"
# Attempts of one address; many people may share it.
ATTEMPTS = "60 per minute"
# What its reader can put right in the form; anything else is a page of its own.
_MISTAKES = (PinRefused, PinBusy, SecondFactorRefused)


@dataclass(frozen=True)
class CscPages:
    """What the pages work with, and what they are built upon.

    ``layout`` and ``passkey_parts`` are templates: the page around these, and the macro ``trouble``
    that brings the passkeys' script. ``home`` and ``refusal_page`` are those of people's pages.
    """

    requests: SigningRequests
    consent: Consent
    layout: str
    passkey_parts: str
    home: str
    refusal_page: Callable[[CamtrustError, int], str]


def csc_pages_blueprint(pages: Callable[[], CscPages]) -> APIBlueprint:
    """Return the routes; ``pages`` is asked at each request."""
    blueprint = APIBlueprint(
        NAME, __name__, url_prefix=PATH, template_folder="templates", enable_openapi=False
    )
    blueprint.record_once(
        lambda state: show_problems_as_pages(
            cast(Flask, state.app), PATH, lambda error, status: pages().refusal_page(error, status)
        )
    )
    _serve_arrival(blueprint, pages)
    _serve_decisions(blueprint, pages)
    return blueprint


def _serve_arrival(blueprint: APIBlueprint, pages: Callable[[], CscPages]) -> None:
    @blueprint.get("")
    @public
    @limited(ATTEMPTS)
    def arrive() -> Any:
        """Take a program's request, whoever the browser belongs to."""
        query = request.args.to_dict()
        # RFC 6749, Section 3.1: no parameter comes twice.
        if len(query) != len(list(request.args.items(multi=True))):
            raise CscRequestRefused("A parameter of the request stands twice.")
        try:
            request_id = pages().requests.take(query)
        except SendBack as back:
            return redirect(back.url, 303)
        # The page's own address carries no hashes and no names.
        return redirect(url_for(f"{NAME}.show", request_id=request_id), 303)

    @blueprint.get("/<request_id>")
    @requires(AUTHORIZE)
    def show(request_id: str) -> Any:
        """Show what the program asks for."""
        person = current_principal().id
        shown = pages().consent.show(request_id, person)
        pages().requests.note_seen(request_id, person)
        return _page(pages(), shown)


def _serve_decisions(blueprint: APIBlueprint, pages: Callable[[], CscPages]) -> None:
    @blueprint.post("/<request_id>/question")
    @requires(AUTHORIZE)
    @limited(ATTEMPTS)
    @takes_form
    def ask(request_id: str) -> Response:
        """Hand out what the signer's passkey is asked about these hashes."""
        question = pages().consent.question(request_id, current_principal().id)
        return Response(question, content_type=JSON)

    @blueprint.post("/<request_id>")
    @requires(AUTHORIZE)
    @limited(ATTEMPTS)
    @takes_form
    def allow(request_id: str) -> Any:
        """Sign, or let the program see the signer's keys."""
        consent, person = pages().consent, current_principal().id
        try:
            url = consent.allow(
                request_id,
                person,
                pin=request.form.get("pin", ""),
                proof=request.form.get("assertion"),
            )
        except _MISTAKES as mistake:
            shown = consent.show(request_id, person)
            return _page(pages(), shown, mistake), _status_of(mistake)
        return redirect(url, 303)

    @blueprint.post("/<request_id>/refusal")
    @requires(AUTHORIZE)
    @limited(ATTEMPTS)
    @takes_form
    def decline(request_id: str) -> Any:
        """Sign nothing."""
        return redirect(pages().consent.decline(request_id, current_principal().id), 303)


def _page(pages: CscPages, shown: Shown, mistake: CamtrustError | None = None) -> str:
    send_forms_to(_origin(shown.request.address))
    wanted = shown.request.wanted
    labels = wanted.labels or ("",) * len(wanted.hashes)
    template = "sign" if shown.request.scope is Scope.CREDENTIAL else "show_keys"
    return render_template(
        f"csc/{template}.html",
        layout=pages.layout,
        passkey_parts=pages.passkey_parts,
        home=pages.home,
        back_here=url_for(f"{NAME}.show", request_id=shown.request.id),
        shown=shown,
        documents=list(zip(labels, wanted.hashes, strict=True)),
        mistake=mistake,
    )


def _status_of(mistake: CamtrustError) -> int:
    if isinstance(mistake, TooMany):
        return 429
    return 403 if isinstance(mistake, Forbidden) else 400


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
