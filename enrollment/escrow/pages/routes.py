"""``/office/escrow`` and ``/my/escrow``. What they change, they change as the API does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, Response, redirect, render_template, request, url_for

from core.digits import ascii_digits
from core.web.access_control import current_principal, requires
from core.web.cursors import cursor_after, row_id_of
from core.web.forms import takes_form
from core.web.step_up import steps_up
from enrollment.application import Verdict
from enrollment.escrow.escrowed_key import EscrowedKey
from enrollment.escrow.pages import labels
from enrollment.escrow.recovery import Recovery, RecoveryState
from enrollment.escrow.routes import escrow_office, pkcs12_response
from enrollment.jurisdiction import Jurisdiction
from enrollment.messages import HOLDER_PATTERN
from enrollment.office.routes import page_context
from enrollment.office.typed import act_named, is_reason, words
from enrollment.permissions import OWN_ESCROW, READ_ESCROW, RECOVER

TEXTS = Path(__file__).parent / "locale"
PAGE_SIZE = 25
_SERIAL_NUMBER = re.compile(r"[0-9a-fA-F]{1,40}")
pages = APIBlueprint(
    "escrow_pages",
    __name__,
    url_prefix="/office/escrow",
    template_folder="templates",
    enable_openapi=False,
)
pages.context_processor(page_context)
holder_pages = APIBlueprint(
    "escrow_holder", __name__, url_prefix="/my/escrow", enable_openapi=False
)


def mount_escrow_pages(app: Flask) -> None:
    """Serve the pages from ``app``; the API is mounted as well."""
    app.register_blueprint(pages)
    app.register_blueprint(holder_pages)


@pages.app_context_processor
def for_templates() -> dict[str, Any]:
    """Give the templates the words of escrow."""
    return {"escrow_labels": labels}


@pages.get("")
@requires(READ_ESCROW)
def recoveries() -> str:
    """Show the recoveries, newest first, and the search for a key."""
    return _list_page()


@pages.post("/search")
@requires(READ_ESCROW)
@takes_form
def search() -> str:
    """Find keys by their certificates; whose these are stays out of URLs."""
    wanted = ascii_digits(request.form.get("wanted", "").strip())
    known: Any = None
    if re.fullmatch(HOLDER_PATTERN, wanted):
        known = {"holder": wanted}
    elif _SERIAL_NUMBER.fullmatch(wanted):
        known = {"serial_number": int(wanted, 16)}
    if known is None:
        return _list_page(wanted=wanted, mistaken=True)
    found = escrow_office().recoveries.keys_of(within=_within(), limit=PAGE_SIZE, **known)
    return _list_page(wanted=wanted, keys=found)


@pages.get("/keys/<key_id>")
@requires(READ_ESCROW)
def key(key_id: str) -> str:
    """Show an escrowed key, and propose to recover it."""
    return _key_page(_key(key_id))


@pages.post("/keys/<key_id>/recovery")
@requires(RECOVER)
@takes_form
@steps_up
def propose(key_id: str) -> Any:
    """Propose to recover a key, with the reason."""
    reason = words(request.form.get("reason", ""))
    if not is_reason(reason):
        return _key_page(_key(key_id), mistaken=True, reason=reason), 422
    made = escrow_office().recoveries.propose(
        key_id,
        reason=reason,
        officer=current_principal(),
        recovery_id=act_named(request.form.get("act", "")),
    )
    return _to_recovery(made.id)


@pages.get("/recoveries/<recovery_id>")
@requires(READ_ESCROW)
def recovery(recovery_id: str) -> str:
    """Show a recovery, what may be done with it, and what was."""
    return _recovery_page(_recovery(recovery_id))


@pages.post("/recoveries/<recovery_id>/approval")
@requires(RECOVER)
@takes_form
@steps_up
def approve(recovery_id: str) -> Any:
    """Approve a recovery."""
    return _decide(recovery_id, Verdict.APPROVED, None)


@pages.post("/recoveries/<recovery_id>/refusal")
@requires(RECOVER)
@takes_form
@steps_up
def refuse(recovery_id: str) -> Any:
    """Refuse a recovery, with the reason."""
    reason = words(request.form.get("reason", ""))
    if not is_reason(reason):
        page = _recovery_page(_recovery(recovery_id), mistaken=True, reason=reason)
        return page, 422
    return _decide(recovery_id, Verdict.REFUSED, reason)


@pages.post("/recoveries/<recovery_id>/file")
@requires(RECOVER)
@takes_form
@steps_up
def fetch_file(recovery_id: str) -> Response:
    """Hand the file over to the officer who proposed."""
    return pkcs12_response(recovery_id, current_principal())


@pages.post("/recoveries/<recovery_id>/password")
@requires(RECOVER)
@takes_form
@steps_up
def fetch_password(recovery_id: str) -> str:
    """Show the password to the officer who approved."""
    password = escrow_office().handing_over.password(recovery_id, officer=current_principal())
    return render_template("escrow/password.html", one=_recovery(recovery_id), password=password)


@holder_pages.get("")
@requires(OWN_ESCROW)
def own() -> str:
    """Show the holder their keys in escrow, each recovery, and what they were told."""
    return _own_page()


@holder_pages.post("/<key_id>/erasure")
@requires(OWN_ESCROW)
@takes_form
def erase(key_id: str) -> Any:
    """Erase a copy because its holder wants it."""
    escrow_office().escrow.withdraw(key_id, holder=current_principal().id)
    return redirect(url_for("escrow_holder.own"), 303)


def _own_page() -> str:
    office, holder = escrow_office(), current_principal().id
    return render_template(
        "escrow/own.html",
        home="/",
        back_here=url_for("escrow_holder.own"),
        keys=office.escrow.of_holder(holder),
        recoveries=office.recoveries.of_holder(holder),
        notices=office.notices.of_holder(holder),
    )


def _list_page(**values: Any) -> str:
    cursor = request.args.get("after")
    found = escrow_office().recoveries.page(
        limit=PAGE_SIZE + 1,
        within=_within(),
        after=None if cursor is None else row_id_of(cursor),
    )
    shown = found[:PAGE_SIZE]
    following = cursor_after(shown[-1].id) if len(found) > len(shown) else None
    return render_template("escrow/recoveries.html", found=shown, following=following, **values)


def _key_page(shown: EscrowedKey, **values: Any) -> str:
    office = escrow_office()
    return render_template(
        "escrow/key.html",
        one=shown,
        certificate=office.recoveries.certificate_of(shown),
        recoveries=office.recoveries.of_key(shown.id, within=_within()),
        **values,
    )


def _recovery_page(shown: Recovery, **values: Any) -> str:
    office, me = escrow_office(), current_principal().id
    held = office.recoveries.key(shown.escrowed_key, within=_within())
    is_open = shown.is_open(office.clock.now(), office.recoveries.time)
    approved = is_open and shown.state is RecoveryState.APPROVED
    return render_template(
        "escrow/recovery.html",
        one=shown,
        key=held,
        certificate=office.recoveries.certificate_of(held),
        ends_at=shown.ends_at(office.recoveries.time),
        is_open=is_open,
        decidable=is_open and shown.state is RecoveryState.PROPOSED,
        is_mine=shown.proposed_by == me,
        gets_file=approved and shown.proposed_by == me,
        gets_password=approved and shown.decided_by == me,
        **values,
    )


def _decide(recovery_id: str, verdict: Verdict, refusal: str | None) -> Any:
    escrow_office().recoveries.decide(
        recovery_id, verdict=verdict, refusal=refusal, officer=current_principal()
    )
    return _to_recovery(recovery_id)


def _to_recovery(recovery_id: str) -> Any:
    # 303: a page that is loaded again sends no form again. RFC 9110, Section 15.4.4.
    return redirect(url_for("escrow_pages.recovery", recovery_id=recovery_id), 303)


def _within() -> Jurisdiction:
    return Jurisdiction.of(current_principal())


def _key(key_id: str) -> EscrowedKey:
    return escrow_office().recoveries.key(key_id, within=_within())


def _recovery(recovery_id: str) -> Recovery:
    return escrow_office().recoveries.find(recovery_id, within=_within())
