"""``/enrollment/v1/clients``: officers register programs and look after them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, current_app

from core.errors import CamtrustError
from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, reads
from core.web.cursors import CursorMalformed, cursor_after, row_id_of
from core.web.idempotent import act_id, idempotent
from core.web.openapi import may_refuse
from core.web.problems import InvalidFields
from core.web.step_up import steps_up
from enrollment.application import Verdict
from enrollment.clients.clients import Clients
from enrollment.clients.errors import (
    ClientDecided,
    ClientKeyRefused,
    ClientKeyTaken,
    ClientKeyUnknown,
    ClientRefused,
    ClientStateRefused,
    ClientUnknown,
    OwnClient,
)
from enrollment.clients.messages import (
    CertificateMessage,
    ClientMessage,
    ClientsQuery,
    ClientsView,
    ClientView,
    KeyMessage,
    summary_of_client,
    view_of_client,
)
from enrollment.errors import CertificateNotForRole, OfficerExists
from enrollment.institutions.errors import InstitutionNotActive, InstitutionUnknown
from enrollment.jurisdiction import Jurisdiction
from enrollment.messages import ApprovalMessage, Message, RefusalMessage
from enrollment.officers import OfficerState
from enrollment.permissions import READ_CLIENTS, REGISTER_CLIENT

clients_api = APIBlueprint("clients", __name__, url_prefix="/enrollment/v1/clients")
ONE = "/<client_id>"
_KEY = "camtrust_clients"
View = Callable[..., ClientView]


def mount_clients(app: Flask, clients: Callable[[], Clients]) -> None:
    """Serve the routes from ``app``; ``clients`` is asked at each request."""
    app.extensions[_KEY] = clients
    app.register_blueprint(clients_api)


def _act(
    path: str, *refusals: type[CamtrustError], takes: type[Message] = ApprovalMessage
) -> Callable[[View], View]:
    """Make a view the route of an act on one program, by the officers who register programs."""

    def routed(view: View) -> View:
        view = clients_api.output(ClientView)(view)
        view = clients_api.input(takes, location="json")(view)
        view = may_refuse(ClientUnknown, *refusals)(idempotent(steps_up(view)))
        view = requires(REGISTER_CLIENT)(reads(JSON)(view))
        routed_view: View = clients_api.post(f"{ONE}/{path}")(view)
        return routed_view

    return routed


@clients_api.post("")
@requires(REGISTER_CLIENT)
@reads(JSON)
@may_refuse(
    ClientRefused, ClientKeyRefused, ClientKeyTaken, InstitutionUnknown, InstitutionNotActive
)
@idempotent
@steps_up
@clients_api.input(ClientMessage, location="json")
@clients_api.output(ClientView, status_code=201)
def register_client(json_data: ClientMessage) -> Any:
    """Register a program. With a scope for many requests it waits for another officer."""
    by = current_principal()
    client = _clients().register(
        json_data.details(by.institution), json_data.public_keys(), by=by, client_id=act_id()
    )
    return view_of_client(client), 201, {"Location": f"{clients_api.url_prefix}/{client.id}"}


@clients_api.get("")
@requires(READ_CLIENTS)
@may_refuse(CursorMalformed, InvalidFields)
@clients_api.input(ClientsQuery, location="query")
@clients_api.output(ClientsView)
def list_clients(query_data: ClientsQuery) -> ClientsView:
    """List programs, newest first; an institution's officer sees its own."""
    found = _clients().page(
        Jurisdiction.of(current_principal()),
        # One more than asked for tells whether there is a next page.
        limit=query_data.limit + 1,
        after=None if query_data.cursor is None else row_id_of(query_data.cursor),
    )
    shown = found[: query_data.limit]
    return ClientsView(
        clients=tuple(map(summary_of_client, shown)),
        next_cursor=cursor_after(shown[-1].id) if len(found) > len(shown) else None,
    )


@clients_api.get(ONE)
@requires(READ_CLIENTS)
@may_refuse(ClientUnknown)
@clients_api.output(ClientView)
def show_client(client_id: str) -> ClientView:
    """Show a program with its keys."""
    return view_of_client(_clients().find(client_id, Jurisdiction.of(current_principal())))


@_act("approval", OwnClient, ClientDecided)
def approve_client(client_id: str, json_data: ApprovalMessage) -> ClientView:
    """Approve another officer's registration."""
    return view_of_client(_clients().decide(client_id, Verdict.APPROVED, by=current_principal()))


@_act("refusal", OwnClient, ClientDecided, takes=RefusalMessage)
def refuse_client(client_id: str, json_data: RefusalMessage) -> ClientView:
    """Refuse another officer's registration, with the reason."""
    refused = _clients().decide(
        client_id, Verdict.REFUSED, by=current_principal(), reason=json_data.reason
    )
    return view_of_client(refused)


@_act("keys", ClientRefused, ClientKeyRefused, ClientKeyTaken, takes=KeyMessage)
def add_client_key(client_id: str, json_data: KeyMessage) -> ClientView:
    """Add a public key, so that the program can change to it without a gap."""
    by = current_principal()
    # First whether there is such a client for this officer, then what is wrong with the key.
    found = _clients().find(client_id, Jurisdiction.of(by))
    return view_of_client(_clients().add_key(found.id, json_data.key(), by=by))


@_act("keys/<thumbprint>/end", ClientKeyUnknown)
def end_client_key(client_id: str, thumbprint: str, json_data: ApprovalMessage) -> ClientView:
    """Take a key out of use for ever; the program's tokens end too."""
    return view_of_client(_clients().end_key(client_id, thumbprint, by=current_principal()))


@_act("certificates", CertificateNotForRole, OfficerExists, takes=CertificateMessage)
def bind_client_certificate(client_id: str, json_data: CertificateMessage) -> ClientView:
    """Let the program prove itself with a certificate of ours, under `service-client`."""
    by = current_principal()
    found = _clients().find(client_id, Jurisdiction.of(by))
    certificate = json_data.read()
    if certificate is None:
        raise CertificateNotForRole("This is no certificate in PEM.")
    return view_of_client(_clients().bind_certificate(found.id, certificate, by=by))


@_act("suspension", ClientStateRefused)
def suspend_client(client_id: str, json_data: ApprovalMessage) -> ClientView:
    """Let the program do nothing for a while; its tokens end at once."""
    return _change(client_id, OfficerState.SUSPENDED)


@_act("reinstatement", ClientStateRefused)
def reinstate_client(client_id: str, json_data: ApprovalMessage) -> ClientView:
    """Let a suspended program work again."""
    return _change(client_id, OfficerState.ACTIVE)


@_act("closure", ClientStateRefused)
def close_client(client_id: str, json_data: ApprovalMessage) -> ClientView:
    """End a program's access for good. What it applied for stays."""
    return _change(client_id, OfficerState.REMOVED)


def _change(client_id: str, standing: OfficerState) -> ClientView:
    changed = _clients().change_standing(client_id, standing, by=current_principal())
    return view_of_client(changed)


def _clients() -> Clients:
    clients: Callable[[], Clients] = current_app.extensions[_KEY]
    return clients()
