"""``/approvals/deputies``: who stands in for somebody, and for whom they do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for

from core.errors import CamtrustError
from core.web.access_control import current_principal, requires
from core.web.forms import takes_form
from core.web.limits import limited
from core.web.typed_days import beginning_of, day_in, end_of
from signing.approval.desk import ApprovalDesk
from signing.approval.errors import NOTHING_DONE, DeputyRefused
from signing.approval.permissions import TAKE_PART
from signing.approval.words import act_named

RATE = "60 per minute"


def serve_deputies(blueprint: APIBlueprint, desk: Callable[[], ApprovalDesk]) -> None:
    """Add the routes to the pages of circulations."""

    @blueprint.get("/deputies")
    @requires(TAKE_PART)
    def deputies() -> str:
        """Show who stands in for whom."""
        return _page(desk())

    @blueprint.post("/deputies")
    @requires(TAKE_PART)
    @limited(RATE)
    @takes_form
    def name_deputy() -> Any:
        """Name a deputy."""
        form, person = request.form, current_principal().id
        try:
            begins_at, ends_at = _period(form.get("first", ""), form.get("last", ""))
            desk().deputies.name(
                deputy_id=act_named(form.get("act", "")),
                person=person,
                institution=form.get("institution", ""),
                staff_number=form.get("staff_number", "").strip(),
                begins_at=begins_at,
                ends_at=ends_at,
            )
        except DeputyRefused as mistake:
            return _page(desk(), mistake), 422
        return redirect(url_for(f"{blueprint.name}.deputies"), 303)

    @blueprint.post("/deputies/<deputy_id>/revocation")
    @requires(TAKE_PART)
    @limited(RATE)
    @takes_form
    def end_deputy(deputy_id: str) -> Any:
        """End it."""
        desk().deputies.revoke(deputy_id, current_principal().id)
        return redirect(url_for(f"{blueprint.name}.deputies"), 303)


def _page(desk: ApprovalDesk, mistake: CamtrustError | None = None) -> str:
    person = current_principal().id
    return render_template(
        "approval/deputies.html",
        found=desk.deputies.of(person),
        person=person,
        institutions=desk.directory.institutions_of(person),
        typed=request.form,
        mistake=mistake,
    )


def _period(first: str, last: str) -> tuple[datetime, datetime]:
    begins, ends = day_in(first), day_in(last)
    if begins is None or ends is None:
        raise DeputyRefused("Write each day as day/month/year.", kept=NOTHING_DONE)
    return beginning_of(begins), end_of(ends)
