"""``/passes/v1/batches``: passes of a whole file of records."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, cast

from apiflask import APIBlueprint
from flask import Flask, Response, current_app, request

from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, reads
from core.web.idempotent import act_id, idempotent
from core.web.limits import limited
from core.web.openapi import may_refuse
from signing.passes.issuing import errors
from signing.passes.issuing.batches.batch import BatchForm
from signing.passes.issuing.batches.batches import PassBatches, RejectedRecord
from signing.passes.issuing.batches.errors import (
    PassBatchClosed,
    PassBatchUnknown,
    PassStorageUnavailable,
)
from signing.passes.issuing.batches.messages import (
    EmptyMessage,
    NewPassBatchMessage,
    PassBatchView,
    view_of_batch,
)
from signing.passes.issuing.messages import view_of_pass
from signing.passes.issuing.permissions import ISSUE

batches_api = APIBlueprint("pass_batches", __name__, url_prefix="/passes/v1/batches")
ONE = "/<batch_id>"
JSONL, CSV = "application/jsonl", "text/csv"
# A million records with a few hundred octets each; more come in several batches.
LARGEST_FILE = 1 << 30
BATCH_RATE = "30 per minute"
_KEY = "camtrust_pass_batches"
_FILE: dict[str, Any] = {"type": "string", "format": "binary"}
_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        JSONL: {"schema": _FILE, "example": '{"reference": "1", "record": {"person": {}}}'},
        CSV: {"schema": _FILE, "example": "reference,person.name.surname"},
    },
}
_LINES: dict[int | str, Any] = {
    200: {"description": "A record a line.", "content": {JSONL: {"schema": _FILE}}}
}
_REJECTS: dict[int | str, Any] = {
    200: {
        "description": "Records in the form in which they came.",
        "content": {JSONL: {"schema": _FILE}, CSV: {"schema": _FILE}},
    }
}


def mount_pass_batches(app: Flask, batches: Callable[[], PassBatches]) -> None:
    """Serve the routes from ``app``; what they work with is asked at each request."""
    app.extensions[_KEY] = batches
    app.register_blueprint(batches_api)


@batches_api.post("")
@requires(ISSUE)
@limited(BATCH_RATE)
@reads(JSON)
@may_refuse(errors.PassTypeUnknown, errors.PassTypeForbidden)
@idempotent
@batches_api.input(NewPassBatchMessage, location="json")
@batches_api.output(PassBatchView, status_code=201)
def open_pass_batch(json_data: NewPassBatchMessage) -> Any:
    """Open a batch of passes; its file is put up next, and then it is issued by itself."""
    by = current_principal()
    batch = _batches().open(act_id(), json_data.type, json_data.form, by=by)
    return view_of_batch(batch), 201, {"Location": f"{batches_api.url_prefix}/{batch.id}"}


@batches_api.get(ONE)
@requires(ISSUE)
@may_refuse(PassBatchUnknown)
@batches_api.output(PassBatchView)
def show_pass_batch(batch_id: str) -> PassBatchView:
    """Show how far a batch is."""
    return view_of_batch(_batches().find(batch_id, current_principal()))


@batches_api.put(f"{ONE}/records")
@requires(ISSUE)
@limited(BATCH_RATE)
@reads(JSONL, CSV, max_octets=LARGEST_FILE)
@may_refuse(PassBatchUnknown, PassBatchClosed, PassStorageUnavailable)
@batches_api.doc(extensions={"requestBody": _BODY})
@batches_api.output(PassBatchView)
def put_pass_records(batch_id: str) -> PassBatchView:
    """Put up the records of a batch, whole; issuing begins. The same file again changes nothing."""
    content = cast(BinaryIO, request.stream)
    return view_of_batch(_batches().put(batch_id, content, current_principal()))


@batches_api.get(f"{ONE}/passes")
@requires(ISSUE)
@may_refuse(PassBatchUnknown)
@batches_api.doc(responses=_LINES)
def fetch_passes(batch_id: str) -> Response:
    """Fetch what was issued so far: a pass a line, with the row of its record."""
    found = _batches().passes(batch_id, current_principal())
    lines = (
        json.dumps({"row": row, **view_of_pass(one).model_dump(mode="json")}, ensure_ascii=False)
        + "\n"
        for row, one in found
    )
    return _private(lines, JSONL)


@batches_api.get(f"{ONE}/rejects")
@requires(ISSUE)
@may_refuse(PassBatchUnknown)
@batches_api.doc(responses=_REJECTS)
def fetch_rejects(batch_id: str) -> Response:
    """Fetch the records that make no pass, each with its row and what is wrong with it."""
    by = current_principal()
    batch, rejects = _batches().find(batch_id, by), _batches().rejects(batch_id, by)
    if batch.form is BatchForm.CSV:
        return _private(_csv(batch.header or "", rejects), CSV)
    return _private((json.dumps(vars(one), ensure_ascii=False) + "\n" for one in rejects), JSONL)


@batches_api.post(f"{ONE}/cancellation")
@requires(ISSUE)
@reads(JSON)
@may_refuse(PassBatchUnknown, PassBatchClosed)
@idempotent
@batches_api.input(EmptyMessage, location="json")
@batches_api.output(PassBatchView)
def cancel_pass_batch(batch_id: str, json_data: EmptyMessage) -> PassBatchView:
    """End a batch: what was issued stands, what waits is not issued."""
    return view_of_batch(_batches().cancel(batch_id, current_principal()))


def _csv(header: str, rejects: Iterator[RejectedRecord]) -> Iterator[str]:
    yield f"row,problem,detail,{header}\r\n"
    for one in rejects:
        buffer = io.StringIO()
        csv.writer(buffer).writerow([one.row, one.problem, one.detail])
        yield f"{buffer.getvalue().rstrip()},{one.line}\r\n"


def _private(lines: Iterator[str], mimetype: str) -> Response:
    response = Response(lines, mimetype=mimetype)
    # It tells of people: no cache keeps it.
    response.headers["Cache-Control"] = "no-store"
    return response


def _batches() -> PassBatches:
    batches: Callable[[], PassBatches] = current_app.extensions[_KEY]
    return batches()
