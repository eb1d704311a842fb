"""``/my/certificates``: what a person holds, and what they do with it."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Flask, render_template, request

from ca.revocation.reasons import RevocationReason
from core.errors import CamtrustError, Conflict, Malformed, NotFound
from core.web.access_control import current_principal, requires
from core.web.forms import takes_form
from core.web.limits import limited
from enrollment.holding.held import HOLDERS_REASONS
from enrollment.permissions import APPLY, HOLD
from enrollment.revocation_codes.codes import TRIES
from enrollment.subscriber.bundle import BundleKind
from enrollment.subscriber.routes import PREFIX, mistake, pages, personal_context, to_page

holding = APIBlueprint(
    "holding",
    __name__,
    url_prefix=f"{PREFIX}/certificates",
    template_folder="templates",
    enable_openapi=False,
)
holding.context_processor(personal_context)


def mount_holding(app: Flask) -> None:
    """Serve the pages of what a person holds from ``app``."""
    app.register_blueprint(holding)


@holding.get("")
@requires(HOLD)
def certificates() -> str:
    """Show a person's certificates with their standing."""
    found = pages().holdings.of(current_principal().id)
    return render_template("holding/certificates.html", held=found)


@holding.get("/<application_id>")
@requires(HOLD)
def certificate(application_id: str) -> str:
    """Show one certificate and what may be done with it."""
    return _page(application_id, finished=request.args.get("done"))


@holding.post("/<application_id>/suspension")
@requires(HOLD)
@takes_form
def suspend(application_id: str) -> Any:
    """Suspend a certificate."""
    pages().holdings.suspend(current_principal().id, application_id)
    return _to(application_id, "suspended")


@holding.post("/<application_id>/release")
@requires(HOLD)
@limited(TRIES)
@takes_form
def release(application_id: str) -> Any:
    """Take the holder's own suspension back, with the revocation code."""
    code = request.form.get("code", "")
    try:
        pages().holdings.release(current_principal().id, application_id, code)
    except (Malformed, NotFound, Conflict) as error:
        return _page(application_id, mistaken=mistake("code", error)), 422
    return _to(application_id, "released")


@holding.post("/<application_id>/revocation")
@requires(HOLD)
@takes_form
def revoke(application_id: str) -> Any:
    """Revoke a certificate for ever."""
    reason = request.form.get("reason", "")
    if reason not in HOLDERS_REASONS:
        error: CamtrustError = Malformed(
            "Choose why the certificate is revoked.", kept="Nothing was changed yet."
        )
        return _page(application_id, mistaken=mistake("reason", error)), 422
    pages().holdings.revoke(current_principal().id, application_id, RevocationReason(reason))
    return _to(application_id, "revoked")


@holding.post("/<application_id>/renewal")
@requires(APPLY)
@takes_form
def renew(application_id: str) -> Any:
    """Renew a certificate: straight away, or at the first step that needs the person."""
    return _replace(application_id, BundleKind.RENEWAL)


@holding.post("/<application_id>/re-key")
@requires(APPLY)
@takes_form
def re_key(application_id: str) -> Any:
    """Apply for the same kind of certificate with a new key."""
    return _replace(application_id, BundleKind.RE_KEY)


def _replace(application_id: str, kind: BundleKind) -> Any:
    bundle = pages().renewals.begin(current_principal().id, application_id, kind)
    if bundle.is_draft:
        return to_page("steps.go_on")
    return to_page("my.bundle", bundle_id=bundle.id, done="sent")


def _page(application_id: str, **values: Any) -> str:
    person = current_principal().id
    return render_template(
        "holding/certificate.html",
        one=pages().holdings.find(person, application_id),
        bundle_id=pages().bundles.of_application(application_id),
        reasons=HOLDERS_REASONS,
        **{"mistaken": None, "finished": None, **values},
    )


def _to(application_id: str, done: str) -> Any:
    return to_page("holding.certificate", application_id=application_id, done=done)
