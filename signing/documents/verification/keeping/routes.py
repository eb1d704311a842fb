"""``/signing/v1/registered-documents``: what an institution registered, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from apiflask import APIBlueprint
from flask import Flask, current_app

from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, reads
from core.web.cursors import CursorMalformed, cursor_after, row_id_of
from core.web.idempotent import idempotent
from core.web.openapi import may_refuse
from core.web.problems import InvalidFields
from signing.documents.permissions import KEEP_REGISTERED
from signing.documents.verification.addresses import VerificationAddresses
from signing.documents.verification.document import RegisteredDocument
from signing.documents.verification.errors import (
    DocumentUnknown,
    NoInstitution,
)
from signing.documents.verification.identifiers import DocumentId
from signing.documents.verification.keeping.messages import (
    PublicityMessage,
    RegisteredDocumentsView,
    RegisteredQuery,
    RegisteredView,
    WithdrawalMessage,
    view_of_registered,
)
from signing.documents.verification.registry import DetailsTooLong, Registry

registered_api = APIBlueprint(
    "registered_documents", __name__, url_prefix="/signing/v1/registered-documents"
)
ONE = "/<registered_id>"
_KEY = "camtrust_registered_documents"


@dataclass(frozen=True)
class KeepingDesk:
    """What the routes work with."""

    registry: Registry
    addresses: VerificationAddresses


def mount_keeping(app: Flask, desk: Callable[[], KeepingDesk]) -> None:
    """Serve the routes from ``app``; ``desk`` is asked at each request."""
    app.extensions[_KEY] = desk
    app.register_blueprint(registered_api)


@registered_api.get("")
@requires(KEEP_REGISTERED)
@may_refuse(NoInstitution, CursorMalformed, InvalidFields)
@registered_api.input(RegisteredQuery, location="query")
@registered_api.output(RegisteredDocumentsView)
def list_registered_documents(query_data: RegisteredQuery) -> RegisteredDocumentsView:
    """List what your institution registered, newest first."""
    after = None
    if query_data.cursor is not None:
        after = DocumentId(bytes.fromhex(row_id_of(query_data.cursor)))
    # One more than asked for tells whether there is a next page.
    found = _desk().registry.page(_institution(), limit=query_data.limit + 1, after=after)
    shown = found[: query_data.limit]
    following = len(found) > len(shown)
    return RegisteredDocumentsView(
        documents=tuple(map(_shown, shown)),
        next_cursor=cursor_after(shown[-1].id.octets.hex()) if following else None,
    )


@registered_api.get(ONE)
@requires(KEEP_REGISTERED)
@may_refuse(NoInstitution, DocumentUnknown)
@registered_api.output(RegisteredView)
def show_registered_document(registered_id: str) -> RegisteredView:
    """Show one of your institution's registered documents, hidden details too."""
    return _find(DocumentId.parse(registered_id))


@registered_api.patch(ONE)
@requires(KEEP_REGISTERED)
@reads(JSON)
@may_refuse(NoInstitution, DocumentUnknown)
@registered_api.input(PublicityMessage, location="json")
@registered_api.output(RegisteredView)
def change_registered_document(registered_id: str, json_data: PublicityMessage) -> RegisteredView:
    """Show number, title and subject on the document's page, or hide them."""
    document = DocumentId.parse(registered_id)
    _desk().registry.set_public(document, institution=_institution(), is_public=json_data.is_public)
    return _find(document)


@registered_api.post(f"{ONE}/withdrawal")
@requires(KEEP_REGISTERED)
@reads(JSON)
@may_refuse(NoInstitution, DocumentUnknown, DetailsTooLong)
@idempotent
@registered_api.input(WithdrawalMessage, location="json")
@registered_api.output(RegisteredView)
def withdraw_registered_document(
    registered_id: str, json_data: WithdrawalMessage
) -> RegisteredView:
    """Say on the document's page that your institution no longer stands by it, and why; for good.

    Withdrawn again, it keeps the first reason.
    """
    document = DocumentId.parse(registered_id)
    _desk().registry.withdraw(document, institution=_institution(), reason=json_data.reason)
    return _find(document)


def _find(document: DocumentId) -> RegisteredView:
    return _shown(_desk().registry.find(document, institution=_institution()))


def _shown(document: RegisteredDocument) -> RegisteredView:
    return view_of_registered(document, _desk().addresses)


def _desk() -> KeepingDesk:
    desk: Callable[[], KeepingDesk] = current_app.extensions[_KEY]
    return desk()


def _institution() -> str:
    institution = current_principal().institution
    if institution is None:
        raise NoInstitution("Documents are registered by institutions; your program has none.")
    return institution
