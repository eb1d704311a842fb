"""``/office/audit``: what was done, by whom, and the proof that the log has it. Changes nothing."""

from __future__ import annotations

import re
from typing import Any

from apiflask import APIBlueprint
from flask import Response, render_template, request

from core.web.access_control import requires
from core.web.typed_days import beginning_of, day_in, end_of
from enrollment.audit.kinds import KINDS, OPENED
from enrollment.audit.ledger import Question
from enrollment.institutions.errors import InstitutionUnknown
from enrollment.office.labels import FACTS
from enrollment.office.routes import PAGE_SIZE, PREFIX, at_hand, page_context, within
from enrollment.permissions import AUDIT

audit = APIBlueprint(
    "office_audit",
    __name__,
    url_prefix=f"{PREFIX}/audit",
    template_folder="templates",
    enable_openapi=False,
)
audit.context_processor(page_context)
audit.context_processor(lambda: {"kinds": KINDS, "names": {**FACTS, **OPENED}})
FILTERS = ("kind", "officer", "institution", "first", "last")
PROOF_TYPE = "text/plain; charset=utf-8"
_NUMBER = re.compile(r"[0-9]{1,15}")


@audit.get("")
@requires(AUDIT)
def acts() -> Any:
    """Show the acts, newest first, filtered."""
    typed = {name: request.args.get(name, "").strip()[:64] for name in FILTERS}
    mistaken = [name for name in ("first", "last") if typed[name] and day_in(typed[name]) is None]
    page = at_hand().desk.ledger.page(
        _question(typed), limit=PAGE_SIZE, below=_below(), within=within()
    )
    shown = render_template(
        "audit/acts.html",
        found=page.acts,
        following=page.following,
        filters=typed,
        mistaken=mistaken,
        institutions=at_hand().desk.institutions.all() if within().institution is None else [],
    )
    return (shown, 422) if mistaken else shown


@audit.get("/<int:index>")
@requires(AUDIT)
def act(index: int) -> str:
    """Show one act with everything that is known of it."""
    return render_template("audit/act.html", one=at_hand().desk.ledger.act(index, within=within()))


@audit.get("/<int:index>/proof.tlog-proof")
@requires(AUDIT)
def proof(index: int) -> Response:
    """Hand out the proof that an act's entry is in the log; `camtrust log verify` checks it."""
    text = at_hand().desk.ledger.proof(index, within=within())
    headers = {"Content-Disposition": f'attachment; filename="{index}.tlog-proof"'}
    return Response(text, content_type=PROOF_TYPE, headers=headers)


@audit.get("/checkpoints")
@requires(AUDIT)
def checkpoints() -> str:
    """Show the log's newest checkpoints, as they are signed."""
    return render_template("audit/checkpoints.html", found=at_hand().desk.ledger.checkpoints())


def _question(typed: dict[str, str]) -> Question:
    first, last = day_in(typed["first"]), day_in(typed["last"])
    wanted = typed["institution"] or None
    if wanted is not None and not within().covers(wanted):
        raise InstitutionUnknown("There is no institution of this id that you may see.")
    return Question(
        kind=typed["kind"] or None,
        officer=typed["officer"] or None,
        institution=wanted,
        first=None if first is None else beginning_of(first),
        end=None if last is None else end_of(last),
    )


def _below() -> int | None:
    below = request.args.get("below", "")
    return int(below) if _NUMBER.fullmatch(below) else None
