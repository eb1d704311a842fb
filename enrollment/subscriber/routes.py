"""``/my/``: a person's own pages, from the list to a collected certificate."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from apiflask import APIBlueprint
from flask import Flask, Response, current_app, g, redirect, render_template, request, url_for

from core.access import Permission, Principal, SignInRequired
from core.errors import CamtrustError, Malformed
from core.web.access_control import current_principal, requires
from core.web.forms import takes_form
from core.web.languages import Language, language
from core.web.problems import show_problems_as_pages
from core.web.session_cookie import session_token
from enrollment.holding.held import HolderAct
from enrollment.office.sheet import facts_of
from enrollment.office.typed import is_reason, words
from enrollment.permissions import APPLY
from enrollment.sign_in.routes import refusal_page as sign_in_refusal
from enrollment.sign_in.routes import sign_in_pages
from enrollment.subscriber import labels
from enrollment.subscriber.personal import PersonalPages
from enrollment.wire_certificates import DER_TYPE, PEM_CHAIN_TYPE, in_type

_ROOMS = ("subscriber", "holding", "objections")
TEXTS = [Path(__file__).parents[1] / room / "locale" for room in _ROOMS]
PREFIX = "/my"
LAYOUT = "my/layout.html"
MOST_BUNDLES = 20
my = APIBlueprint(
    "my", __name__, url_prefix=PREFIX, template_folder="templates", enable_openapi=False
)
_KEY = "camtrust_personal"
_OFFERED = "camtrust_offered_pages"
_FILES = {
    "pem": (PEM_CHAIN_TYPE, "pem"),
    "cer": (DER_TYPE, "cer"),
    "tlog-proof": ("text/plain; charset=utf-8", "tlog-proof"),
}


def mount_subscriber(app: Flask, personal: PersonalPages) -> None:
    """Serve a person's pages from ``app``."""
    app.extensions[_KEY] = personal
    # Every room's pages in this layout have them, not those of this blueprint alone.
    app.jinja_env.globals["offered_pages"] = app.extensions.setdefault(_OFFERED, [])
    app.register_blueprint(my)
    show_problems_as_pages(app, f"{PREFIX}/", refusal_page)


def offer_page(app: Flask, endpoint: str, title: str) -> None:
    """Let people's own pages lead to a page of another room; ``title`` is translated there."""
    app.extensions.setdefault(_OFFERED, []).append((endpoint, title))


def pages() -> PersonalPages:
    """Return what the pages work with."""
    personal: PersonalPages = current_app.extensions[_KEY]
    return personal


def mistake(field: str, error: CamtrustError) -> list[tuple[str, str, str | None]]:
    """Return what a page shows of a mistake that its reader can put right."""
    return [(field, error.detail, error.kept)]


def refusal_page(error: CamtrustError, status: int) -> str:
    """Show a refusal as a page of a person; who is not signed in is led to where they can."""
    # Nobody signs in so at the officers' listener, which has no such page.
    if isinstance(error, SignInRequired) and sign_in_pages.name in current_app.blueprints:
        return sign_in_refusal(error, status)
    return render_template(
        "my/refusal.html", layout=LAYOUT, error=error, status=status, **personal_context()
    )


def institution_name(institution_id: str) -> str:
    """Return what an institution is called in the language of the page."""
    found = pages().institution(institution_id)
    if found is None:
        return institution_id
    return found.name_km if language() is Language.KHMER else found.name_latin


def title_of(profile: str) -> str:
    """Return what a certificate is for, as a person chose it; its title where that is not said."""
    return labels.PURPOSES.get(profile) or pages().profiles.title_of(profile)


def on_shared_computer() -> bool:
    """Tell whether whoever asks said that others use this computer too."""
    token = session_token(request.environ)
    session = None if token is None else pages().sessions.find(token)
    return session is not None and session.shared_computer


@my.context_processor
def personal_context() -> dict[str, Any]:
    """Give the templates who reads them, and the words that they need."""
    who: Principal | None = g.get("principal")
    personal = pages()

    def may(permission: str) -> bool:
        return who is not None and personal.access.is_allowed(who.role, Permission(permission))

    return {
        "home": url_for("my.overview"),
        # After a form was sent, its own path may answer to POST alone.
        "back_here": request.full_path if request.method == "GET" else url_for("my.overview"),
        "labels": labels,
        "may": may,
        "name_of": institution_name,
        "shared_computer": on_shared_computer(),
        "title_of": title_of,
        "objection_days": personal.rules.objection.within_days,
        "decision_days": personal.rules.decision.within_days,
        "who": who,
    }


@my.get("/")
@requires(APPLY)
def overview() -> str:
    """Show what a person holds, applied for, and began."""
    person = current_principal().id
    held = pages().holdings.of(person)
    return render_template(
        "my/overview.html",
        draft=pages().drafts.find(person),
        bundles=pages().bundles.of(person, limit=MOST_BUNDLES),
        held=held,
        renewable=[one for one in held if HolderAct.RENEW in one.may],
        discarded=request.args.get("done") == "discarded",
    )


@my.get("/bundles/<bundle_id>")
@requires(APPLY)
def bundle(bundle_id: str) -> str:
    """Show how an application stands."""
    found = pages().bundles.find(bundle_id, person=current_principal().id)
    return render_template("my/bundle.html", one=found, done_now=request.args.get("done"))


@my.get("/bundles/<bundle_id>/<application_id>")
@requires(APPLY)
def collect(bundle_id: str, application_id: str) -> str:
    """Hand a certificate out."""
    return _collect_page(bundle_id, application_id)


@my.post("/bundles/<bundle_id>/<application_id>/code")
@requires(APPLY)
@takes_form
def show_code(bundle_id: str, application_id: str) -> str:
    """Make the revocation code and show it once; a lost one is replaced."""
    found = pages().bundles.find(bundle_id, person=current_principal().id)
    one = found.application(application_id)
    code = pages().collecting.revocation_code(one, anew=request.form.get("again") == "yes")
    return _collect_page(bundle_id, application_id, code=code)


@my.post("/bundles/<bundle_id>/<application_id>/answer")
@requires(APPLY)
@takes_form
def answer(bundle_id: str, application_id: str) -> Any:
    """Answer an officer's question; what the list says by now goes with it."""
    person = current_principal().id
    found = pages().bundles.find(bundle_id, person=person)
    text = words(request.form.get("answer", ""))
    if not is_reason(text):
        error = Malformed("Write an answer in at most 2000 characters.")
        mistaken = mistake(f"answer-{application_id}", error)
        return render_template("my/bundle.html", one=found, mistaken=mistaken), 422
    pages().bundles.answer(found.application(application_id), text)
    return to_page("my.bundle", bundle_id=bundle_id, done="answered")


@my.get("/bundles/<bundle_id>/<application_id>/<any(pem, cer, 'tlog-proof'):kind>")
@requires(APPLY)
def certificate_file(bundle_id: str, application_id: str, kind: str) -> Response:
    """Hand a file out: the certificate with its issuers, alone, or its log proof."""
    found = pages().bundles.find(bundle_id, person=current_principal().id)
    delivered = pages().delivery.certificate_of(found.application(application_id))
    content_type, suffix = _FILES[kind]
    body = delivered.proof if kind == "tlog-proof" else in_type(delivered, content_type)
    name = f"{delivered.serial_number:x}.{suffix}"
    return Response(
        body,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def to_page(endpoint: str, **values: str) -> Any:
    """Lead to a page after a form; loaded again it sends no form again. RFC 9110, 15.4.4."""
    return redirect(url_for(endpoint, **cast(dict[str, Any], values)), 303)


def _collect_page(bundle_id: str, application_id: str, *, code: str | None = None) -> str:
    found = pages().bundles.find(bundle_id, person=current_principal().id)
    one = found.application(application_id)
    delivered = pages().delivery.certificate_of(one)
    return render_template(
        "my/collect.html",
        bundle=found.bundle,
        one=one,
        delivered=delivered,
        facts=facts_of(one.facts),
        code=code,
        code_made=code is not None or pages().collecting.has_code(one),
        chain_pem=in_type(delivered, PEM_CHAIN_TYPE).decode("ascii"),
        chosen=found.bundle.certificate(one.profile),
        revoke_address=url_for("revoking.ask", _external=True),
    )
