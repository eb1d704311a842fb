"""A subscriber's passkeys, sessions and past sign-ins: seen, named, removed, ended."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Flask, Response, current_app, redirect, render_template, request, url_for

from core.web.access_control import current_principal, requires
from core.web.bodies import JSON
from core.web.forms import takes_form
from core.web.limits import limited
from core.web.problems import show_problems_as_pages
from core.web.session_cookie import close_session
from enrollment.passkeys.credentials import read_new_credential
from enrollment.passkeys.errors import PasskeyUnknown
from enrollment.passkeys.passkey import Passkey
from enrollment.permissions import SECURE_ACCOUNT
from enrollment.sign_in.events import METHODS, OUTCOMES
from enrollment.sign_in.routes import ATTEMPTS, SignInDesk, desk_of, for_templates, refusal_page

PREFIX = "/my/security"
security_pages = APIBlueprint("security", __name__, url_prefix=PREFIX, enable_openapi=False)
security_pages.context_processor(for_templates)


def mount_security(app: Flask) -> None:
    """Serve the pages from ``app``, after the sign-in pages."""
    app.register_blueprint(security_pages)
    show_problems_as_pages(app, PREFIX, refusal_page)


@security_pages.get("")
@requires(SECURE_ACCOUNT)
def page() -> str:
    """Show passkeys, open sessions and past sign-ins."""
    me = current_principal().id
    return render_template(
        "sign_in/security.html",
        passkeys=_desk().passkeys.of(me),
        sessions=_desk().sessions.all_of(me),
        events=_desk().events.of(me),
        methods=METHODS,
        outcomes=OUTCOMES,
        done=request.args.get("done"),
    )


@security_pages.post("/passkeys/question")
@requires(SECURE_ACCOUNT)
@limited(ATTEMPTS)
@takes_form
def ask() -> Response:
    """Hand out what a new passkey is asked."""
    me = current_principal().id
    # What the authenticator lists it under: of the person, no more than a mark to tell apart.
    options = _desk().questions.to_register(me, f"camtrust {me[-6:]}", _desk().passkeys.of(me))
    return Response(options, content_type=JSON)


@security_pages.post("/passkeys")
@requires(SECURE_ACCOUNT)
@takes_form
def register() -> Any:
    """Keep a new passkey."""
    credential = read_new_credential(request.form.get("credential", ""))
    _desk().passkeys.register(current_principal().id, request.form.get("name", ""), credential)
    return _to_page("registered")


@security_pages.get("/passkeys/<passkey_id>")
@requires(SECURE_ACCOUNT)
def show(passkey_id: str) -> str:
    """Show one passkey, to name or to remove it."""
    me = current_principal().id
    found = _find(passkey_id)
    return render_template(
        "sign_in/passkey.html", one=found, is_last=len(_desk().passkeys.of(me)) == 1
    )


@security_pages.post("/passkeys/<passkey_id>/name")
@requires(SECURE_ACCOUNT)
@takes_form
def rename(passkey_id: str) -> Any:
    """Give a passkey another name."""
    _desk().passkeys.rename(current_principal().id, passkey_id, request.form.get("name", ""))
    return _to_page("renamed")


@security_pages.post("/passkeys/<passkey_id>/removal")
@requires(SECURE_ACCOUNT)
@takes_form
def remove(passkey_id: str) -> Any:
    """Remove a passkey; the page before it warned where it is the last."""
    _desk().passkeys.remove(current_principal().id, passkey_id)
    return _to_page("removed")


@security_pages.post("/sessions/end")
@requires(SECURE_ACCOUNT)
@takes_form
def end_all() -> Any:
    """End all sessions of the subscriber, this one too."""
    _desk().sessions.close_all(current_principal().id)
    response = current_app.make_response(redirect(url_for("sign_in.page"), 303))
    close_session(response)
    return response


def _desk() -> SignInDesk:
    return desk_of(current_app)


def _find(passkey_id: str) -> Passkey:
    for one in _desk().passkeys.of(current_principal().id):
        if one.id == passkey_id:
            return one
    raise PasskeyUnknown("There is no passkey of this id that is yours.")


def _to_page(done: str) -> Any:
    return redirect(url_for("security.page", done=done), 303)
