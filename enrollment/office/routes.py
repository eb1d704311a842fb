"""``/office/``: what waits for officers, and their decisions, made as the API makes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, Response, current_app, g, redirect, render_template, request, url_for

from ca.revocation.reasons import RevocationReason
from core.access import Permission, Principal
from core.digits import ascii_digits
from core.errors import CamtrustError
from core.web.access_control import current_principal, requires
from core.web.cursors import cursor_after, row_id_of
from core.web.forms import takes_form
from core.web.problems import show_problems_as_pages
from core.web.step_up import steps_up
from enrollment.answers import Answer
from enrollment.application import Application, ApplicationState, Verdict
from enrollment.decisions import DecisionToMake
from enrollment.jurisdiction import Jurisdiction
from enrollment.messages import HOLDER_PATTERN
from enrollment.office import labels
from enrollment.office.navigation import navigation
from enrollment.office.registration import Office
from enrollment.office.sheet import make_sheet
from enrollment.office.typed import act_named, is_reason, words
from enrollment.permissions import DECIDE, READ, REVOKE
from enrollment.wire_certificates import PEM_CHAIN_TYPE, in_type

TEXTS = Path(__file__).parent / "locale"
PREFIX = "/office"
PAGE_SIZE = 25
LAYOUT = "office/layout.html"
office = APIBlueprint(
    "office", __name__, url_prefix=PREFIX, template_folder="templates", enable_openapi=False
)
_KEY = "camtrust_office"
# Each form's text has its own name, so that one page has them all.
FIELDS = {Verdict.APPROVED: "act", Verdict.REFUSED: "reason", Verdict.RETURNED: "question"}
_SERIAL_NUMBER = re.compile(r"[0-9a-fA-F]{1,40}")


def mount_office(app: Flask, registration: Office) -> None:
    """Serve the officers' pages from ``app``."""
    app.extensions[_KEY] = registration
    app.register_blueprint(office)
    show_problems_as_pages(app, f"{PREFIX}/", refusal_page)


def at_hand() -> Office:
    """Return the registration authority that the pages work with."""
    registration: Office = current_app.extensions[_KEY]
    return registration


def within() -> Jurisdiction:
    """Return what the officer who asks may see."""
    return Jurisdiction.of(current_principal())


def after_cursor() -> str | None:
    """Return the id after which the list goes on that is asked for. Raises CursorMalformed."""
    cursor = request.args.get("after")
    return None if cursor is None else row_id_of(cursor)


def list_page(template: str, found: Sequence[Any], last_id: Any = None, **values: Any) -> str:
    """Show up to a page of what was found; of one more, only that there is more."""
    shown = found[:PAGE_SIZE]
    following = None
    if len(found) > len(shown):
        following = cursor_after(shown[-1].id if last_id is None else last_id(shown[-1]))
    return render_template(template, found=shown, following=following, **values)


def page_context() -> dict[str, Any]:
    """Give the templates who reads them, and what they may."""
    who: Principal | None = g.get("principal")
    policy = at_hand().policy

    def may(permission: str) -> bool:
        return who is not None and policy.is_granted(who, Permission(permission))

    return {
        "home": url_for("office.queue"),
        # After a form was sent, its own path may answer to POST alone.
        "back_here": request.full_path if request.method == "GET" else url_for("office.queue"),
        "labels": labels,
        "may": may,
        "profiles": at_hand().profiles.all(),
        "title_of": at_hand().profiles.title_of,
        "who": who,
        **navigation(may, request.endpoint),
    }


def refusal_page(error: CamtrustError, status: int) -> str:
    """Show a refusal as a page."""
    return render_template(
        "refusal_page.html", layout=LAYOUT, error=error, status=status, **page_context()
    )


office.context_processor(page_context)


@office.get("/")
@requires(READ)
def queue() -> str:
    """Show what waits for this very officer, oldest first."""
    found = at_hand().desk.queue.waiting_for(
        current_principal(), limit=PAGE_SIZE + 1, after=after_cursor()
    )
    return list_page("office/queue.html", found, lambda entry: entry.application.id)


@office.get("/applications")
@requires(READ)
def all_applications() -> str:
    """Show all applications, newest first, filtered by state and kind."""
    state, profile = request.args.get("state", ""), request.args.get("profile", "")
    found = at_hand().applications.page(
        limit=PAGE_SIZE + 1,
        after=after_cursor(),
        states=[ApplicationState(state)] if state in set(ApplicationState) else (),
        profile=profile or None,
        within=within(),
    )
    return list_page("office/applications.html", found, state=state, profile=profile)


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
    page, found = at_hand().applications.page, None
    if re.fullmatch(HOLDER_PATTERN, wanted):
        found = page(limit=PAGE_SIZE, holder=wanted, within=within())
    elif _SERIAL_NUMBER.fullmatch(wanted):
        found = page(limit=PAGE_SIZE, serial_number=int(wanted, 16), within=within())
    return render_template("office/search.html", wanted=wanted, found=found, mistaken=found is None)


@office.get("/applications/<application_id>")
@requires(READ)
def application(application_id: str) -> str:
    """Show an application with what speaks for and against it."""
    return _application_page(_find(application_id))


@office.post("/applications/<application_id>/approval")
@requires(DECIDE)
@takes_form
@steps_up
def approve(application_id: str) -> Any:
    """Approve an application."""
    return _decide(application_id, Verdict.APPROVED)


@office.post("/applications/<application_id>/refusal")
@requires(DECIDE)
@takes_form
@steps_up
def refuse(application_id: str) -> Any:
    """Refuse an application, with the reason."""
    return _decide(application_id, Verdict.REFUSED)


@office.post("/applications/<application_id>/question")
@requires(DECIDE)
@takes_form
@steps_up
def ask_back(application_id: str) -> Any:
    """Return an application to its applicant, with a question."""
    return _decide(application_id, Verdict.RETURNED)


@office.post("/applications/<application_id>/answer")
@requires(DECIDE)
@takes_form
def answer(application_id: str) -> Any:
    """Answer, as the officer who applied, what another asked; the API corrects facts as well."""
    text = words(request.form.get("answer", ""))
    if not is_reason(text):
        page = _application_page(_find(application_id), mistaken="answer", said=text)
        return page, 422
    at_hand().answers.answer(application_id, Answer(text), applicant=current_principal().id)
    return _to_application(application_id, "answered")


@office.get("/bundles/<bundle_id>")
@requires(READ)
def bundle(bundle_id: str) -> str:
    """Show what one person applied for together, to be decided at once."""
    return _bundle_page(bundle_id)


@office.post("/bundles/<bundle_id>/approval")
@requires(DECIDE)
@takes_form
@steps_up
def approve_bundle(bundle_id: str) -> Any:
    """Approve the ticked certificates of a bundle: all of them, or none."""
    return _decide_bundle(bundle_id, Verdict.APPROVED)


@office.post("/bundles/<bundle_id>/refusal")
@requires(DECIDE)
@takes_form
@steps_up
def refuse_bundle(bundle_id: str) -> Any:
    """Refuse the ticked certificates, with the reason."""
    return _decide_bundle(bundle_id, Verdict.REFUSED)


@office.post("/bundles/<bundle_id>/question")
@requires(DECIDE)
@takes_form
@steps_up
def ask_back_bundle(bundle_id: str) -> Any:
    """Return the ticked certificates to their applicant, with a question."""
    return _decide_bundle(bundle_id, Verdict.RETURNED)


@office.post("/applications/<application_id>/revocation")
@requires(REVOKE)
@takes_form
@steps_up
def revoke(application_id: str) -> Any:
    """Revoke the certificate of an application."""
    found = _find(application_id)
    reason = request.form.get("revocation_reason", "")
    if reason not in labels.REASONS:
        return _application_page(found, mistaken="revocation_reason"), 422
    delivered = at_hand().delivery.certificate_of(found)
    at_hand().revocation.revoke(
        serial_number=delivered.serial_number,
        authority=delivered.authority,
        reason=RevocationReason(reason),
    )
    return _to_application(application_id, "revoked")


@office.get("/applications/<application_id>/certificate.pem")
@requires(READ)
def certificate(application_id: str) -> Response:
    """Hand out the certificate and its issuers."""
    delivered = at_hand().delivery.certificate_of(_find(application_id))
    return Response(
        in_type(delivered, PEM_CHAIN_TYPE),
        content_type=PEM_CHAIN_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{delivered.serial_number:x}.pem"'},
    )


def decision(verdict: Verdict, said: str | None) -> DecisionToMake:
    """Return the decision that a form asks for. Raises ActMalformed."""
    act = act_named(request.form.get("act", ""))
    return DecisionToMake(act, current_principal().id, verdict, said)


def _said(verdict: Verdict) -> str | None:
    return None if verdict is Verdict.APPROVED else words(request.form.get(FIELDS[verdict], ""))


def _is_missing(said: str | None) -> bool:
    return said is not None and not is_reason(said)


def _decide(application_id: str, verdict: Verdict) -> Any:
    said = _said(verdict)
    if _is_missing(said):
        page = _application_page(_find(application_id), mistaken=FIELDS[verdict], said=said)
        return page, 422
    registration = at_hand()
    decided = registration.decisions.decide(application_id, decision(verdict, said))
    registration.delivery.issue_if_approved(decided)
    return _to_application(application_id, str(verdict))


def _decide_bundle(bundle_id: str, verdict: Verdict) -> Any:
    registration, said = at_hand(), _said(verdict)
    known = {one.id for one in registration.applications.bundle(bundle_id, within=within())}
    ticked = sorted(known & set(request.form.getlist("application")))
    if not ticked or _is_missing(said):
        mistaken = FIELDS[verdict] if ticked else "application"
        return _bundle_page(bundle_id, mistaken=mistaken, said=said), 422
    decided = registration.decisions.decide_together(ticked, decision(verdict, said))
    for one in decided:
        registration.delivery.issue_if_approved(one)
    return redirect(url_for("office.bundle", bundle_id=bundle_id, done=str(verdict)), 303)


def _find(application_id: str) -> Application:
    return at_hand().applications.find(application_id, within=within())


def _application_page(shown: Application, **values: Any) -> str:
    registration = at_hand()
    delivered = None
    if shown.serial_number is not None:
        delivered = registration.delivery.certificate_of(shown)
    return render_template(
        "office/application.html",
        sheet=make_sheet(shown, registration, within()),
        profile=registration.profiles.title_of(shown.profile),
        delivered=delivered,
        decided_by_me=shown.is_decided_by(current_principal().id),
        done=request.args.get("done"),
        **values,
    )


def _bundle_page(bundle_id: str, **values: Any) -> str:
    registration = at_hand()
    found = registration.applications.bundle(bundle_id, within=within())
    return render_template(
        "office/bundle.html",
        bundle_id=bundle_id,
        sheets=[make_sheet(one, registration, within()) for one in found],
        open_to_me=[one.id for one in found if _waits_for_me(one)],
        done=request.args.get("done"),
        **values,
    )


def _waits_for_me(shown: Application) -> bool:
    me = current_principal().id
    mine = shown.applicant == me or shown.is_decided_by(me)
    return shown.state is ApplicationState.SUBMITTED and not mine


def _to_application(application_id: str, done: str) -> Any:
    # 303: a page that is loaded again sends no form again. RFC 9110, Section 15.4.4.
    return redirect(url_for("office.application", application_id=application_id, done=done), 303)
