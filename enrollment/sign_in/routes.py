"""``/sign-in``: the page with the three ways, and where each comes back. The public host's."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, Response, current_app, redirect, render_template, request, url_for

from core.access import SignInRequired
from core.errors import CamtrustError
from core.web.access_control import public
from core.web.bodies import JSON
from core.web.forms import COOKIE as FORM_COOKIE
from core.web.forms import takes_form
from core.web.languages import own_path
from core.web.limits import limited
from core.web.problems import show_problems_as_pages
from core.web.security_headers import send_forms_to
from core.web.session_cookie import COOKIE as SESSION_COOKIE
from core.web.session_cookie import close_session, open_session
from enrollment.passkeys.credentials import read_answer
from enrollment.passkeys.passkeys import Passkeys
from enrollment.passkeys.questions import Questions
from enrollment.sessions.sessions import Sessions, SignInMethod
from enrollment.sign_in.errors import ScriptNeeded
from enrollment.sign_in.events import SignInEvents
from enrollment.sign_in.handovers import Handovers
from enrollment.sign_in.openid.errors import ProviderAnswerRefused, ProviderNotConfigured
from enrollment.sign_in.openid.flows import OpenIdFlows
from enrollment.sign_in.ways import Ways

TEXTS = Path(__file__).parent / "locale"
PREFIX = "/sign-in"
# Where somebody who asked for no page in particular begins.
FIRST_PAGE = "/my/"
# Attempts of one address; many people may share it.
ATTEMPTS = "60 per minute"
# Set before a browser leaves for another host, and compared when it comes back. Lax: it comes
# back by a redirect of that host.
LEAVING_COOKIE = "__Host-leaving"
LONGEST_BACK = 400
sign_in_pages = APIBlueprint(
    "sign_in", __name__, url_prefix=PREFIX, template_folder="templates", enable_openapi=False
)
_KEY = "camtrust_sign_in"


@dataclass(frozen=True)
class SignInDesk:
    """What the pages work with. ``openid`` is None where no provider is configured.

    ``officers_url`` is None where certificates are not offered.
    """

    ways: Ways
    sessions: Sessions
    events: SignInEvents
    passkeys: Passkeys
    questions: Questions
    handovers: Handovers
    openid: OpenIdFlows | None
    openid_name: str
    openid_origin: str
    officers_url: str | None


def mount_sign_in(app: Flask, desk: SignInDesk) -> None:
    """Serve the sign-in pages from ``app``."""
    app.extensions[_KEY] = desk
    app.register_blueprint(sign_in_pages)
    show_problems_as_pages(app, PREFIX, refusal_page)


def desk_of(app: Flask) -> SignInDesk:
    """Return what the pages of ``app`` work with."""
    desk: SignInDesk = app.extensions[_KEY]
    return desk


@sign_in_pages.context_processor
def for_templates() -> dict[str, Any]:
    """Give the templates where their pages begin."""
    return {
        "home": FIRST_PAGE,
        # After a form was sent, its own path may answer to POST alone.
        "back_here": request.full_path if request.method == "GET" else url_for("sign_in.page"),
    }


@sign_in_pages.get("")
@public
def page() -> str:
    """Show the three ways to sign in."""
    desk = _desk()
    send_forms_to(*filter(None, (desk.openid_origin, desk.officers_url)))
    return render_template("sign_in/page.html", back=_own(request.args.get("next", "")), desk=desk)


@sign_in_pages.post("/passkey/question")
@public
@limited(ATTEMPTS)
@takes_form
def ask_passkey() -> Response:
    """Hand out what the browser's passkeys are asked."""
    return Response(_desk().ways.passkey_question(_browser()), content_type=JSON)


@sign_in_pages.post("/passkey")
@public
@limited(ATTEMPTS)
@takes_form
def by_passkey() -> Any:
    """Sign in with a passkey's answer."""
    sent = request.form.get("assertion", "")
    if not sent:
        raise ScriptNeeded("Take another browser, or another way to sign in.")
    token = _desk().ways.by_passkey(
        read_answer(sent), browser=_browser(), shared_computer=_is_shared()
    )
    return _signed_in(token, _back())


@sign_in_pages.post("/openid")
@public
@limited(ATTEMPTS)
@takes_form
def to_provider() -> Any:
    """Send the browser to the OpenID provider."""
    leaving = secrets.token_urlsafe(32)
    url = _openid().begin(browser=leaving, shared_computer=_is_shared(), back=_back())
    return _leave(url, leaving)


@sign_in_pages.get("/openid/answer")
@public
@limited(ATTEMPTS)
def from_provider() -> Any:
    """Take the browser back from the provider."""
    answer = request.args.to_dict()
    # RFC 6749, Section 3.1: no parameter comes twice.
    if len(answer) != len(list(request.args.items(multi=True))):
        raise ProviderAnswerRefused("Its answer says one thing twice. Begin again.")
    who = _openid().complete(answer, browser=request.cookies.get(LEAVING_COOKIE, ""))
    token = _desk().ways.by_identifier(
        who.kind,
        who.country,
        who.number,
        method=SignInMethod.OIDC,
        shared_computer=who.shared_computer,
    )
    return _arrived(token, who.back)


@sign_in_pages.post("/certificate")
@public
@limited(ATTEMPTS)
@takes_form
def to_certificate() -> Any:
    """Send the browser to the host where it can present a certificate."""
    desk = _desk()
    if desk.officers_url is None:
        raise ProviderNotConfigured("Certificates are not taken here.")
    leaving = secrets.token_urlsafe(32)
    handover = desk.handovers.begin(browser=leaving, shared_computer=_is_shared(), back=_back())
    return _leave(f"{desk.officers_url}/certificate-sign-in?handover={handover}", leaving)


@sign_in_pages.get("/certificate/answer")
@public
@limited(ATTEMPTS)
def from_certificate() -> Any:
    """Take the browser back with the code of the officers' host."""
    desk = _desk()
    who = desk.handovers.finish(
        request.args.get("code", ""), browser=request.cookies.get(LEAVING_COOKIE, "")
    )
    token = desk.ways.by_handover(who.principal, shared_computer=who.shared_computer)
    return _arrived(token, who.back)


@sign_in_pages.post("/out")
@public
@takes_form
def sign_out() -> Any:
    """End this browser's session."""
    _desk().sessions.close(request.cookies.get(SESSION_COOKIE, ""))
    response = current_app.make_response(redirect(url_for("sign_in.page"), 303))
    close_session(response)
    return response


def refusal_page(error: CamtrustError, status: int) -> str:
    """Return the page of a refusal; who is not signed in is led to where they can."""
    if isinstance(error, SignInRequired):
        back = request.full_path.rstrip("?") if request.method == "GET" else ""
        return render_template("sign_in/required.html", back=back, **for_templates())
    return render_template(
        "refusal_page.html",
        layout="sign_in/layout.html",
        error=error,
        status=status,
        **for_templates() | {"home": url_for("sign_in.page")},
    )


def _desk() -> SignInDesk:
    return desk_of(current_app)


def _openid() -> OpenIdFlows:
    flows = _desk().openid
    if flows is None:
        raise ProviderNotConfigured("No provider is configured here.")
    return flows


def _browser() -> str:
    return request.cookies.get(FORM_COOKIE, "")


def _is_shared() -> bool:
    return request.form.get("shared_computer") == "yes"


def _back() -> str:
    return _own(request.form.get("back", ""))


def _own(path: str) -> str:
    own = own_path(path)
    return FIRST_PAGE if own == "/" or len(own) > LONGEST_BACK else own


def _leave(url: str, leaving: str) -> Any:
    response = redirect(url, 303)
    response.set_cookie(LEAVING_COOKIE, leaving, secure=True, httponly=True, samesite="Lax")
    return response


def _arrived(token: str, back: str) -> Any:
    response = _signed_in(token, back)
    response.delete_cookie(LEAVING_COOKIE, secure=True, httponly=True, samesite="Lax")
    return response


def _signed_in(token: str, back: str) -> Any:
    # A session that was open before ends: nobody's token outlives a sign-in over it.
    if before := request.cookies.get(SESSION_COOKIE):
        _desk().sessions.close(before)
    response = current_app.make_response(redirect(back, 303))
    open_session(response, token)
    return response
