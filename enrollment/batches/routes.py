"""``/enrollment/v1/batches``: upload, watch, decide, cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, current_app, request

from core.access import AccessPolicy
from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, reads
from core.web.cursors import CursorMalformed, cursor_after, row_id_of
from core.web.idempotent import act_id, idempotent
from core.web.openapi import may_refuse
from core.web.problems import InvalidFields
from core.web.step_up import steps_up
from enrollment.application import Verdict
from enrollment.batches.batch import Batch
from enrollment.batches.batches import Batches
from enrollment.batches.errors import (
    BatchClosed,
    BatchDecidedBefore,
    BatchMalformed,
    BatchUnknown,
    OwnBatch,
)
from enrollment.batches.messages import (
    BatchDetailView,
    BatchesQuery,
    BatchesView,
    RowsQuery,
    RowsView,
    UploadQuery,
    detail_of_batch,
    view_of_batch,
    view_of_row,
)
from enrollment.batches.upload import JSON_LINES, MOST_OCTETS, NDJSON
from enrollment.decisions import DecisionToMake
from enrollment.jurisdiction import Jurisdiction
from enrollment.messages import ApprovalMessage, RefusalMessage
from enrollment.permissions import DECIDE, READ, READ_OWN, SUBMIT_MANY

batches_api = APIBlueprint("batches", __name__, url_prefix="/enrollment/v1/batches")
ONE = "/<batch_id>"
_KEY = "camtrust_batches"
_LINES = {
    "schema": {"type": "string", "description": "One SubmissionMessage a line; at most 10,000."},
    "example": (
        '{"profile": "person-signing", "csr": "-----BEGIN CERTIFICATE REQUEST-----\\nMIIB…", '
        '"holder": "person:IDCKH-012345678", "facts": {"surname": "Sok", "given_name": "Dara"}}\n'
    ),
}
UPLOAD_BODY: dict[str, Any] = {"required": True, "content": {JSON_LINES: _LINES, NDJSON: _LINES}}


def mount_batches(
    app: Flask, batches: Callable[[], Batches], policy: Callable[[], AccessPolicy]
) -> None:
    """Serve the routes from ``app``; what they work with is asked at each request."""
    app.extensions[_KEY] = (batches, policy)
    app.register_blueprint(batches_api)


@batches_api.post("")
@requires(SUBMIT_MANY)
@reads(JSON_LINES, NDJSON, max_octets=MOST_OCTETS)
@may_refuse(BatchMalformed)
@idempotent
@batches_api.input(UploadQuery, location="query")
@batches_api.doc(extensions={"requestBody": UPLOAD_BODY})
@batches_api.output(BatchDetailView, status_code=201)
def upload_batch(query_data: UploadQuery) -> Any:
    """Apply for many certificates at once, in JSON lines.

    The rows are checked after the answer; watch `state` and `counts`. Sent again with the same
    Idempotency-Key, it is the same batch.
    """
    batch = _batches().submit(
        request.get_data(), decided=query_data.decided, by=current_principal(), batch_id=act_id()
    )
    return detail_of_batch(batch), 201, {"Location": f"{batches_api.url_prefix}/{batch.id}"}


@batches_api.get("")
@requires(READ, READ_OWN)
@may_refuse(CursorMalformed, InvalidFields)
@batches_api.input(BatchesQuery, location="query")
@batches_api.output(BatchesView)
def list_batches(query_data: BatchesQuery) -> BatchesView:
    """List batches, newest first; a program sees its own."""
    found = _batches().page(
        # One more than asked for tells whether there is a next page.
        limit=query_data.limit + 1,
        after=None if query_data.cursor is None else row_id_of(query_data.cursor),
        states=() if query_data.state is None else (query_data.state,),
        submitter=_own_only(),
        within=_within(),
    )
    shown = found[: query_data.limit]
    return BatchesView(
        batches=tuple(map(view_of_batch, shown)),
        next_cursor=cursor_after(shown[-1].id) if len(found) > len(shown) else None,
    )


@batches_api.get(ONE)
@requires(READ, READ_OWN)
@may_refuse(BatchUnknown)
@batches_api.output(BatchDetailView)
def show_batch(batch_id: str) -> BatchDetailView:
    """Show how far a batch is."""
    return detail_of_batch(_find(batch_id))


@batches_api.get(f"{ONE}/rows")
@requires(READ, READ_OWN)
@may_refuse(BatchUnknown, CursorMalformed, InvalidFields)
@batches_api.input(RowsQuery, location="query")
@batches_api.output(RowsView)
def list_rows(batch_id: str, query_data: RowsQuery) -> RowsView:
    """List a batch's rows with what became of each, in their order."""
    batch = _find(batch_id)
    after = 0 if query_data.cursor is None else int(row_id_of(query_data.cursor), 16)
    found = _batches().rows(
        batch.id,
        limit=query_data.limit + 1,
        # A number that no row has: what comes after it is nothing.
        after=min(after, batch.rows),
        state=query_data.state,
    )
    shown = found[: query_data.limit]
    following = len(found) > len(shown)
    return RowsView(
        rows=tuple(map(view_of_row, shown)),
        next_cursor=cursor_after(f"{shown[-1].number:032x}") if following else None,
    )


@batches_api.post(f"{ONE}/approval")
@requires(DECIDE)
@reads(JSON)
@may_refuse(BatchUnknown, OwnBatch, BatchDecidedBefore, BatchClosed)
@idempotent
@steps_up
@batches_api.input(ApprovalMessage, location="json")
@batches_api.output(BatchDetailView)
def approve_batch(batch_id: str, json_data: ApprovalMessage) -> BatchDetailView:
    """Approve all rows that passed; with the last approval needed they are issued."""
    return _decide(batch_id, Verdict.APPROVED, None)


@batches_api.post(f"{ONE}/refusal")
@requires(DECIDE)
@reads(JSON)
@may_refuse(BatchUnknown, OwnBatch, BatchDecidedBefore, BatchClosed)
@idempotent
@steps_up
@batches_api.input(RefusalMessage, location="json")
@batches_api.output(BatchDetailView)
def refuse_batch(batch_id: str, json_data: RefusalMessage) -> BatchDetailView:
    """Refuse a batch as a whole, with the reason."""
    return _decide(batch_id, Verdict.REFUSED, json_data.reason)


@batches_api.post(f"{ONE}/cancellation")
@requires(SUBMIT_MANY, DECIDE)
@reads(JSON)
@may_refuse(BatchUnknown, BatchClosed)
@idempotent
@steps_up
@batches_api.input(ApprovalMessage, location="json")
@batches_api.output(BatchDetailView)
def cancel_batch(batch_id: str, json_data: ApprovalMessage) -> BatchDetailView:
    """End a batch that is not done. What was issued of it stays."""
    cancelled = _batches().cancel(
        batch_id, by=current_principal(), submitter=_own_only(), within=_within()
    )
    return detail_of_batch(cancelled)


def _batches() -> Batches:
    batches: Callable[[], Batches] = current_app.extensions[_KEY][0]
    return batches()


def _find(batch_id: str) -> Batch:
    return _batches().find(batch_id, submitter=_own_only(), within=_within())


def _within() -> Jurisdiction:
    return Jurisdiction.of(current_principal())


def _own_only() -> str | None:
    policy: Callable[[], AccessPolicy] = current_app.extensions[_KEY][1]
    principal = current_principal()
    return None if policy().is_granted(principal, READ) else principal.id


def _decide(batch_id: str, verdict: Verdict, reason: str | None) -> BatchDetailView:
    decision = DecisionToMake(act_id(), current_principal().id, verdict, reason)
    return detail_of_batch(_batches().decide(batch_id, decision, _within()))
