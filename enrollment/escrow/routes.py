"""``/enrollment/v1/escrow``: find escrowed keys, propose and decide recoveries, fetch the parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, Response, current_app

from core.access import Principal
from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, reads
from core.web.cursors import CursorMalformed, cursor_after, row_id_of
from core.web.idempotent import act_id, idempotent
from core.web.openapi import may_refuse
from core.web.problems import InvalidFields
from core.web.step_up import steps_up
from enrollment.application import Verdict
from enrollment.escrow.errors import (
    EscrowedKeyErased,
    EscrowedKeyUnknown,
    NoCertificateOfKey,
    NotForThisOfficer,
    OwnRecovery,
    RecoveredKeyWrong,
    RecoveryClosed,
    RecoveryUnderWay,
    RecoveryUnknown,
)
from enrollment.escrow.messages import (
    EscrowedKeysView,
    EscrowQuery,
    EscrowSearchMessage,
    PasswordView,
    RecoveriesView,
    RecoveryMessage,
    RecoveryView,
    summary_of_recovery,
    view_of_key,
    view_of_recovery,
)
from enrollment.escrow.office import EscrowOffice
from enrollment.escrow.recovery import Recovery
from enrollment.jurisdiction import Jurisdiction
from enrollment.messages import ApprovalMessage, RefusalMessage
from enrollment.permissions import READ_ESCROW, RECOVER

PKCS12 = "application/pkcs12"
MOST_FOUND = 50
escrow_api = APIBlueprint("escrow", __name__, url_prefix="/enrollment/v1/escrow")
_KEY = "camtrust_escrow"
_FILE: dict[int | str, Any] = {
    200: {
        "description": "The PKCS #12 file.",
        "content": {PKCS12: {"schema": {"type": "string", "contentMediaType": PKCS12}}},
    }
}
_PARTS = (RecoveryUnknown, NotForThisOfficer, RecoveryClosed)


def mount_escrow(app: Flask, office: Callable[[], EscrowOffice]) -> None:
    """Serve the routes from ``app``; ``office`` is asked at each request."""
    app.extensions[_KEY] = office
    app.register_blueprint(escrow_api)


def escrow_office() -> EscrowOffice:
    """Return what the routes of escrow work with, in a request."""
    office: Callable[[], EscrowOffice] = current_app.extensions[_KEY]
    return office()


@escrow_api.post("/search")
@requires(READ_ESCROW)
@reads(JSON)
@may_refuse()
@escrow_api.input(EscrowSearchMessage, location="json")
@escrow_api.output(EscrowedKeysView)
def search_escrowed_keys(json_data: EscrowSearchMessage) -> EscrowedKeysView:
    """Find escrowed keys by the holder or the serial number of their certificates."""
    serial_number = json_data.serial_number
    found = escrow_office().recoveries.keys_of(
        within=_within(),
        limit=MOST_FOUND,
        holder=json_data.holder,
        serial_number=None if serial_number is None else int(serial_number, 16),
    )
    return EscrowedKeysView(keys=tuple(map(view_of_key, found)))


@escrow_api.get("/recoveries")
@requires(READ_ESCROW)
@may_refuse(CursorMalformed, InvalidFields)
@escrow_api.input(EscrowQuery, location="query")
@escrow_api.output(RecoveriesView)
def list_recoveries(query_data: EscrowQuery) -> RecoveriesView:
    """List recoveries, newest first."""
    found = escrow_office().recoveries.page(
        # One more than asked for tells whether there is a next page.
        limit=query_data.limit + 1,
        within=_within(),
        after=None if query_data.cursor is None else row_id_of(query_data.cursor),
    )
    shown = found[: query_data.limit]
    return RecoveriesView(
        recoveries=tuple(map(summary_of_recovery, shown)),
        next_cursor=cursor_after(shown[-1].id) if len(found) > len(shown) else None,
    )


@escrow_api.post("/recoveries")
@requires(RECOVER)
@reads(JSON)
@may_refuse(EscrowedKeyUnknown, EscrowedKeyErased, NoCertificateOfKey, RecoveryUnderWay)
@idempotent
@steps_up
@escrow_api.input(RecoveryMessage, location="json")
@escrow_api.output(RecoveryView, status_code=201)
def propose_recovery(json_data: RecoveryMessage) -> Any:
    """Propose to recover a key, with the reason. Another officer decides."""
    recovery = escrow_office().recoveries.propose(
        json_data.escrowed_key,
        reason=json_data.reason,
        officer=current_principal(),
        recovery_id=act_id(),
    )
    location = f"{escrow_api.url_prefix}/recoveries/{recovery.id}"
    return _view(recovery), 201, {"Location": location}


@escrow_api.get("/recoveries/<recovery_id>")
@requires(READ_ESCROW)
@may_refuse(RecoveryUnknown)
@escrow_api.output(RecoveryView)
def show_recovery(recovery_id: str) -> RecoveryView:
    """Show a recovery with what was handed over."""
    return _view(escrow_office().recoveries.find(recovery_id, within=_within()))


@escrow_api.post("/recoveries/<recovery_id>/approval")
@requires(RECOVER)
@reads(JSON)
@may_refuse(RecoveryUnknown, OwnRecovery, RecoveryClosed, EscrowedKeyErased)
@idempotent
@steps_up
@escrow_api.input(ApprovalMessage, location="json")
@escrow_api.output(RecoveryView)
def approve_recovery(recovery_id: str, json_data: ApprovalMessage) -> RecoveryView:
    """Approve a recovery that another officer proposed. The holder is told."""
    return _decide(recovery_id, Verdict.APPROVED, None)


@escrow_api.post("/recoveries/<recovery_id>/refusal")
@requires(RECOVER)
@reads(JSON)
@may_refuse(RecoveryUnknown, OwnRecovery, RecoveryClosed)
@idempotent
@steps_up
@escrow_api.input(RefusalMessage, location="json")
@escrow_api.output(RecoveryView)
def refuse_recovery(recovery_id: str, json_data: RefusalMessage) -> RecoveryView:
    """Refuse a recovery, with the reason."""
    return _decide(recovery_id, Verdict.REFUSED, json_data.reason)


# Neither is idempotent by key: the answer would be kept, and with it the secret.
@escrow_api.post("/recoveries/<recovery_id>/file")
@requires(RECOVER)
@reads(JSON)
@may_refuse(*_PARTS, EscrowedKeyErased, RecoveredKeyWrong)
@steps_up
@escrow_api.input(ApprovalMessage, location="json")
@escrow_api.doc(responses=_FILE)
def fetch_file(recovery_id: str, json_data: ApprovalMessage) -> Response:
    """Fetch the PKCS #12 file, as the officer who proposed; each time is logged."""
    return pkcs12_response(recovery_id, current_principal())


@escrow_api.post("/recoveries/<recovery_id>/password")
@requires(RECOVER)
@reads(JSON)
@may_refuse(*_PARTS)
@steps_up
@escrow_api.input(ApprovalMessage, location="json")
@escrow_api.output(PasswordView)
def fetch_password(recovery_id: str, json_data: ApprovalMessage) -> PasswordView:
    """Fetch the file's password, as the officer who approved; each time is logged."""
    handing_over = escrow_office().handing_over
    return PasswordView(password=handing_over.password(recovery_id, officer=current_principal()))


def pkcs12_response(recovery_id: str, officer: Principal) -> Response:
    """Return the file of a recovery, to be saved and never kept by a cache."""
    return Response(
        escrow_office().handing_over.file(recovery_id, officer=officer),
        content_type=PKCS12,
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="recovered-{recovery_id[-8:]}.p12"',
        },
    )


def _within() -> Jurisdiction:
    return Jurisdiction.of(current_principal())


def _decide(recovery_id: str, verdict: Verdict, refusal: str | None) -> RecoveryView:
    decided = escrow_office().recoveries.decide(
        recovery_id, verdict=verdict, refusal=refusal, officer=current_principal()
    )
    return _view(decided)


def _view(recovery: Recovery) -> RecoveryView:
    return view_of_recovery(recovery, recovery.ends_at(escrow_office().recoveries.time))
