"""``/office/clients``: officers register programs and look after them, as the API does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, current_app, redirect, render_template, request, url_for

from core.access import Permission
from core.web.access_control import current_principal, requires
from core.web.cursors import cursor_after, row_id_of
from core.web.forms import takes_form
from core.web.step_up import steps_up
from enrollment.application import Verdict
from enrollment.clients.client import ApiClient, AuthMethod, ClientDetails
from enrollment.clients.clients import Clients
from enrollment.clients.errors import ClientKeyRefused, ClientKeyTaken, ClientRefused
from enrollment.clients.keys import read_keys_in_text
from enrollment.institutions.errors import InstitutionNotActive, InstitutionUnknown
from enrollment.jurisdiction import Jurisdiction
from enrollment.office.clients import labels
from enrollment.office.routes import PAGE_SIZE, page_context
from enrollment.office.typed import act_named, is_reason, words
from enrollment.officers import OfficerState
from enrollment.permissions import READ_CLIENTS, REGISTER_CLIENT
from enrollment.webhooks.webhooks import Webhooks

TEXTS = Path(__file__).parent / "locale"
client_pages = APIBlueprint(
    "client_pages",
    __name__,
    url_prefix="/office/clients",
    template_folder="templates",
    enable_openapi=False,
)
_KEY = "camtrust_client_pages"
# What a clerk can mend in the form; everything else is a page of its own.
MISTAKES = (
    ClientRefused,
    ClientKeyRefused,
    ClientKeyTaken,
    InstitutionUnknown,
    InstitutionNotActive,
)


def mount_client_pages(
    app: Flask, clients: Callable[[], Clients], webhooks: Callable[[], Webhooks]
) -> None:
    """Serve the pages from ``app``; what they work with is asked at each request."""
    app.extensions[_KEY] = (clients, webhooks)
    app.register_blueprint(client_pages)


@client_pages.context_processor
def for_templates() -> dict[str, Any]:
    """Give the templates who reads them, and the words of clients."""
    return page_context() | {"client_labels": labels}


@client_pages.get("")
@requires(READ_CLIENTS)
def all_clients() -> str:
    """Show the programs, newest first."""
    cursor = request.args.get("after")
    found = _clients().page(
        _within(), limit=PAGE_SIZE + 1, after=None if cursor is None else row_id_of(cursor)
    )
    shown = found[:PAGE_SIZE]
    following = cursor_after(shown[-1].id) if len(found) > len(shown) else None
    return render_template("clients/list.html", found=shown, following=following)


@client_pages.get("/new")
@requires(REGISTER_CLIENT)
def new_client() -> str:
    """Show the form by which a program is registered."""
    return _form({}, None)


@client_pages.post("/new")
@requires(REGISTER_CLIENT)
@takes_form
@steps_up
def register_client() -> Any:
    """Register a program."""
    by, form = current_principal(), request.form
    method = form.get("auth_method", "")
    if method not in set(AuthMethod):
        method = AuthMethod.PRIVATE_KEY_JWT
    details = ClientDetails(
        name=form.get("name", "").strip(),
        institution=form.get("institution", "").strip() or by.institution,
        auth_method=AuthMethod(method),
        scopes=tuple(map(Permission, form.getlist("scopes"))),
    )
    pasted = form.get("jwks", "").strip()
    try:
        keys = read_keys_in_text(pasted) if pasted else []
        client = _clients().register(details, keys, by=by, client_id=act_named(form.get("act", "")))
    except MISTAKES as mistake:
        return _form(form, mistake.detail), 422
    return _to(client.id)


@client_pages.get("/<client_id>")
@requires(READ_CLIENTS)
def one_client(client_id: str) -> str:
    """Show a program with its keys and its webhooks."""
    return _page(_clients().find(client_id, _within()))


@client_pages.post("/<client_id>/decision")
@requires(REGISTER_CLIENT)
@takes_form
@steps_up
def decide_client(client_id: str) -> Any:
    """Approve or refuse another officer's registration."""
    if request.form.get("verdict") == "approved":
        _clients().decide(client_id, Verdict.APPROVED, by=current_principal())
        return _to(client_id)
    reason = words(request.form.get("reason", ""))
    if not is_reason(reason):
        return _page(_clients().find(client_id, _within()), mistaken="reason"), 422
    _clients().decide(client_id, Verdict.REFUSED, by=current_principal(), reason=reason)
    return _to(client_id)


@client_pages.post("/<client_id>/keys")
@requires(REGISTER_CLIENT)
@takes_form
@steps_up
def add_client_key(client_id: str) -> Any:
    """Add a public key."""
    found = _clients().find(client_id, _within())
    try:
        for key in read_keys_in_text(request.form.get("jwks", "").strip()):
            _clients().add_key(client_id, key, by=current_principal())
    except MISTAKES as mistake:
        return _page(found, mistaken="jwks", why=mistake.detail), 422
    return _to(client_id)


@client_pages.post("/<client_id>/keys/<thumbprint>/end")
@requires(REGISTER_CLIENT)
@takes_form
@steps_up
def end_client_key(client_id: str, thumbprint: str) -> Any:
    """Take a key out of use for ever."""
    _clients().end_key(client_id, thumbprint, by=current_principal())
    return _to(client_id)


@client_pages.post("/<client_id>/standing")
@requires(REGISTER_CLIENT)
@takes_form
@steps_up
def change_client(client_id: str) -> Any:
    """Suspend, reinstate or close a program."""
    wanted = request.form.get("standing", "")
    if wanted in set(OfficerState):
        _clients().change_standing(client_id, OfficerState(wanted), by=current_principal())
    return _to(client_id)


def _clients() -> Clients:
    clients: Callable[[], Clients] = current_app.extensions[_KEY][0]
    return clients()


def _within() -> Jurisdiction:
    return Jurisdiction.of(current_principal())


def _form(typed: Any, mistake: str | None) -> str:
    return render_template(
        "clients/new.html",
        typed=typed,
        chosen=typed.getlist("scopes") if typed else (),
        mistake=mistake,
        grantable=sorted(_clients().grantable),
        institution=current_principal().institution,
    )


def _page(client: ApiClient, **values: Any) -> str:
    webhooks: Callable[[], Webhooks] = current_app.extensions[_KEY][1]
    hooks = webhooks().all_of(client=client.id, limit=10)
    return render_template(
        "clients/client.html",
        one=client,
        hooks=[(hook, webhooks().deliveries(hook.id, limit=5)) for hook in hooks],
        **values,
    )


def _to(client_id: str) -> Any:
    # 303: a page that is loaded again sends no form again. RFC 9110, Section 15.4.4.
    return redirect(url_for("client_pages.one_client", client_id=client_id), 303)
