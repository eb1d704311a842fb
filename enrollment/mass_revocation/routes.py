"""``/enrollment/v1/mass-revocations``: count, propose, approve, withdraw, watch."""

from __future__ import annotations

from collections.abc import Callable

from apiflask import APIBlueprint
from flask import Flask, current_app

from ca.revocation.errors import (
    InvalidityDateRefused,
    JobClosed,
    JobUnknown,
    SecondOfficerNeeded,
    SelectionRefused,
)
from ca.revocation.mass import MassRevocation
from ca.revocation.reasons import RevocationReason
from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, reads
from core.web.idempotent import idempotent
from core.web.openapi import may_refuse
from core.web.step_up import steps_up
from enrollment.institutions.errors import InstitutionUnknown
from enrollment.mass_revocation.covered import CoveredRevocation
from enrollment.mass_revocation.messages import (
    CountMessage,
    CountView,
    JobsView,
    JobView,
    NothingMessage,
    ProposalMessage,
    view_of_job,
)
from enrollment.permissions import REVOKE_MANY

mass_revocations = APIBlueprint(
    "mass_revocations", __name__, url_prefix="/enrollment/v1/mass-revocations"
)
_KEY = "camtrust_mass_revocation"


def mount_mass_revocation(app: Flask, mass: Callable[[], MassRevocation]) -> None:
    """Serve the routes from ``app``; ``mass`` is asked at each request."""
    app.extensions[_KEY] = mass
    app.register_blueprint(mass_revocations)


@mass_revocations.post("/count")
@requires(REVOKE_MANY)
@reads(JSON)
@may_refuse(SelectionRefused, InstitutionUnknown)
@mass_revocations.input(CountMessage, location="json")
@mass_revocations.output(CountView)
def count(json_data: CountMessage) -> CountView:
    """Count what would be revoked; nothing is changed."""
    return CountView(certificates=_mass().count(json_data.where.selection()))


@mass_revocations.post("")
@requires(REVOKE_MANY)
@reads(JSON)
@may_refuse(SelectionRefused, InvalidityDateRefused, InstitutionUnknown)
@idempotent
@steps_up
@mass_revocations.input(ProposalMessage, location="json")
@mass_revocations.output(JobView, status_code=201)
def propose(json_data: ProposalMessage) -> JobView:
    """Propose to revoke many certificates. Nothing is revoked before another officer approves."""
    return view_of_job(
        _mass().propose(
            json_data.where.selection(),
            reason=RevocationReason(json_data.reason),
            justification=json_data.justification,
            invalidity_date=json_data.invalidity_date,
        )
    )


@mass_revocations.get("")
@requires(REVOKE_MANY)
@mass_revocations.output(JobsView)
def list_open() -> JobsView:
    """List the mass revocations that wait for approval or are at work."""
    return JobsView(mass_revocations=tuple(map(view_of_job, _mass().open_jobs())))


@mass_revocations.get("/<int:job_id>")
@requires(REVOKE_MANY)
@may_refuse(JobUnknown)
@mass_revocations.output(JobView)
def show(job_id: int) -> JobView:
    """Show how far a mass revocation has come."""
    return view_of_job(_mass().job(job_id))


@mass_revocations.post("/<int:job_id>/approval")
@requires(REVOKE_MANY)
@reads(JSON)
@may_refuse(JobUnknown, JobClosed, SecondOfficerNeeded)
@idempotent
@steps_up
@mass_revocations.input(NothingMessage, location="json")
@mass_revocations.output(JobView)
def approve(job_id: int, json_data: NothingMessage) -> JobView:
    """Let another officer's proposal run; the scheduler begins within seconds."""
    return view_of_job(_mass().approve(job_id))


@mass_revocations.post("/<int:job_id>/withdrawal")
@requires(REVOKE_MANY)
@reads(JSON)
@may_refuse(JobUnknown, JobClosed)
@idempotent
@steps_up
@mass_revocations.input(NothingMessage, location="json")
@mass_revocations.output(JobView)
def withdraw(job_id: int, json_data: NothingMessage) -> JobView:
    """Give a proposal up."""
    return view_of_job(_mass().withdraw(job_id))


def _mass() -> CoveredRevocation:
    mass: Callable[[], MassRevocation] = current_app.extensions[_KEY]
    return CoveredRevocation(mass(), current_principal())
