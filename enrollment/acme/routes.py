"""``/acme/``: the directory, and what it points to (RFC 8555, Section 7).

Callers are known by their JWS alone. Every answer carries a fresh nonce and the way to the
directory, refusals too, also those that other parts of the app made.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from core.errors import CamtrustError
from core.web.bodies import reads
from core.web.problems import MEDIA_TYPE, problem_response
from enrollment.acme import base64url
from enrollment.acme.addresses import PREFIX
from enrollment.acme.certificate_ids import parse_certificate_id
from enrollment.acme.errors import PayloadMalformed, ResourceUnknown
from enrollment.acme.key_change import change_key
from enrollment.acme.order import ChallengeRow, Order, State
from enrollment.acme.payloads import (
    AccountUpdate,
    AuthorizationUpdate,
    ChallengeAnswer,
    Finalization,
    NewAccount,
    NewAuthorization,
    NewOrder,
    RevocationRequest,
    read_payload,
)
from enrollment.acme.problem_types import PREFIX as TYPE_PREFIX
from enrollment.acme.problem_types import acme_type, acme_type_of_status
from enrollment.acme.server import AcmeServer
from enrollment.acme.signed_requests import AccountRequest
from enrollment.wire_certificates import PEM_CHAIN_TYPE

JOSE = "application/jose+json"  # RFC 8555, Section 6.2
# X-Road's client asks five times and waits as long as it is told: 25 seconds are its own default.
RETRY_AFTER_SECONDS = 5
# RFC 9773, Section 4.3: six hours between two questions.
RENEWAL_INFORMATION_KEPT = timedelta(hours=6)
ORDERS_ON_A_PAGE = 50


def acme_blueprint(server: AcmeServer) -> APIBlueprint:
    """Return the routes."""
    blueprint = APIBlueprint("acme", __name__, url_prefix=PREFIX, enable_openapi=False)
    door = _Door(server)
    _serve_open_resources(blueprint, server)
    _serve_accounts(blueprint, server, door)
    _serve_orders(blueprint, server, door)
    _serve_authorizations(blueprint, server, door)
    _serve_certificates(blueprint, server, door)
    blueprint.register_error_handler(CamtrustError, _refuse)

    @blueprint.after_app_request
    def complete(response: Response) -> Response:
        if request.path.startswith(f"{PREFIX}/"):
            _speak_acme(response)
            _add_headers(response, server)
        return response

    return blueprint


class _Door:
    """Reads the request that is being answered."""

    def __init__(self, server: AcmeServer) -> None:
        self._server = server

    @property
    def url(self) -> str:
        """The URL as the client has to have signed it, whatever host a proxy names."""
        query = request.query_string.decode("latin-1")
        path = f"{self._server.addresses.public_url}{request.path}"
        return f"{path}?{query}" if query else path

    def account(self, account_id: str | None = None) -> AccountRequest:
        """Take a request of an account; with ``account_id`` of that one. Raises as the door."""
        asked = self._server.requests.by_account(request.get_data(), url=self.url)
        if account_id not in {None, asked.account.id}:
            raise ResourceUnknown("There is nothing under this URL that this account may see.")
        return asked

    def reads(self) -> AccountRequest:
        """Take a POST-as-GET (RFC 8555, Section 6.3). Raises PayloadMalformed beside those."""
        asked = self.account()
        if asked.payload:
            raise PayloadMalformed("This resource is read with an empty payload.")
        return asked


def _serve_open_resources(blueprint: APIBlueprint, server: AcmeServer) -> None:
    @blueprint.get("/directory")
    def directory() -> Response:
        return _json(server.documents.directory())

    @blueprint.get("/new-nonce")
    def new_nonce() -> Response:
        # RFC 8555, Section 7.2: 200 to HEAD and 204 to GET.
        return Response(status=200 if request.method == "HEAD" else 204)

    @blueprint.get("/renewal-info/<certificate_id>")
    def renewal_information(certificate_id: str) -> Response:
        found = server.issued.by_id(parse_certificate_id(certificate_id))
        response = _json(server.documents.renewal_information(found))
        seconds = RENEWAL_INFORMATION_KEPT // timedelta(seconds=1)
        response.headers["Retry-After"] = str(seconds)
        return response


def _serve_accounts(blueprint: APIBlueprint, server: AcmeServer, door: _Door) -> None:
    @blueprint.post("/new-account")
    @reads(JOSE)
    def new_account() -> Response:
        asked = server.requests.by_key(request.get_data(), url=door.url)
        wish = read_payload(NewAccount, asked.payload)
        registered = server.accounts.register(wish, key=asked.key, url=door.url)
        location = server.addresses.account(registered.account.id)
        document = server.documents.account(registered.account)
        return _json(document, status=201 if registered.is_new else 200, location=location)

    @blueprint.post("/account/<account_id>")
    @reads(JOSE)
    def account(account_id: str) -> Response:
        asked = door.account(account_id)
        present = asked.account
        if asked.payload:
            wish = read_payload(AccountUpdate, asked.payload)
            present = server.accounts.update(present, wish)
        return _json(server.documents.account(present))

    @blueprint.post("/account/<account_id>/orders")
    @reads(JOSE)
    def account_orders(account_id: str) -> Response:
        asked = door.account(account_id)
        after = request.args.get("after")
        ids = server.orders.page(asked.account, after=after, limit=ORDERS_ON_A_PAGE)
        response = _json({"orders": [server.addresses.order(one) for one in ids]})
        if len(ids) == ORDERS_ON_A_PAGE:
            # RFC 8555, Section 7.1.2.1.
            here = server.addresses.account(account_id)
            response.headers.add("Link", f'<{here}/orders?after={ids[-1]}>;rel="next"')
        return response

    @blueprint.post("/key-change")
    @reads(JOSE)
    def key_change() -> Response:
        asked = door.account()
        changed = change_key(server.accounts, asked, server.addresses)
        return _json(server.documents.account(changed))


def _serve_orders(blueprint: APIBlueprint, server: AcmeServer, door: _Door) -> None:
    def show(order: Order, *, status: int = 200) -> Response:
        document = server.documents.order(order, server.clock.now())
        response = _json(document, status=status, location=server.addresses.order(order.id))
        if document["status"] in {State.PROCESSING, State.PENDING}:
            response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response

    @blueprint.post("/new-order")
    @reads(JOSE)
    def new_order() -> Response:
        asked = door.account()
        order = server.orders.take(asked.account, read_payload(NewOrder, asked.payload))
        return show(order, status=201)

    @blueprint.post("/order/<order_id>")
    @reads(JOSE)
    def get_order(order_id: str) -> Response:
        return show(server.orders.find(door.reads().account, order_id))

    @blueprint.post("/order/<order_id>/finalize")
    @reads(JOSE)
    def finalize(order_id: str) -> Response:
        asked = door.account()
        wish = read_payload(Finalization, asked.payload)
        csr_der = base64url.decode(wish.csr)
        return show(server.finalizing.finalize(asked.account, order_id, csr_der))


def _serve_authorizations(blueprint: APIBlueprint, server: AcmeServer, door: _Door) -> None:
    @blueprint.post("/new-authorization")
    @reads(JOSE)
    def new_authorization() -> Response:
        asked = door.account()
        wish = read_payload(NewAuthorization, asked.payload)
        made = server.authorizations.pre_authorize(asked.account, wish)
        document = server.documents.authorization(made, server.clock.now())
        return _json(document, status=201, location=server.addresses.authorization(made.id))

    @blueprint.post("/authorization/<authorization_id>")
    @reads(JOSE)
    def authorization(authorization_id: str) -> Response:
        asked = door.account()
        if asked.payload:
            read_payload(AuthorizationUpdate, asked.payload)
            held = server.authorizations.deactivate(asked.account, authorization_id)
        else:
            held = server.authorizations.find(asked.account, authorization_id)
        response = _json(server.documents.authorization(held, server.clock.now()))
        if any(one.state is State.PROCESSING for one in held.challenges):
            response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response

    @blueprint.post("/challenge/<challenge_id>")
    @reads(JOSE)
    def challenge(challenge_id: str) -> Response:
        asked = door.account()
        if asked.payload:
            read_payload(ChallengeAnswer, asked.payload)
            answered: ChallengeRow = server.challenges.answer(asked.account, challenge_id)
        else:
            answered = server.challenges.find(asked.account, challenge_id)
        response = _json(server.documents.challenge(answered))
        above = server.addresses.authorization(answered.authorization)
        response.headers.add("Link", f'<{above}>;rel="up"')  # RFC 8555, Section 7.5.1
        if answered.state is State.PROCESSING:
            response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response


def _serve_certificates(blueprint: APIBlueprint, server: AcmeServer, door: _Door) -> None:
    @blueprint.post("/certificate/<order_id>")
    @reads(JOSE)
    def certificate(order_id: str) -> Response:
        order = server.orders.find(door.reads().account, order_id)
        chain = server.issued.pem_chain(server.issued.of_order(order))
        return Response(chain, content_type=PEM_CHAIN_TYPE)

    @blueprint.post("/revoke-certificate")
    @reads(JOSE)
    def revoke_certificate() -> Response:
        asked = server.requests.by_either(request.get_data(), url=door.url)
        server.revoking.revoke(asked, read_payload(RevocationRequest, asked.payload))
        return Response(status=200)


def _json(document: dict[str, Any], *, status: int = 200, location: str | None = None) -> Response:
    response = Response(json.dumps(document), status=status, content_type="application/json")
    if location is not None:
        response.headers["Location"] = location
    return response


def _refuse(error: CamtrustError) -> Response:
    response = problem_response(error)
    _set_type(response, acme_type(error))
    if isinstance(account := error.data.get("account"), str):
        response.headers["Location"] = account  # RFC 8555, Section 7.3.5
    return response


def _speak_acme(response: Response) -> None:
    # What other parts refused (no such path, too many requests) has no ACME type yet.
    if response.mimetype == MEDIA_TYPE and TYPE_PREFIX.encode() not in response.get_data():
        _set_type(response, acme_type_of_status(response.status_code))


def _set_type(response: Response, kind: str) -> None:
    document = json.loads(response.get_data())
    response.set_data(json.dumps({**document, "type": kind}, ensure_ascii=False))


def _add_headers(response: Response, server: AcmeServer) -> None:
    directory = server.addresses.at("/directory")
    response.headers.add("Link", f'<{directory}>;rel="index"')  # RFC 8555, Section 7.1
    try:
        response.headers["Replay-Nonce"] = server.nonces.fresh()
    except CamtrustError:
        return  # the database is away, and the answer says so already
