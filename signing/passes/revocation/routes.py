"""``/passes/v1``: programs revoke the passes of their institution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, current_app
from pydantic import Field

from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, reads
from core.web.idempotent import idempotent
from core.web.limits import limited
from core.web.openapi import may_refuse
from signing.passes.issuing.errors import PassUnknown
from signing.passes.issuing.messages import PassView, view_of_pass
from signing.passes.issuing.permissions import ISSUE
from signing.passes.issuing.records import RecordMessage
from signing.passes.issuing.routes import ISSUING_RATE, ONE
from signing.passes.revocation.reasons import ReasonUnknown, reasons
from signing.passes.revocation.revoking import PassRevocation

pass_revocation_api = APIBlueprint("pass-revocation", __name__, url_prefix="/passes/v1")
_KEY = "camtrust_pass_revocation"
_LARGEST_BODY = 1 << 10


class PassRevocationMessage(RecordMessage):
    """That a pass is revoked."""

    reason: str = Field(description=f"One of {', '.join(reasons())}.", max_length=40)


def mount_pass_revocation(app: Flask, revocation: Callable[[], PassRevocation]) -> None:
    """Serve the route from ``app``; what it works with is asked at each request."""
    app.extensions[_KEY] = revocation
    app.register_blueprint(pass_revocation_api)


@pass_revocation_api.post(f"{ONE}/revocation")
@requires(ISSUE)
@limited(ISSUING_RATE)
@reads(JSON, max_octets=_LARGEST_BODY)
@may_refuse(PassUnknown, ReasonUnknown)
@idempotent
@pass_revocation_api.input(PassRevocationMessage, location="json")
@pass_revocation_api.output(PassView)
def revoke_pass(pass_id: str, json_data: PassRevocationMessage) -> Any:
    """Revoke a pass for good. One that is revoked stays so, for its first reason."""
    revocation: Callable[[], PassRevocation] = current_app.extensions[_KEY]
    principal = current_principal()
    # A program without an institution has issued none.
    revoked = revocation().revoke(
        pass_id,
        json_data.reason,
        by=principal.id,
        institution=principal.institution or "",
    )
    return view_of_pass(revoked)
