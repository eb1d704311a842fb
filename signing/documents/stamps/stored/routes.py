"""``/signing/v1/stamp-templates``: what an institution's stamps look like, ordered by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, current_app

from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, reads
from core.web.idempotent import act_id, idempotent
from core.web.openapi import may_refuse
from signing.documents.messages import EmptyMessage
from signing.documents.permissions import SEAL
from signing.documents.stamped import StampNeedsInstitution, answering
from signing.documents.stamps.errors import SealRefused
from signing.documents.stamps.order import MAX_OCTETS
from signing.documents.stamps.stored.errors import (
    StampTemplateTaken,
    StampTemplateUnknown,
    TooManyStampTemplates,
)
from signing.documents.stamps.stored.messages import (
    NewStampTemplateMessage,
    StampTemplateMessage,
    StampTemplatesView,
    StampTemplateView,
    WholeStampTemplateView,
    view_of_template,
    whole_view_of,
)
from signing.documents.stamps.stored.templates import StampTemplates

templates_api = APIBlueprint("stamp_templates", __name__, url_prefix="/signing/v1/stamp-templates")
ONE = "/<template_name>"
_KEY = "camtrust_stamp_templates"


def mount_stamp_templates(app: Flask, templates: Callable[[], StampTemplates]) -> None:
    """Serve the routes from ``app``; what they work with is asked at each request."""
    app.extensions[_KEY] = templates
    app.register_blueprint(templates_api)


@templates_api.post("")
@requires(SEAL)
@reads(JSON, max_octets=MAX_OCTETS)
@may_refuse(StampNeedsInstitution, StampTemplateTaken, TooManyStampTemplates, SealRefused)
@idempotent
@templates_api.input(NewStampTemplateMessage, location="json")
@templates_api.output(StampTemplateView, status_code=201)
def create_stamp_template(json_data: NewStampTemplateMessage) -> Any:
    """Store a stamp template under a name; stamps are ordered by it as ``template``."""
    stored = _templates().create(
        _institution(), json_data.name, json_data.look, by=current_principal(), act_id=act_id()
    )
    location = f"{templates_api.url_prefix}/{stored.name}"
    return view_of_template(stored), 201, {"Location": location}


@templates_api.get("")
@requires(SEAL)
@may_refuse(StampNeedsInstitution)
@templates_api.output(StampTemplatesView)
def list_stamp_templates() -> StampTemplatesView:
    """List your institution's stamp templates by name."""
    found = _templates().all_of(_institution())
    return StampTemplatesView(templates=tuple(map(view_of_template, found)))


@templates_api.get(ONE)
@requires(SEAL)
@may_refuse(StampNeedsInstitution, StampTemplateUnknown)
@templates_api.output(WholeStampTemplateView)
def show_stamp_template(template_name: str) -> WholeStampTemplateView:
    """Show a stamp template with its picture."""
    return whole_view_of(_templates().find(_institution(), template_name))


@templates_api.put(ONE)
@requires(SEAL)
@reads(JSON, max_octets=MAX_OCTETS)
@may_refuse(StampNeedsInstitution, StampTemplateUnknown, StampTemplateTaken, SealRefused)
@idempotent
@templates_api.input(StampTemplateMessage, location="json")
@templates_api.output(StampTemplateView)
def replace_stamp_template(
    template_name: str, json_data: StampTemplateMessage
) -> StampTemplateView:
    """Store a new version. Batches that began go on with the version that they began with."""
    stored = _templates().replace(
        _institution(), template_name, json_data.look, by=current_principal(), act_id=act_id()
    )
    return view_of_template(stored)


@templates_api.post(f"{ONE}/end")
@requires(SEAL)
@reads(JSON)
@may_refuse(StampNeedsInstitution, StampTemplateUnknown)
@idempotent
@templates_api.input(EmptyMessage, location="json")
@templates_api.output(StampTemplateView)
def end_stamp_template(template_name: str, json_data: EmptyMessage) -> StampTemplateView:
    """Let the name have no template any more. Batches that began go on."""
    return view_of_template(_templates().end(_institution(), template_name))


def _templates() -> StampTemplates:
    templates: Callable[[], StampTemplates] = current_app.extensions[_KEY]
    return templates()


def _institution() -> str:
    return answering(current_principal().institution)
