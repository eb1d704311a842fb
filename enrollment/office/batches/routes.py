"""``/office/batches``: officers look a batch through and decide it, once for all its rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, current_app, redirect, render_template, request, url_for

from core.errors import CamtrustError
from core.web.access_control import current_principal, requires
from core.web.cursors import cursor_after, row_id_of
from core.web.forms import takes_form
from core.web.step_up import steps_up
from enrollment.application import Verdict
from enrollment.batches.batch import Batch, BatchRow, RowState
from enrollment.batches.batches import Batches
from enrollment.batches.upload import submission_of
from enrollment.decisions import DecisionToMake
from enrollment.jurisdiction import Jurisdiction
from enrollment.office.batches import labels
from enrollment.office.routes import PAGE_SIZE, page_context
from enrollment.office.typed import act_named, is_reason, words
from enrollment.permissions import DECIDE, READ

TEXTS = Path(__file__).parent / "locale"
batch_pages = APIBlueprint(
    "batch_pages",
    __name__,
    url_prefix="/office/batches",
    template_folder="templates",
    enable_openapi=False,
)
_KEY = "camtrust_batch_pages"


def mount_batch_pages(app: Flask, batches: Callable[[], Batches]) -> None:
    """Serve the pages from ``app``; ``batches`` is asked at each request."""
    app.extensions[_KEY] = batches
    app.register_blueprint(batch_pages)


@batch_pages.context_processor
def for_templates() -> dict[str, Any]:
    """Give the templates who reads them, and the words of batches."""
    return page_context() | {"batch_labels": labels}


@batch_pages.get("")
@requires(READ)
def all_batches() -> str:
    """Show the batches, newest first."""
    cursor = request.args.get("after")
    found = _batches().page(
        limit=PAGE_SIZE + 1,
        after=None if cursor is None else row_id_of(cursor),
        within=_within(),
    )
    shown = found[:PAGE_SIZE]
    following = cursor_after(shown[-1].id) if len(found) > len(shown) else None
    return render_template("batches/list.html", found=shown, following=following)


@batch_pages.get("/<batch_id>")
@requires(READ)
def one_batch(batch_id: str) -> str:
    """Show a batch with its rows, those in one state if the reader asks."""
    return _page(_find(batch_id))


@batch_pages.post("/<batch_id>/approval")
@requires(DECIDE)
@takes_form
@steps_up
def approve_batch(batch_id: str) -> Any:
    """Approve all rows that passed."""
    return _decide(batch_id, Verdict.APPROVED, None)


@batch_pages.post("/<batch_id>/refusal")
@requires(DECIDE)
@takes_form
@steps_up
def refuse_batch(batch_id: str) -> Any:
    """Refuse a batch, with the reason."""
    reason = words(request.form.get("reason", ""))
    if not is_reason(reason):
        return _page(_find(batch_id), mistaken="reason", said=reason), 422
    return _decide(batch_id, Verdict.REFUSED, reason)


def _batches() -> Batches:
    batches: Callable[[], Batches] = current_app.extensions[_KEY]
    return batches()


def _within() -> Jurisdiction:
    return Jurisdiction.of(current_principal())


def _find(batch_id: str) -> Batch:
    return _batches().find(batch_id, within=_within())


def _page(batch: Batch, **values: Any) -> str:
    cursor, wanted = request.args.get("after"), request.args.get("state", "")
    state = RowState(wanted) if wanted in set(RowState) else None
    after = 0 if cursor is None else min(int(row_id_of(cursor), 16), batch.rows)
    found = _batches().rows(batch.id, limit=PAGE_SIZE + 1, after=after, state=state)
    shown = found[:PAGE_SIZE]
    following = cursor_after(f"{shown[-1].number:032x}") if len(found) > len(shown) else None
    return render_template(
        "batches/batch.html",
        one=batch,
        rows=[(row, *_holder_of(row)) for row in shown],
        following=following,
        state=wanted if state else "",
        decided_by_me=any(one.decided_by == current_principal().id for one in batch.decisions),
        **values,
    )


def _holder_of(row: BatchRow) -> tuple[str, str]:
    """Return profile and holder of a row whose line is still there, for the officer who decides."""
    if row.line is None or row.state is not RowState.PASSED:
        return "", ""
    try:
        submission = submission_of(row.line)
    except CamtrustError:
        return "", ""
    return submission.profile, submission.holder


def _decide(batch_id: str, verdict: Verdict, reason: str | None) -> Any:
    act = act_named(request.form.get("act", ""))
    decision = DecisionToMake(act, current_principal().id, verdict, reason)
    _batches().decide(batch_id, decision, _within())
    # 303: a page that is loaded again sends no form again. RFC 9110, Section 15.4.4.
    return redirect(url_for("batch_pages.one_batch", batch_id=batch_id), 303)
