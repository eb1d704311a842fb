"""``/revoke``: for a holder who cannot sign in. The code stands in bodies, never in a URL."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Flask, render_template, request

from ca.revocation.reasons import RevocationReason
from ca.revocation.standing import RevocationRecord
from core.errors import CamtrustError, Malformed, NotFound
from core.web.access_control import public
from core.web.forms import takes_form
from core.web.limits import limited
from core.web.problems import show_problems_as_pages
from enrollment.holding.held import HOLDERS_REASONS
from enrollment.revocation_codes.codes import TRIES
from enrollment.subscriber.routes import mistake, pages, personal_context, refusal_page

PATH = "/revoke"
revoking = APIBlueprint("revoking", __name__, url_prefix=PATH, enable_openapi=False)
revoking.context_processor(personal_context)


def mount_revoking(app: Flask) -> None:
    """Serve the pages from ``app``."""
    app.register_blueprint(revoking)
    show_problems_as_pages(app, PATH, refusal_page)


@revoking.get("")
@public
def ask() -> str:
    """Ask for the code; opening the page changes nothing."""
    return render_template("holding/revoke.html", mistaken=None)


@revoking.post("")
@public
@limited(TRIES)
@takes_form
def look_up() -> Any:
    """Show which certificate the code is of. Nothing is changed yet."""
    return _with_code(lambda code: _choice_page(code))


@revoking.post("/suspension")
@public
@limited(TRIES)
@takes_form
def suspend() -> Any:
    """Suspend the certificate of the code."""
    return _with_code(lambda code: _done_page(pages().holdings.suspend_by_code(code)))


@revoking.post("/revocation")
@public
@limited(TRIES)
@takes_form
def revoke() -> Any:
    """Revoke the certificate of the code."""
    reason = request.form.get("reason", "")
    if reason not in HOLDERS_REASONS:
        error = Malformed("Choose why the certificate is revoked.", kept="Nothing was changed yet.")
        return _with_code(lambda code: (_choice_page(code, mistake("reason", error)), 422))
    return _with_code(
        lambda code: _done_page(pages().holdings.revoke_by_code(code, RevocationReason(reason)))
    )


def _with_code(then: Any) -> Any:
    try:
        return then(request.form.get("code", ""))
    except (Malformed, NotFound) as error:
        return _ask_again(error), 422


def _ask_again(error: CamtrustError) -> str:
    return render_template("holding/revoke.html", mistaken=mistake("code", error))


def _choice_page(code: str, mistaken: Any = None) -> str:
    return render_template(
        "holding/revoke_choice.html",
        one=pages().holdings.of_code(code),
        code=code,
        reasons=HOLDERS_REASONS,
        mistaken=mistaken,
    )


def _done_page(record: RevocationRecord) -> str:
    return render_template("holding/revoke_done.html", standing=record.standing)
