"""``/signing/v1/batches``: programs have thousands of documents sealed in one order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO, cast

from apiflask import APIBlueprint
from flask import Flask, Response, current_app, request, send_file

from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, reads
from core.web.cursors import CursorMalformed, cursor_after, row_id_of
from core.web.idempotent import act_id, idempotent
from core.web.limits import limited
from core.web.openapi import may_refuse
from core.web.problems import InvalidFields
from signing.documents import errors
from signing.documents.batches.batch import BatchDocument, DocumentBatch
from signing.documents.batches.errors import (
    BatchDocumentDiffers,
    BatchDocumentUnknown,
    BatchNotStamped,
    DocumentBatchClosed,
    DocumentBatchIncomplete,
    DocumentBatchUnknown,
    TooManyDocumentBatches,
)
from signing.documents.descriptions import FILE, PDF, SIGNED, link_to
from signing.documents.desk import DocumentDesk
from signing.documents.messages import (
    BatchDocumentsView,
    BatchDocumentView,
    DocumentBatchesQuery,
    DocumentBatchesView,
    DocumentBatchMessage,
    DocumentBatchView,
    EmptyMessage,
    StampTextsMessage,
    view_of_batch,
    view_of_document,
)
from signing.documents.permissions import SEAL
from signing.documents.settings import GIBIBYTE
from signing.documents.stamped import StampNeedsInstitution
from signing.documents.stamps.errors import SealRefused
from signing.documents.stamps.order import MAX_OCTETS as STAMP_OCTETS
from signing.documents.stamps.stored.errors import StampTemplateUnknown
from signing.documents.storage import storage

batches_api = APIBlueprint("document_batches", __name__, url_prefix="/signing/v1/batches")
ONE = "/<order_id>"
DOCUMENT = f"{ONE}/documents/<int:number>"
# Thousands of documents fit into one.
BATCH_RATE = "30 per minute"
# Below what a caller has of all routes by default, so that it can ask how far a batch is meanwhile.
UPLOAD_RATE = "480 per minute"
_KEY = "camtrust_document_batches"
# An order's other members, beside the stamp.
_BESIDES = 16 << 10
PDF_BODY: dict[str, Any] = {
    "required": True,
    "content": {PDF: {"schema": FILE, "example": "The octets of letter.pdf."}},
}


def mount_batches(app: Flask, desk: Callable[[], DocumentDesk]) -> None:
    """Serve the routes from ``app``; what they work with is asked at each request."""
    app.extensions[_KEY] = desk
    app.register_blueprint(batches_api)


@batches_api.post("")
@requires(SEAL)
@limited(BATCH_RATE)
@reads(JSON, max_octets=STAMP_OCTETS + _BESIDES)
@may_refuse(
    errors.SignerUnknown,
    TooManyDocumentBatches,
    StampNeedsInstitution,
    StampTemplateUnknown,
    SealRefused,
)
@idempotent
@batches_api.input(DocumentBatchMessage, location="json")
@batches_api.output(DocumentBatchView, status_code=201)
def open_document_batch(json_data: DocumentBatchMessage) -> Any:
    """Open a batch: its documents are put up next, and then it is closed.

    With a stamp, each document gets a page of its own. Sent again with the same Idempotency-Key, it
    is the same batch.
    """
    batch = _desk().batches.open(
        batch_id=act_id(),
        by=current_principal(),
        seal=json_data.seal,
        documents=json_data.documents,
        options=json_data.options(),
        stamp=_desk().ordered(json_data.stamp, current_principal()),
    )
    location = f"{batches_api.url_prefix}/{batch.id}"
    return _shown(batch), 201, {"Location": location}


@batches_api.get("")
@requires(SEAL)
@may_refuse(CursorMalformed, InvalidFields)
@batches_api.input(DocumentBatchesQuery, location="query")
@batches_api.output(DocumentBatchesView)
def list_document_batches(query_data: DocumentBatchesQuery) -> DocumentBatchesView:
    """List your batches, newest first."""
    after = None if query_data.cursor is None else row_id_of(query_data.cursor)
    # One more than asked for tells whether there is a next page.
    found = _desk().batches.page(current_principal(), limit=query_data.limit + 1, after=after)
    shown = found[: query_data.limit]
    return DocumentBatchesView(
        batches=tuple(map(_shown, shown)),
        next_cursor=cursor_after(shown[-1].id) if len(found) > len(shown) else None,
    )


@batches_api.get(ONE)
@requires(SEAL)
@may_refuse(DocumentBatchUnknown)
@batches_api.output(DocumentBatchView)
def show_document_batch(order_id: str) -> DocumentBatchView:
    """Show how far a batch is."""
    return _shown(_desk().batches.find(order_id, current_principal()))


@batches_api.get(f"{ONE}/documents")
@requires(SEAL)
@may_refuse(DocumentBatchUnknown, CursorMalformed, InvalidFields)
@batches_api.input(DocumentBatchesQuery, location="query")
@batches_api.output(BatchDocumentsView)
def list_batch_documents(order_id: str, query_data: DocumentBatchesQuery) -> BatchDocumentsView:
    """List a batch's documents with what became of each, in their order."""
    after = 0 if query_data.cursor is None else int(row_id_of(query_data.cursor), 16)
    batches, limit = _desk().batches, query_data.limit
    batch = batches.find(order_id, current_principal())
    # A number that no document has: what comes after it is nothing.
    found = batches.documents(
        order_id, current_principal(), limit=limit + 1, after=min(after, batch.documents)
    )
    shown = found[:limit]
    following = len(found) > len(shown)
    return BatchDocumentsView(
        documents=tuple(map(_shown_document, shown)),
        next_cursor=cursor_after(f"{shown[-1].number:032x}") if following else None,
    )


@batches_api.put(DOCUMENT)
@requires(SEAL)
@limited(UPLOAD_RATE)
@reads(PDF, max_octets=GIBIBYTE)
@may_refuse(
    DocumentBatchUnknown,
    BatchDocumentUnknown,
    DocumentBatchClosed,
    BatchDocumentDiffers,
    errors.DocumentTooLarge,
    errors.StorageUnavailable,
)
@batches_api.doc(extensions={"requestBody": PDF_BODY})
@batches_api.output(BatchDocumentView)
def put_batch_document(order_id: str, number: int) -> BatchDocumentView:
    """Put a document up under its number; the same again changes nothing."""
    content = cast(BinaryIO, request.stream)
    return _shown_document(_desk().batches.put(order_id, number, content, current_principal()))


@batches_api.put(f"{DOCUMENT}/stamp")
@requires(SEAL)
@limited(UPLOAD_RATE)
@reads(JSON)
@may_refuse(
    DocumentBatchUnknown, BatchDocumentUnknown, DocumentBatchClosed, BatchNotStamped, InvalidFields
)
@batches_api.input(StampTextsMessage, location="json")
@batches_api.output(EmptyMessage)
def put_batch_document_stamp(
    order_id: str, number: int, json_data: StampTextsMessage
) -> EmptyMessage:
    """Say what the stamp of one document says otherwise than the batch's: its number, its title.

    Until the batch is closed; put again, it takes the place of what was said before.
    """
    _desk().batches.say(order_id, number, json_data, current_principal())
    return EmptyMessage()


@batches_api.get(DOCUMENT)
@requires(SEAL)
@may_refuse(DocumentBatchUnknown, BatchDocumentUnknown, errors.StorageUnavailable)
@batches_api.doc(responses=SIGNED)
def get_batch_document(order_id: str, number: int) -> Response:
    """Fetch a signed document; where it has a stamp, the Link header names its page."""
    desk, by = _desk(), current_principal()
    path = desk.batches.signed(order_id, number, by)
    with storage("The document stays signed."):
        response = send_file(path, mimetype=PDF)
    address = desk.page_of(desk.batches.document(order_id, number, by).registered)
    if address is not None:
        response.headers["Link"] = link_to(address)
    return response


@batches_api.post(f"{ONE}/closing")
@requires(SEAL)
@reads(JSON)
@may_refuse(DocumentBatchUnknown, DocumentBatchClosed, DocumentBatchIncomplete)
@idempotent
@batches_api.input(EmptyMessage, location="json")
@batches_api.output(DocumentBatchView)
def close_document_batch(order_id: str, json_data: EmptyMessage) -> DocumentBatchView:
    """Let the documents be signed; all of them have to be there."""
    return _shown(_desk().batches.close(order_id, current_principal()))


@batches_api.post(f"{ONE}/cancellation")
@requires(SEAL)
@reads(JSON)
@may_refuse(DocumentBatchUnknown, DocumentBatchClosed)
@idempotent
@batches_api.input(EmptyMessage, location="json")
@batches_api.output(DocumentBatchView)
def cancel_document_batch(order_id: str, json_data: EmptyMessage) -> DocumentBatchView:
    """End a batch that is not done. What was signed of it stays."""
    return _shown(_desk().batches.cancel(order_id, current_principal()))


def _shown(batch: DocumentBatch) -> DocumentBatchView:
    return view_of_batch(batch, _desk().batches.kept)


def _shown_document(document: BatchDocument) -> BatchDocumentView:
    return view_of_document(document, _desk().page_of(document.registered))


def _desk() -> DocumentDesk:
    desk: Callable[[], DocumentDesk] = current_app.extensions[_KEY]
    return desk()
