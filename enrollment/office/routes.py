"""``/office/``: the officers' pages. What they change, they change as the API does."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, Response, current_app, g, redirect, render_template, request, url_for
from pydantic import ValidationError

from ca.revocation.reasons import RevocationReason
from core.access import Permission, Principal
from core.digits import ascii_digits
from core.errors import CamtrustError, Malformed
from core.web.access_control import current_principal, requires
from core.web.cursors import cursor_after, row_id_of
from core.web.forms import takes_form
from core.web.problems import show_problems_as_pages
from enrollment.application import Application, ApplicationState, Decision, Verdict
from enrollment.decisions import DecisionToMake
from enrollment.grants.grant import Grant
from enrollment.messages import HOLDER_PATTERN, RefusalMessage
from enrollment.office import labels
from enrollment.office.registration import Office
from enrollment.office.sheet import facts_of, make_sheet
from enrollment.permissions import DECIDE, READ, READ_GRANTS, REVOKE, WITHDRAW_GRANT
from enrollment.wire_certificates import PEM_CHAIN_TYPE, in_type

TEXTS = Path(__file__).parent / "locale"
PREFIX = "/office"
PAGE_SIZE = 25
LAYOUT = "office/layout.html"
office = APIBlueprint(
    "office", __name__, url_prefix=PREFIX, template_folder="templates", enable_openapi=False
)
_KEY = "camtrust_office"
_ACT = re.compile(r"[0-9a-f]{32}")
_SERIAL_NUMBER = re.compile(r"[0-9a-fA-F]{1,40}")


class ActMalformed(Malformed):
    """A form of the officers' pages lost the name of what it asks for."""

    problem = "act-malformed"
    title = "This form cannot be read"


def mount_office(app: Flask, registration: Office) -> None:
    """Serve the officers' pages from ``app``."""
    app.extensions[_KEY] = registration
    app.register_blueprint(office)
    show_problems_as_pages(app, f"{PREFIX}/", _refusal_page)


@office.context_processor
def for_templates() -> dict[str, Any]:
    """Give the templates who reads them, and what they may."""
    return _common()


@office.get("/")
@requires(READ)
def queue() -> str:
    """Show what waits for this very officer, oldest first."""
    found = _office().applications.waiting_for(
        current_principal().id, limit=PAGE_SIZE + 1, after=_after()
    )
    return _list_page("office/queue.html", found)


@office.get("/applications")
@requires(READ)
def all_applications() -> str:
    """Show all applications, newest first, filtered by state and kind."""
    state, profile = request.args.get("state", ""), request.args.get("profile", "")
    found = _office().applications.page(
        limit=PAGE_SIZE + 1,
        after=_after(),
        states=[ApplicationState(state)] if state in set(ApplicationState) else (),
        profile=profile or None,
    )
    return _list_page("office/applications.html", found, state=state, profile=profile)


@office.get("/search")
@requires(READ)
def ask() -> str:
    """Show the form of the search."""
    return render_template("office/search.html", wanted="", found=None, mistaken=False)


@office.post("/search")
@requires(READ)
@takes_form
def search() -> str:
    """Search by holder or serial number: both stay out of URLs, which end up in logs."""
    # Khmer digits first: what is typed and what is stored have to be the same octets.
    wanted = ascii_digits(request.form.get("wanted", "").strip())
    found: Any = None
    if re.fullmatch(HOLDER_PATTERN, wanted):
        found = _office().applications.page(limit=PAGE_SIZE, holder=wanted)
    elif _SERIAL_NUMBER.fullmatch(wanted):
        found = _office().applications.page(limit=PAGE_SIZE, serial_number=int(wanted, 16))
    return render_template("office/search.html", wanted=wanted, found=found, mistaken=found is None)


@office.get("/applications/<application_id>")
@requires(READ)
def application(application_id: str) -> str:
    """Show an application with what speaks for and against it."""
    return _application_page(_find(application_id))


@office.post("/applications/<application_id>/approval")
@requires(DECIDE)
@takes_form
def approve(application_id: str) -> Any:
    """Approve an application."""
    return _decide(application_id, Verdict.APPROVED, None)


@office.post("/applications/<application_id>/refusal")
@requires(DECIDE)
@takes_form
def refuse(application_id: str) -> Any:
    """Refuse an application, with the reason."""
    reason = _typed_reason()
    if not _is_reason(reason):
        page = _application_page(_find(application_id), mistaken="reason", reason=reason)
        return page, 422
    return _decide(application_id, Verdict.REFUSED, reason)


@office.post("/applications/<application_id>/revocation")
@requires(REVOKE)
@takes_form
def revoke(application_id: str) -> Any:
    """Revoke the certificate of an application."""
    found = _find(application_id)
    reason = request.form.get("revocation_reason", "")
    if reason not in labels.REASONS:
        return _application_page(found, mistaken="revocation_reason"), 422
    delivered = _office().delivery.certificate_of(found)
    _office().revocation.revoke(
        serial_number=delivered.serial_number,
        authority=delivered.authority,
        reason=RevocationReason(reason),
    )
    return _to_application(application_id, "revoked")


@office.get("/applications/<application_id>/certificate.pem")
@requires(READ)
def certificate(application_id: str) -> Response:
    """Hand out the certificate and its issuers."""
    delivered = _office().delivery.certificate_of(_find(application_id))
    return Response(
        in_type(delivered, PEM_CHAIN_TYPE),
        content_type=PEM_CHAIN_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{delivered.serial_number:x}.pem"'},
    )


@office.get("/grants")
@requires(READ_GRANTS)
def all_grants() -> str:
    """Show the grants by which machines enrol, newest first."""
    found = _office().grants.grants.page(limit=PAGE_SIZE + 1, after=_after())
    return _list_page("office/grants.html", found)


@office.get("/grants/<grant_id>")
@requires(READ_GRANTS)
def grant(grant_id: str) -> str:
    """Show a grant with what it allows."""
    return _grant_page(_office().grants.grants.find(grant_id))


@office.post("/grants/<grant_id>/approval")
@requires(DECIDE)
@takes_form
def approve_grant(grant_id: str) -> Any:
    """Approve a grant."""
    _office().grants.grants.decide(grant_id, _decision(Verdict.APPROVED, None))
    return _to_grant(grant_id)


@office.post("/grants/<grant_id>/refusal")
@requires(DECIDE)
@takes_form
def refuse_grant(grant_id: str) -> Any:
    """Refuse a grant, with the reason."""
    reason = _typed_reason()
    if not _is_reason(reason):
        found = _office().grants.grants.find(grant_id)
        return _grant_page(found, mistaken="reason", reason=reason), 422
    _office().grants.grants.decide(grant_id, _decision(Verdict.REFUSED, reason))
    return _to_grant(grant_id)


@office.post("/grants/<grant_id>/withdrawal")
@requires(WITHDRAW_GRANT)
@takes_form
def withdraw_grant(grant_id: str) -> Any:
    """End a grant for good."""
    _office().grants.grants.withdraw(grant_id, withdrawn_by=current_principal().id)
    return _to_grant(grant_id)


def _office() -> Office:
    registration: Office = current_app.extensions[_KEY]
    return registration


def _find(application_id: str) -> Application:
    return _office().applications.find(application_id)


def _after() -> str | None:
    cursor = request.args.get("after")
    return None if cursor is None else row_id_of(cursor)


def _list_page(template: str, found: Any, **values: Any) -> str:
    shown = found[:PAGE_SIZE]
    following = cursor_after(shown[-1].id) if len(found) > len(shown) else None
    return render_template(template, found=shown, following=following, **values)


def _application_page(shown: Application, **values: Any) -> str:
    registration = _office()
    delivered = None
    if shown.serial_number is not None:
        delivered = registration.delivery.certificate_of(shown)
    return render_template(
        "office/application.html",
        sheet=make_sheet(shown, registration.applications),
        profile=registration.profiles.title_of(shown.profile),
        delivered=delivered,
        decided_by_me=_decided_by_me(shown.decisions),
        done=request.args.get("done"),
        **values,
    )


def _grant_page(shown: Grant, **values: Any) -> str:
    return render_template(
        "office/grant.html",
        one=shown,
        facts=facts_of(shown.facts),
        decided_by_me=_decided_by_me(shown.decisions),
        **values,
    )


def _decided_by_me(made: Iterable[Decision]) -> bool:
    return any(one.decided_by == current_principal().id for one in made)


def _typed_reason() -> str:
    # A browser sends line breaks as CRLF; the API's clients send LF.
    return request.form.get("reason", "").replace("\r\n", "\n").strip()


def _is_reason(text: str) -> bool:
    try:
        RefusalMessage(reason=text)
    except ValidationError:
        return False
    return True


def _decision(verdict: Verdict, reason: str | None) -> DecisionToMake:
    act = request.form.get("act", "")
    if not _ACT.fullmatch(act):
        raise ActMalformed("Open the page again and send its form once more.")
    return DecisionToMake(act, current_principal().id, verdict, reason)


def _decide(application_id: str, verdict: Verdict, reason: str | None) -> Any:
    registration = _office()
    decided = registration.decisions.decide(application_id, _decision(verdict, reason))
    registration.delivery.issue_if_approved(decided)
    return _to_application(application_id, str(verdict))


def _to_grant(grant_id: str) -> Any:
    return redirect(url_for("office.grant", grant_id=grant_id), 303)


def _to_application(application_id: str, done: str) -> Any:
    # 303: a page that is loaded again sends no form again. RFC 9110, Section 15.4.4.
    return redirect(url_for("office.application", application_id=application_id, done=done), 303)


def _refusal_page(error: CamtrustError, status: int) -> str:
    return render_template(
        "refusal_page.html", layout=LAYOUT, error=error, status=status, **_common()
    )


def _common() -> dict[str, Any]:
    who: Principal | None = g.get("principal")
    policy = _office().policy

    def may(permission: str) -> bool:
        return who is not None and policy.is_allowed(who.role, Permission(permission))

    return {
        "home": url_for("office.queue"),
        # After a form was sent, its own path may answer to POST alone.
        "back_here": request.full_path if request.method == "GET" else url_for("office.queue"),
        "labels": labels,
        "may": may,
        "profiles": _office().profiles.all(),
        "title_of": _office().profiles.title_of,
        "who": who,
    }
