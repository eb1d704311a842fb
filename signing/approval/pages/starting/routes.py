"""``/approvals/new``: somebody sends a document round among colleagues."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO, cast

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for

from core.digits import ascii_digits
from core.errors import CamtrustError, Malformed, NotFound, Unacceptable
from core.idempotency import new_act_id
from core.web.access_control import current_principal, requires
from core.web.forms import FormOutdated, takes_upload
from core.web.limits import limited
from core.web.typed_days import day_in, end_of
from signing.approval.approval import ParticipantRole
from signing.approval.desk import ApprovalDesk
from signing.approval.errors import NOTHING_DONE, ApprovalUnknown, CirculationRefused
from signing.approval.permissions import CIRCULATE
from signing.approval.settings import MOST_OCTETS
from signing.approval.starting import Asked, Circulation, Step
from signing.approval.words import act_named

RATE = "30 per minute"
# More than that a document system does; a form of so many rows is still read on a phone.
ROWS = 8
_BESIDES = 64 << 10


def serve_starting(blueprint: APIBlueprint, desk: Callable[[], ApprovalDesk]) -> None:
    """Add the routes to the pages of circulations."""

    @blueprint.get("/new")
    @requires(CIRCULATE)
    def new() -> str:
        """Show the form."""
        return _page(desk())

    @blueprint.post("/new")
    @requires(CIRCULATE)
    @limited(RATE)
    @takes_upload(MOST_OCTETS + _BESIDES)
    def start() -> Any:
        """Send a document round."""
        uploaded = request.files.get("document")
        try:
            if uploaded is None or not uploaded.filename:
                raise CirculationRefused("Choose the document.", kept=NOTHING_DONE)
            started = desk().starting.start(
                _typed(),
                cast(BinaryIO, uploaded.stream),
                approval_id=act_named(request.form.get("act", "")),
                by=current_principal(),
            )
        except (FormOutdated, ApprovalUnknown):
            raise
        # The document, the people or the seal: each says what is to be put right.
        except (Malformed, NotFound, Unacceptable) as mistake:
            return _page(desk(), mistake), 422
        return redirect(url_for(f"{blueprint.name}.show", approval_id=started.id), 303)


def _page(desk: ApprovalDesk, mistake: CamtrustError | None = None) -> str:
    return render_template(
        "approval/new.html",
        institutions=desk.starting.open_to(current_principal().id),
        act=new_act_id(desk.clock.now()),
        rows=range(1, ROWS + 1),
        typed=request.form,
        mistake=mistake,
    )


def _typed() -> Circulation:
    form, last = request.form, day_in(request.form.get("deadline", ""))
    if last is None:
        raise CirculationRefused("Write each day as day/month/year.", kept=NOTHING_DONE)
    steps: dict[int, list[Asked]] = {}
    for row in range(1, ROWS + 1):
        if staff_number := form.get(f"staff_number_{row}", "").strip():
            role = form.get(f"role_{row}", "")
            asked = Asked(
                staff_number,
                ParticipantRole.ACKNOWLEDGE if role == "acknowledge" else ParticipantRole.SIGN,
            )
            steps.setdefault(step_in(form.get(f"step_{row}", "")), []).append(asked)
    if not steps:
        raise CirculationRefused("Name at least one colleague.", kept=NOTHING_DONE)
    return Circulation(
        title=form.get("title", "").strip(),
        steps=[Step(steps[number], end_of(last)) for number in sorted(steps)],
        institution=form.get("institution") or None,
    )


def step_in(text: str) -> int:
    """Return the number of a step as somebody typed it, from 1. Raises CirculationRefused."""
    typed = ascii_digits(text.strip())
    # Digits of other scripts, and powers, are digits to Python too.
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 2 and int(typed) >= 1):
        raise CirculationRefused("Number the steps from 1.", kept=NOTHING_DONE)
    return int(typed)
