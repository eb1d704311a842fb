"""``/office/grants``: look grants up, decide and withdraw them."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for

from core.web.access_control import current_principal, requires
from core.web.forms import takes_form
from core.web.step_up import steps_up
from enrollment.application import Verdict
from enrollment.grants.grant import Grant
from enrollment.office.routes import (
    PAGE_SIZE,
    PREFIX,
    after_cursor,
    at_hand,
    decision,
    list_page,
    page_context,
    within,
)
from enrollment.office.sheet import facts_of
from enrollment.office.typed import is_reason, words
from enrollment.permissions import DECIDE, READ_GRANTS, WITHDRAW_GRANT

office_grants = APIBlueprint(
    "office_grants", __name__, url_prefix=f"{PREFIX}/grants", enable_openapi=False
)
office_grants.context_processor(page_context)


@office_grants.get("")
@requires(READ_GRANTS)
def all_grants() -> str:
    """Show the grants by which machines enrol, newest first."""
    found = at_hand().grants.grants.page(limit=PAGE_SIZE + 1, after=after_cursor(), within=within())
    return list_page("office/grants.html", found)


@office_grants.get("/<grant_id>")
@requires(READ_GRANTS)
def grant(grant_id: str) -> str:
    """Show a grant with what it allows."""
    return _grant_page(_find(grant_id))


@office_grants.post("/<grant_id>/approval")
@requires(DECIDE)
@takes_form
@steps_up
def approve_grant(grant_id: str) -> Any:
    """Approve a grant."""
    at_hand().grants.grants.decide(grant_id, decision(Verdict.APPROVED, None))
    return _to_grant(grant_id)


@office_grants.post("/<grant_id>/refusal")
@requires(DECIDE)
@takes_form
@steps_up
def refuse_grant(grant_id: str) -> Any:
    """Refuse a grant, with the reason."""
    reason = words(request.form.get("reason", ""))
    if not is_reason(reason):
        return _grant_page(_find(grant_id), mistaken="reason", said=reason), 422
    at_hand().grants.grants.decide(grant_id, decision(Verdict.REFUSED, reason))
    return _to_grant(grant_id)


@office_grants.post("/<grant_id>/withdrawal")
@requires(WITHDRAW_GRANT)
@takes_form
@steps_up
def withdraw_grant(grant_id: str) -> Any:
    """End a grant for good."""
    at_hand().grants.grants.withdraw(grant_id, withdrawn_by=current_principal().id)
    return _to_grant(grant_id)


def _find(grant_id: str) -> Grant:
    return at_hand().grants.grants.find(grant_id, within=within())


def _grant_page(shown: Grant, **values: Any) -> str:
    me = current_principal().id
    return render_template(
        "office/grant.html",
        one=shown,
        facts=facts_of(shown.facts),
        decided_by_me=any(one.decided_by == me for one in shown.decisions),
        **values,
    )


def _to_grant(grant_id: str) -> Any:
    return redirect(url_for("office_grants.grant", grant_id=grant_id), 303)
