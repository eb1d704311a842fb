"""``/enrollment/v1/invitations``: invite, print slips, withdraw, look up, invite everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, current_app

from core.access import AccessPolicy
from core.mail.errors import MailRefused
from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, reads
from core.web.cursors import CursorMalformed, cursor_after, row_id_of
from core.web.idempotent import act_id, idempotent
from core.web.openapi import may_refuse
from core.web.problems import InvalidFields
from core.web.step_up import steps_up
from enrollment.institutions.errors import InstitutionNotActive, InstitutionUnknown
from enrollment.invitations.desk.routes import mount_desk
from enrollment.invitations.errors import (
    AccountClosed,
    InvitationClosed,
    InvitationUnknown,
    InvitingUnderWay,
    InvitingUnknown,
    NoOfficialMail,
    OwnSlip,
    PersonNotListed,
)
from enrollment.invitations.messages import (
    EmptyMessage,
    InvitationsQuery,
    InvitationsView,
    InvitationView,
    InvitedMessage,
    RunMessage,
    RunView,
    SlipMessage,
    SlipView,
    view_of_invitation,
    view_of_run,
    view_of_slip,
)
from enrollment.invitations.office import InvitationOffice
from enrollment.jurisdiction import Jurisdiction
from enrollment.permissions import INVITE, PRINT_SLIP, READ_INVITATIONS

invitations_api = APIBlueprint("invitations_api", __name__, url_prefix="/enrollment/v1/invitations")
_KEY = "camtrust_invitations"
_NOT_INVITED = (PersonNotListed, InstitutionNotActive, AccountClosed)


def mount_invitations(
    app: Flask, office: Callable[[], InvitationOffice], policy: Callable[[], AccessPolicy]
) -> None:
    """Serve the API and the officers' pages from ``app``; both are asked at each request."""
    app.extensions[_KEY] = office
    app.register_blueprint(invitations_api)
    mount_desk(app, office, policy)


@invitations_api.post("")
@requires(INVITE)
@reads(JSON)
@may_refuse(*_NOT_INVITED, NoOfficialMail, MailRefused)
@idempotent
@steps_up
@invitations_api.input(InvitedMessage, location="json")
@invitations_api.output(InvitationView, status_code=201)
def invite(json_data: InvitedMessage) -> Any:
    """Invite a listed person by mail to the official address; an open invitation is replaced."""
    made = _office().inviting.by_mail(
        _employment(json_data), invited_by=current_principal(), invitation_id=act_id()
    )
    location = f"{invitations_api.url_prefix}/{made.id}"
    return view_of_invitation(made), 201, {"Location": location}


@invitations_api.get("")
@requires(READ_INVITATIONS)
@may_refuse(CursorMalformed, InvalidFields)
@invitations_api.input(InvitationsQuery, location="query")
@invitations_api.output(InvitationsView)
def list_invitations(query_data: InvitationsQuery) -> InvitationsView:
    """List invitations, newest first."""
    found = _office().inviting.page(
        jurisdiction=_jurisdiction(),
        # One more than asked for tells whether there is a next page.
        limit=query_data.limit + 1,
        after=None if query_data.cursor is None else row_id_of(query_data.cursor),
        state=query_data.state,
    )
    shown = found[: query_data.limit]
    return InvitationsView(
        invitations=tuple(map(view_of_invitation, shown)),
        next_cursor=cursor_after(shown[-1].id) if len(found) > len(shown) else None,
    )


@invitations_api.get("/<invitation_id>")
@requires(READ_INVITATIONS)
@may_refuse(InvitationUnknown)
@invitations_api.output(InvitationView)
def show_invitation(invitation_id: str) -> InvitationView:
    """Show an invitation as it stands."""
    return view_of_invitation(_office().inviting.find(invitation_id, jurisdiction=_jurisdiction()))


@invitations_api.post("/<invitation_id>/withdrawal")
@requires(INVITE, PRINT_SLIP)
@reads(JSON)
@may_refuse(InvitationUnknown, InvitationClosed)
@idempotent
@steps_up
@invitations_api.input(EmptyMessage, location="json")
@invitations_api.output(InvitationView)
def withdraw(invitation_id: str, json_data: EmptyMessage) -> InvitationView:
    """Withdraw an open invitation; again, it changes nothing."""
    return view_of_invitation(
        _office().inviting.withdraw(invitation_id, withdrawn_by=current_principal())
    )


# Not idempotent by key: the answer would be kept, and with it the digits.
@invitations_api.post("/slips")
@requires(PRINT_SLIP)
@reads(JSON)
@may_refuse(*_NOT_INVITED, OwnSlip)
@steps_up
@invitations_api.input(SlipMessage, location="json")
@invitations_api.output(SlipView, status_code=201)
def print_slip(json_data: SlipMessage) -> Any:
    """Make a slip for a person whose document the officer saw; sent again, it makes a new one."""
    slip = _office().inviting.print_slip(
        _employment(json_data), printed_by=current_principal(), document=json_data.document
    )
    return view_of_slip(slip), 201, {"Cache-Control": "no-store"}


@invitations_api.post("/runs")
@requires(INVITE)
@reads(JSON)
@may_refuse(InstitutionUnknown, InstitutionNotActive, InvitingUnderWay)
@idempotent
@steps_up
@invitations_api.input(RunMessage, location="json")
@invitations_api.output(RunView, status_code=201)
def begin_run(json_data: RunMessage) -> Any:
    """Invite everybody of an institution who has an official address and no account."""
    run = _office().runs.begin(
        json_data.institution, requested_by=current_principal(), run_id=act_id()
    )
    return view_of_run(run), 201, {"Location": f"{invitations_api.url_prefix}/runs/{run.id}"}


@invitations_api.get("/runs/<run_id>")
@requires(READ_INVITATIONS)
@may_refuse(InvitingUnknown)
@invitations_api.output(RunView)
def show_run(run_id: str) -> RunView:
    """Show how far a run came."""
    return view_of_run(_office().runs.find(run_id, jurisdiction=_jurisdiction()))


def _office() -> InvitationOffice:
    office: Callable[[], InvitationOffice] = current_app.extensions[_KEY]
    return office()


def _jurisdiction() -> Jurisdiction:
    return Jurisdiction.of(current_principal())


def _employment(named: InvitedMessage) -> str:
    return _office().listing.employment_of(
        named.institution,
        person=named.person,
        staff_number=named.staff_number,
        jurisdiction=_jurisdiction(),
    )
