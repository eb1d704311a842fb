"""``/signing/v1/approvals``: documents are sent round; ``/signing/v1/deputies``: who stands in.

Programs with the scope ``approval:circulate`` start circulations, and so do people by their session
where the settings let them. What needs a passkey happens at the pages alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from functools import wraps
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, Response, current_app, request, send_file

from core.access import Role
from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, reads
from core.web.cursors import CursorMalformed, cursor_after, row_id_of
from core.web.form_parts import file_in, message_in
from core.web.forms import UPLOAD
from core.web.idempotent import act_id, idempotent
from core.web.limits import limited
from core.web.openapi import may_refuse
from core.web.problems import InvalidFields
from signing.approval import errors
from signing.approval.approval import Approval
from signing.approval.desk import ApprovalDesk
from signing.approval.messages import (
    ApprovalsQuery,
    ApprovalsView,
    ApprovalView,
    CancellationMessage,
    CirculationMessage,
    DeputiesView,
    DeputyMessage,
    DeputyView,
    ReplacementMessage,
)
from signing.approval.permissions import CIRCULATE, TAKE_PART
from signing.approval.settings import MOST_OCTETS
from signing.approval.showing import view_of_approval, view_of_deputy
from signing.documents.descriptions import PDF
from signing.documents.errors import StorageUnavailable
from signing.documents.routes import REFUSALS, STAMP_REFUSALS
from signing.documents.stamps.order import MAX_OCTETS as STAMP_OCTETS

approvals_api = APIBlueprint("approvals", __name__, url_prefix="/signing/v1")
ONE = "/approvals/<approval_id>"
# Each is tried as if it were signed: read, and a revision appended to it.
START_RATE = "60 per minute"
# Each says whether somebody is listed under a number, and who is named gets a mail.
DEPUTIES_RATE = "60 per minute"
_KEY = "camtrust_approvals"
# The other field of the form, with a stamp's picture in it, and the borders between them.
_BESIDES = STAMP_OCTETS + (256 << 10)
_FILE = {"type": "string", "contentMediaType": PDF}
CIRCULATION_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        UPLOAD: {
            "schema": {
                "type": "object",
                "required": ["document", "circulation"],
                "properties": {
                    "document": _FILE | {"description": "A PDF, not encrypted."},
                    "circulation": {
                        "type": "string",
                        "contentMediaType": JSON,
                        "description": "CirculationMessage as JSON.",
                    },
                },
            },
            "example": {
                "document": "The octets of letter.pdf.",
                "circulation": (
                    '{"title": "Decision 12/2026", "seal": "seal", "steps": [{"people": '
                    '[{"staff_number": "00123"}], "deadline": "2027-01-15T17:00:00+07:00"}]}'
                ),
            },
        }
    },
}
DOCUMENT: dict[int, Any] = {
    200: {"description": "The document", "content": {PDF: {"schema": _FILE}}}
}


def mount_approvals(app: Flask, desk: Callable[[], ApprovalDesk]) -> None:
    """Serve the routes from ``app``; what they work with is asked at each request."""
    app.extensions[_KEY] = desk
    app.register_blueprint(approvals_api)


def _takes_a_picture(view: Callable[..., Any]) -> Callable[..., Any]:
    # A stamp's picture comes in base64 in the form's text, which is read before the view begins.
    @wraps(view)
    def roomy(*args: Any, **kwargs: Any) -> Any:
        request.max_form_memory_size = _BESIDES
        return view(*args, **kwargs)

    return roomy


@approvals_api.post("/approvals")
@requires(CIRCULATE)
@limited(START_RATE)
@reads(UPLOAD, max_octets=MOST_OCTETS + _BESIDES)
@may_refuse(
    errors.CirculationRefused,
    errors.CirculationNotOpen,
    errors.ParticipantUnsuitable,
    errors.TooManyApprovals,
    StorageUnavailable,
    *STAMP_REFUSALS,
    *REFUSALS,
)
@_takes_a_picture
@idempotent
@approvals_api.doc(extensions={"requestBody": CIRCULATION_BODY})
@approvals_api.output(ApprovalView, status_code=201)
def start_an_approval() -> Any:
    """Send a PDF round: to people of your institution, step by step; its seal closes it.

    Sent again with the same Idempotency-Key, it is the same circulation.
    """
    wanted, content = message_in("circulation", CirculationMessage), file_in("document")
    started = _desk().starting.start(
        wanted.circulation(), content, approval_id=act_id(), by=current_principal()
    )
    location = f"{approvals_api.url_prefix}/approvals/{started.id}"
    return _shown(started), 201, {"Location": location}


@approvals_api.get("/approvals")
@requires(CIRCULATE)
@may_refuse(CursorMalformed, InvalidFields)
@approvals_api.input(ApprovalsQuery, location="query")
@approvals_api.output(ApprovalsView)
def list_approvals(query_data: ApprovalsQuery) -> ApprovalsView:
    """List the circulations that you started, newest first."""
    after = None if query_data.cursor is None else row_id_of(query_data.cursor)
    found = _desk().sight.page(current_principal().id, limit=query_data.limit + 1, after=after)
    shown = found[: query_data.limit]
    return ApprovalsView(
        approvals=tuple(map(_shown, shown)),
        next_cursor=cursor_after(shown[-1].id) if len(found) > len(shown) else None,
    )


@approvals_api.get(ONE)
@requires(CIRCULATE, TAKE_PART)
@may_refuse(errors.ApprovalUnknown)
@approvals_api.output(ApprovalView)
def show_an_approval(approval_id: str) -> ApprovalView:
    """Show a circulation that you started, or that has come to you."""
    return _shown(_found(approval_id))


@approvals_api.get(f"{ONE}/document")
@requires(CIRCULATE, TAKE_PART)
@may_refuse(
    errors.ApprovalUnknown,
    errors.ApprovalDocumentGone,
    errors.ApprovalDocumentAltered,
    StorageUnavailable,
)
@approvals_api.doc(responses=DOCUMENT)
def get_an_approvals_document(approval_id: str) -> Response:
    """Fetch the document as it is now, with the signatures that it has."""
    return send_file(_desk().document(_found(approval_id)), mimetype=PDF)


@approvals_api.post(f"{ONE}/cancellation")
@requires(CIRCULATE)
@reads(JSON)
@may_refuse(errors.ApprovalUnknown, errors.ApprovalOver, errors.WordsUnsuitable)
@idempotent
@approvals_api.input(CancellationMessage, location="json")
@approvals_api.output(ApprovalView)
def cancel_an_approval(approval_id: str, json_data: CancellationMessage) -> ApprovalView:
    """End a circulation that is not over. The signatures that it has stay in the document."""
    return _shown(
        _desk().changing.cancel(approval_id, current_principal().id, reason=json_data.reason)
    )


@approvals_api.post(f"{ONE}/replacement")
@requires(CIRCULATE)
@reads(JSON)
@may_refuse(
    errors.ApprovalUnknown, errors.ApprovalOver, errors.NotYourTurn, errors.ParticipantUnsuitable
)
@idempotent
@approvals_api.input(ReplacementMessage, location="json")
@approvals_api.output(ApprovalView)
def replace_a_participant(approval_id: str, json_data: ReplacementMessage) -> ApprovalView:
    """Ask another in the place of somebody who has not acted, such as one who left."""
    return _shown(
        _desk().changing.replace(
            approval_id,
            current_principal().id,
            number=json_data.participant,
            staff_number=json_data.staff_number,
        )
    )


@approvals_api.get("/deputies")
@requires(TAKE_PART)
@approvals_api.output(DeputiesView)
def list_deputies() -> DeputiesView:
    """List who stands in for you, and for whom you do."""
    desk, person = _desk(), current_principal().id
    return DeputiesView(
        deputies=tuple(view_of_deputy(desk, one, person) for one in desk.deputies.of(person))
    )


@approvals_api.post("/deputies")
@requires(TAKE_PART)
@limited(DEPUTIES_RATE)
@reads(JSON)
@may_refuse(errors.DeputyRefused, errors.DeputyUnknown)
@idempotent
@approvals_api.input(DeputyMessage, location="json")
@approvals_api.output(DeputyView, status_code=201)
def name_a_deputy(json_data: DeputyMessage) -> Any:
    """Let a colleague sign on your behalf for a while, with the colleague's own key."""
    desk, person = _desk(), current_principal().id
    named = desk.deputies.name(
        deputy_id=act_id(),
        person=person,
        institution=json_data.institution or _only_institution(person),
        staff_number=json_data.staff_number,
        begins_at=json_data.begins_at.astimezone(UTC),
        ends_at=json_data.ends_at.astimezone(UTC),
    )
    return view_of_deputy(desk, named, person)


@approvals_api.post("/deputies/<deputy_id>/revocation")
@requires(TAKE_PART)
@limited(DEPUTIES_RATE)
@may_refuse(errors.DeputyUnknown)
@approvals_api.output(DeputyView)
def end_a_deputy(deputy_id: str) -> DeputyView:
    """End it: as the one who named the deputy, or as the deputy."""
    desk, person = _desk(), current_principal().id
    return view_of_deputy(desk, desk.deputies.revoke(deputy_id, person), person)


def _desk() -> ApprovalDesk:
    desk: Callable[[], ApprovalDesk] = current_app.extensions[_KEY]
    return desk()


def _found(approval_id: str) -> Approval:
    who = current_principal()
    if who.role is Role.SERVICE:
        return _desk().sight.requested(approval_id, who.id)
    return _desk().sight.seen(approval_id, who.id)


def _shown(one: Approval) -> ApprovalView:
    return view_of_approval(_desk(), one)


def _only_institution(person: str) -> str:
    served = _desk().directory.institutions_of(person)
    return served[0] if len(served) == 1 else ""
