"""``/enrollment/v1/grants``: propose, look up, decide, withdraw, hand the secret over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, current_app

from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, reads
from core.web.cursors import CursorMalformed, cursor_after, row_id_of
from core.web.idempotent import act_id, idempotent
from core.web.openapi import may_refuse
from core.web.problems import InvalidFields
from core.web.step_up import steps_up
from enrollment.application import Verdict
from enrollment.decisions import DecisionToMake
from enrollment.errors import FactUnknown, ProfileNotOpen
from enrollment.grants.errors import (
    GrantClosed,
    GrantDecidedBefore,
    GrantNotActive,
    GrantRefused,
    GrantUnknown,
    OwnGrant,
    SecretForProposer,
)
from enrollment.grants.grants import Grants
from enrollment.grants.messages import (
    EmptyMessage,
    GrantMessage,
    GrantsQuery,
    GrantsView,
    GrantView,
    SecretView,
    summary_of_grant,
    view_of_grant,
)
from enrollment.grants.secrets import GrantSecrets
from enrollment.institutions.errors import InstitutionNotActive, InstitutionUnknown
from enrollment.jurisdiction import Jurisdiction
from enrollment.messages import RefusalMessage
from enrollment.permissions import DECIDE, PROPOSE_GRANT, READ_GRANTS, WITHDRAW_GRANT

grants_api = APIBlueprint("grants", __name__, url_prefix="/enrollment/v1/grants")
_KEY = "camtrust_grants"


@dataclass(frozen=True)
class GrantOffice:
    """What the routes work with."""

    grants: Grants
    secrets: GrantSecrets


def mount_grants(app: Flask, office: Callable[[], GrantOffice]) -> None:
    """Serve the routes from ``app``; ``office`` is asked at each request."""
    app.extensions[_KEY] = office
    app.register_blueprint(grants_api)


@grants_api.post("")
@requires(PROPOSE_GRANT)
@reads(JSON)
@may_refuse(ProfileNotOpen, FactUnknown, GrantRefused, InstitutionUnknown, InstitutionNotActive)
@idempotent
@steps_up
@grants_api.input(GrantMessage, location="json")
@grants_api.output(GrantView, status_code=201)
def propose_grant(json_data: GrantMessage) -> Any:
    """Propose a grant by which a machine enrols. It gives nothing before others approve it."""
    grant = _office().grants.propose(
        json_data.proposal(), proposed_by=current_principal().id, grant_id=act_id()
    )
    return view_of_grant(grant), 201, {"Location": f"{grants_api.url_prefix}/{grant.id}"}


@grants_api.get("")
@requires(READ_GRANTS)
@may_refuse(CursorMalformed, InvalidFields)
@grants_api.input(GrantsQuery, location="query")
@grants_api.output(GrantsView)
def list_grants(query_data: GrantsQuery) -> GrantsView:
    """List grants, newest first."""
    found = _office().grants.page(
        # One more than asked for tells whether there is a next page.
        limit=query_data.limit + 1,
        after=None if query_data.cursor is None else row_id_of(query_data.cursor),
        states=() if query_data.state is None else (query_data.state,),
        within=Jurisdiction.of(current_principal()),
    )
    shown = found[: query_data.limit]
    return GrantsView(
        grants=tuple(map(summary_of_grant, shown)),
        next_cursor=cursor_after(shown[-1].id) if len(found) > len(shown) else None,
    )


@grants_api.get("/<grant_id>")
@requires(READ_GRANTS)
@may_refuse(GrantUnknown)
@grants_api.output(GrantView)
def show_grant(grant_id: str) -> GrantView:
    """Show a grant with its decisions."""
    within = Jurisdiction.of(current_principal())
    return view_of_grant(_office().grants.find(grant_id, within=within))


@grants_api.post("/<grant_id>/approval")
@requires(DECIDE)
@reads(JSON)
@may_refuse(GrantUnknown, OwnGrant, GrantDecidedBefore, GrantClosed)
@idempotent
@steps_up
@grants_api.input(EmptyMessage, location="json")
@grants_api.output(GrantView)
def approve_grant(grant_id: str, json_data: EmptyMessage) -> GrantView:
    """Approve a grant. With the last approval that it needs, its client may enrol."""
    return _decide(grant_id, Verdict.APPROVED, None)


@grants_api.post("/<grant_id>/refusal")
@requires(DECIDE)
@reads(JSON)
@may_refuse(GrantUnknown, OwnGrant, GrantDecidedBefore, GrantClosed)
@idempotent
@steps_up
@grants_api.input(RefusalMessage, location="json")
@grants_api.output(GrantView)
def refuse_grant(grant_id: str, json_data: RefusalMessage) -> GrantView:
    """Refuse a grant, with the reason."""
    return _decide(grant_id, Verdict.REFUSED, json_data.reason)


@grants_api.post("/<grant_id>/withdrawal")
@requires(WITHDRAW_GRANT)
@reads(JSON)
@may_refuse(GrantUnknown, GrantClosed)
@idempotent
@steps_up
@grants_api.input(EmptyMessage, location="json")
@grants_api.output(GrantView)
def withdraw_grant(grant_id: str, json_data: EmptyMessage) -> GrantView:
    """End a grant for good. The certificates issued by it stay; revoke them where needed."""
    return view_of_grant(_office().grants.withdraw(grant_id, withdrawn_by=current_principal().id))


# Not idempotent by key: the answer would be kept, and with it the secret.
@grants_api.post("/<grant_id>/secret")
@requires(PROPOSE_GRANT)
@reads(JSON)
@may_refuse(GrantUnknown, GrantNotActive, SecretForProposer)
@steps_up
@grants_api.input(EmptyMessage, location="json")
@grants_api.output(SecretView)
def hand_secret_over(grant_id: str, json_data: EmptyMessage) -> Any:
    """Show an active grant's secret to the officer who proposed it; that is logged each time."""
    grant, secret = _office().secrets.hand_over(grant_id, officer=current_principal().id)
    view = SecretView(protocol=grant.protocol, name=grant.id, secret=secret)
    return view, 200, {"Cache-Control": "no-store"}


def _office() -> GrantOffice:
    office: Callable[[], GrantOffice] = current_app.extensions[_KEY]
    return office()


def _decide(grant_id: str, verdict: Verdict, reason: str | None) -> GrantView:
    decision = DecisionToMake(act_id(), current_principal().id, verdict, reason)
    return view_of_grant(_office().grants.decide(grant_id, decision))
