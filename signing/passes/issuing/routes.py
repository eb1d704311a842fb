"""``/passes/v1``: programs of health and civil authorities issue passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, Response, current_app

from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, reads
from core.web.idempotent import act_id, idempotent
from core.web.limits import limited
from core.web.openapi import may_refuse
from signing.passes.issuing import errors
from signing.passes.issuing.issuing import PassIssuing, WantedPass
from signing.passes.issuing.messages import (
    NewPassMessage,
    PassTypesView,
    PassView,
    view_of_pass,
    view_of_type,
)
from signing.passes.issuing.permissions import ISSUE
from signing.passes.issuing.pictures import (
    CodeTooLong,
    PictureFormat,
    PictureUnknown,
    picture,
)

passes_api = APIBlueprint("passes", __name__, url_prefix="/passes/v1")
ONE = "/passes/<pass_id>"
# Each is some signatures by the token while a thread waits.
ISSUING_RATE = "600 per minute"
_KEY = "camtrust_passes"
_LARGEST_RECORD = 16 << 10
_PICTURE: dict[int | str, Any] = {
    200: {
        "description": "The picture.",
        "content": {one.mimetype: {"schema": {"type": "string"}} for one in PictureFormat},
    }
}


def mount_passes(app: Flask, issuing: Callable[[], PassIssuing]) -> None:
    """Serve the routes from ``app``; what they work with is asked at each request."""
    app.extensions[_KEY] = issuing
    app.register_blueprint(passes_api)


@passes_api.get("/types")
@requires(ISSUE)
@passes_api.output(PassTypesView)
def list_pass_types() -> PassTypesView:
    """List the types of passes that your institution may issue."""
    found = _issuing().types_of(current_principal().institution)
    return PassTypesView(types=tuple(map(view_of_type, found)))


@passes_api.post("/passes")
@requires(ISSUE)
@limited(ISSUING_RATE)
@reads(JSON, max_octets=_LARGEST_RECORD)
@may_refuse(
    errors.PassTypeUnknown,
    errors.PassTypeForbidden,
    errors.RecordIncomplete,
    errors.NameMismatch,
    errors.ReferenceTaken,
    errors.DocumentSignerMissing,
)
@idempotent
@passes_api.input(NewPassMessage, location="json")
@passes_api.output(PassView, status_code=201)
def issue_pass(json_data: NewPassMessage) -> Any:
    """Issue one pass, and get the texts of its codes."""
    wanted = WantedPass(
        id=act_id(), type=json_data.type, record=json_data.record, reference=json_data.reference
    )
    issued = _issuing().issue(wanted, by=current_principal())
    location = f"{passes_api.url_prefix}/passes/{issued.id}"
    return view_of_pass(issued), 201, {"Location": location}


@passes_api.get(ONE)
@requires(ISSUE)
@may_refuse(errors.PassUnknown)
@passes_api.output(PassView)
def show_pass(pass_id: str) -> PassView:
    """Show a pass that your institution issued."""
    return view_of_pass(_issuing().issued(pass_id, institution=current_principal().institution))


@passes_api.get(f"{ONE}/<kind>.<extension>")
@requires(ISSUE)
@may_refuse(errors.PassUnknown, PictureUnknown, CodeTooLong)
@passes_api.doc(responses=_PICTURE)
def draw_code(pass_id: str, kind: str, extension: str) -> Response:
    """Draw a code of a pass, as SVG or PNG: KIND.svg or KIND.png."""
    issued = _issuing().issued(pass_id, institution=current_principal().institution)
    code = next((one for one in issued.codes if one.value == kind), None)
    if code is None or extension not in list(PictureFormat):
        raise PictureUnknown(
            f"This pass has the codes {', '.join(issued.codes) or 'none any more'}, as svg or png."
        )
    wanted = PictureFormat(extension)
    response = Response(picture(code, issued.codes[code], wanted), mimetype=wanted.mimetype)
    # It tells of a person: no cache keeps it.
    response.headers["Cache-Control"] = "no-store"
    return response


def _issuing() -> PassIssuing:
    issuing: Callable[[], PassIssuing] = current_app.extensions[_KEY]
    return issuing()
