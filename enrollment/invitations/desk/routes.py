"""``/office/invitations``: whom the lists name, and how each comes to an account."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, current_app, redirect, render_template, request, url_for

from core.access import AccessPolicy
from core.digits import ascii_digits
from core.web.access_control import current_principal, requires
from core.web.cursors import cursor_after, row_id_of
from core.web.forms import new_act, takes_form
from core.web.step_up import steps_up
from enrollment.invitations.desk import labels
from enrollment.invitations.inviting import Slip
from enrollment.invitations.listing import ListedPerson
from enrollment.invitations.office import InvitationOffice
from enrollment.invitations.qr import draw
from enrollment.jurisdiction import Jurisdiction
from enrollment.office.routes import page_context
from enrollment.people.person import IdentifierKind
from enrollment.permissions import INVITE, PRINT_SLIP, READ, READ_INVITATIONS

TEXTS = Path(__file__).parent / "locale"
PAGE_SIZE = 25
desk = APIBlueprint(
    "invitation_desk",
    __name__,
    url_prefix="/office/invitations",
    template_folder="templates",
    enable_openapi=False,
)
_KEY = "camtrust_invitation_desk"
_ACT = re.compile(r"[0-9a-f]{32}")
_SHOWN_AFTER = frozenset({"invited", "withdrawn", "everybody"})


def mount_desk(
    app: Flask, office: Callable[[], InvitationOffice], policy: Callable[[], AccessPolicy]
) -> None:
    """Serve the pages from ``app``; both callables are asked at each request."""
    app.extensions[_KEY] = office, policy
    app.register_blueprint(desk)


@desk.context_processor
def for_templates() -> dict[str, Any]:
    """Give the templates who reads them, and what they may."""
    found = page_context() | {"desk_labels": labels}
    if not found["may"](READ):
        # Officers of counters have no queue.
        found["home"] = url_for("counter.ask")
    if request.method != "GET":
        found["back_here"] = url_for("invitation_desk.listing")
    return found


@desk.get("")
@requires(READ_INVITATIONS, PRINT_SLIP)
def listing() -> str:
    """Show whom the lists name; officers of counters search instead."""
    cursor = request.args.get("after")
    institution = request.args.get("institution") or _jurisdiction().institution
    without_account = request.args.get("without_account") == "yes"
    found: Sequence[ListedPerson] = ()
    if _may_read():
        found = _office().listing.page(
            jurisdiction=_jurisdiction(),
            limit=PAGE_SIZE + 1,
            after=None if cursor is None else row_id_of(cursor),
            institution=institution,
            without_account=without_account,
        )
    shown = found[:PAGE_SIZE]
    return render_template(
        "invitation_desk/listing.html",
        found=shown,
        following=cursor_after(shown[-1].id) if len(found) > len(shown) else None,
        institution=institution,
        institutions=_office().listing.institutions(_jurisdiction()),
        without_account=without_account,
        run=_newest_run(institution),
        done=_done(),
    )


@desk.post("/search")
@requires(READ_INVITATIONS, PRINT_SLIP)
@takes_form
def search() -> str:
    """Search by staff number or address: both stay out of URLs, which end up in logs."""
    wanted = ascii_digits(request.form.get("wanted", "").strip())[:254]
    found = _office().listing.search(wanted, jurisdiction=_jurisdiction()) if wanted else ()
    return render_template("invitation_desk/search.html", wanted=wanted, found=found)


@desk.get("/<employment_id>")
@requires(READ_INVITATIONS, PRINT_SLIP)
def person(employment_id: str) -> str:
    """Show one listed person, and what may be done for them."""
    return _person_page(employment_id)


@desk.post("/<employment_id>/mail")
@requires(INVITE)
@takes_form
@steps_up
def invite(employment_id: str) -> Any:
    """Invite by mail; an invitation that was open is replaced."""
    _office().inviting.by_mail(employment_id, invited_by=current_principal(), invitation_id=_act())
    return _to_person(employment_id, "invited")


@desk.post("/<employment_id>/slip")
@requires(PRINT_SLIP)
@takes_form
@steps_up
def print_slip(employment_id: str) -> Any:
    """Print a slip, once the officer said which document they compared with the person."""
    document, compared = request.form.get("document", ""), request.form.get("compared")
    if document not in set(IdentifierKind) or compared != "yes":
        return _person_page(employment_id, mistaken=True), 422
    slip = _office().inviting.print_slip(
        employment_id, printed_by=current_principal(), document=IdentifierKind(document)
    )
    return _slip_page(slip)


@desk.post("/<employment_id>/withdrawal")
@requires(INVITE, PRINT_SLIP)
@takes_form
@steps_up
def withdraw(employment_id: str) -> Any:
    """Withdraw what is open."""
    shown = _office().listing.find(employment_id, jurisdiction=_jurisdiction())
    if shown.invitation is not None:
        _office().inviting.withdraw(shown.invitation.id, withdrawn_by=current_principal())
    return _to_person(employment_id, "withdrawn")


@desk.post("/everybody")
@requires(INVITE)
@takes_form
@steps_up
def invite_everybody() -> Any:
    """Invite everybody of an institution who has an address and no account."""
    institution = request.form.get("institution", "")
    _office().runs.begin(institution, requested_by=current_principal(), run_id=_act())
    return redirect(
        url_for("invitation_desk.listing", institution=institution, done="everybody"), 303
    )


def _office() -> InvitationOffice:
    office: Callable[[], InvitationOffice] = current_app.extensions[_KEY][0]
    return office()


def _policy() -> AccessPolicy:
    policy: Callable[[], AccessPolicy] = current_app.extensions[_KEY][1]
    return policy()


def _jurisdiction() -> Jurisdiction:
    return Jurisdiction.of(current_principal())


def _may_read() -> bool:
    return _policy().is_granted(current_principal(), READ_INVITATIONS)


def _newest_run(institution: str | None) -> Any:
    if institution is None or not _jurisdiction().covers(institution):
        return None
    return _office().runs.newest(institution)


def _person_page(employment_id: str, *, mistaken: bool = False) -> str:
    shown = _office().listing.find(employment_id, jurisdiction=_jurisdiction())
    return render_template(
        "invitation_desk/person.html", one=shown, mistaken=mistaken, done=_done()
    )


def _slip_page(slip: Slip) -> str:
    return render_template(
        "invitation_desk/slip.html",
        slip=slip,
        qr=draw(slip.link),
        public_url=current_app.config["PUBLIC_URL"],
    )


def _act() -> str:
    given = request.form.get("act", "")
    return given if _ACT.fullmatch(given) else new_act()


def _done() -> str | None:
    done = request.args.get("done")
    return done if done in _SHOWN_AFTER else None


def _to_person(employment_id: str, done: str) -> Any:
    # 303: a page that is loaded again sends no form again. RFC 9110, Section 15.4.4.
    return redirect(url_for("invitation_desk.person", employment_id=employment_id, done=done), 303)
