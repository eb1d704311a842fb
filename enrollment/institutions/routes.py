"""``/enrollment/v1/institutions``: register, list, suspend, reinstate, close."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, current_app

from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, reads
from core.web.idempotent import idempotent
from core.web.openapi import may_refuse
from core.web.step_up import steps_up
from enrollment.institutions.errors import (
    InstitutionExists,
    InstitutionNotActive,
    InstitutionRefused,
    InstitutionUnknown,
)
from enrollment.institutions.institution import Institution, InstitutionState
from enrollment.institutions.institutions import Institutions
from enrollment.institutions.messages import (
    InstitutionMessage,
    InstitutionStateMessage,
    InstitutionsView,
    InstitutionView,
    view_of_institution,
)
from enrollment.jurisdiction import Jurisdiction
from enrollment.permissions import MANAGE_INSTITUTIONS, READ_INSTITUTIONS

institutions_api = APIBlueprint("institutions", __name__, url_prefix="/enrollment/v1/institutions")
_KEY = "camtrust_institutions"


def mount_institutions(app: Flask, kept: Callable[[], Institutions]) -> None:
    """Serve the routes from ``app``; ``kept`` is asked at each request."""
    app.extensions[_KEY] = kept
    app.register_blueprint(institutions_api)


@institutions_api.post("")
@requires(MANAGE_INSTITUTIONS)
@reads(JSON)
@may_refuse(InstitutionRefused, InstitutionExists)
@idempotent
@steps_up
@institutions_api.input(InstitutionMessage, location="json")
@institutions_api.output(InstitutionView, status_code=201)
def register_institution(json_data: InstitutionMessage) -> Any:
    """Register an institution."""
    made = kept_institutions().register(json_data.details())
    location = f"{institutions_api.url_prefix}/{made.id}"
    return view_of_institution(made), 201, {"Location": location}


@institutions_api.get("")
@requires(READ_INSTITUTIONS)
@institutions_api.output(InstitutionsView)
def list_institutions() -> InstitutionsView:
    """List the institutions that one has to do with."""
    return InstitutionsView(institutions=tuple(map(view_of_institution, institutions_seen())))


@institutions_api.get("/<institution_id>")
@requires(READ_INSTITUTIONS)
@may_refuse(InstitutionUnknown)
@institutions_api.output(InstitutionView)
def show_institution(institution_id: str) -> InstitutionView:
    """Show an institution."""
    return view_of_institution(institution_seen(institution_id))


@institutions_api.post("/<institution_id>/suspension")
@requires(MANAGE_INSTITUTIONS)
@reads(JSON)
@may_refuse(InstitutionUnknown, InstitutionNotActive)
@idempotent
@steps_up
@institutions_api.input(InstitutionStateMessage, location="json")
@institutions_api.output(InstitutionView)
def suspend_institution(institution_id: str, json_data: InstitutionStateMessage) -> InstitutionView:
    """Suspend an institution: nothing new is begun for it. What was issued stays."""
    return _change(institution_id, InstitutionState.SUSPENDED)


@institutions_api.post("/<institution_id>/reinstatement")
@requires(MANAGE_INSTITUTIONS)
@reads(JSON)
@may_refuse(InstitutionUnknown, InstitutionNotActive)
@idempotent
@steps_up
@institutions_api.input(InstitutionStateMessage, location="json")
@institutions_api.output(InstitutionView)
def reinstate_institution(
    institution_id: str, json_data: InstitutionStateMessage
) -> InstitutionView:
    """Let a suspended institution go on."""
    return _change(institution_id, InstitutionState.ACTIVE)


@institutions_api.post("/<institution_id>/closure")
@requires(MANAGE_INSTITUTIONS)
@reads(JSON)
@may_refuse(InstitutionUnknown, InstitutionNotActive)
@idempotent
@steps_up
@institutions_api.input(InstitutionStateMessage, location="json")
@institutions_api.output(InstitutionView)
def close_institution(institution_id: str, json_data: InstitutionStateMessage) -> InstitutionView:
    """Close an institution for good."""
    return _change(institution_id, InstitutionState.CLOSED)


def kept_institutions() -> Institutions:
    """Return what keeps the institutions."""
    kept: Callable[[], Institutions] = current_app.extensions[_KEY]
    return kept()


def institutions_seen() -> Sequence[Institution]:
    """Return the institutions that whoever asks has to do with."""
    jurisdiction = Jurisdiction.of(current_principal())
    return [one for one in kept_institutions().all() if jurisdiction.covers(one.id)]


def institution_seen(institution_id: str) -> Institution:
    """Return an institution that whoever asks has to do with. Raises InstitutionUnknown."""
    if not Jurisdiction.of(current_principal()).covers(institution_id):
        raise InstitutionUnknown("There is no institution of this id that you may see.")
    return kept_institutions().find(institution_id)


def _change(institution_id: str, state: InstitutionState) -> InstitutionView:
    institution_seen(institution_id)
    return view_of_institution(kept_institutions().change_state(institution_id, state))
