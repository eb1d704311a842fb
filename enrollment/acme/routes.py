"""``/acme/``: the directory, and what it points to (RFC 8555, Section 7).

Callers are known by their JWS alone. Every answer carries a fresh nonce and the way to the
directory, refusals too, also those that other parts of the app made.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from apiflask import APIBlueprint
from flask import Response, request
from sqlalchemy import Connection

from core.errors import CamtrustError
from core.web.bodies import reads
from core.web.problems import MEDIA_TYPE, problem_response
from enrollment.acme import base64url
from enrollment.acme.account import Account
from enrollment.acme.addresses import PREFIX
from enrollment.acme.certificate_ids import parse_certificate_id
from enrollment.acme.challenges import Taken
from enrollment.acme.errors import PayloadMalformed
from enrollment.acme.finalizing import Wanted
from enrollment.acme.issued import IssuedCertificate
from enrollment.acme.key_change import change_key
from enrollment.acme.order import Authorization, Order, State, unknown
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
from enrollment.acme.signed_requests import AccountRequest, Act
from enrollment.wire_certificates import PEM_CHAIN_TYPE

JOSE = "application/jose+json"  # RFC 8555, Section 6.2
# X-Road's client asks five times and waits as long as it is told: 25 seconds are its own default.
RETRY_AFTER_SECONDS = 5
# RFC 9773, Section 4.3: six hours between two questions.
RENEWAL_INFORMATION_KEPT = timedelta(hours=6)
ORDERS_ON_A_PAGE = 50
T = TypeVar("T")


def acme_blueprint(server: AcmeServer) -> APIBlueprint:
    """Return the routes."""
    blueprint = APIBlueprint("acme", __name__, url_prefix=PREFIX, enable_openapi=False)
    door = _Door(server)
    _serve_open_resources(blueprint, server)
    _serve_accounts(blueprint, server, door)
    _serve_orders(blueprint, server, door)
    _serve_authorizations(blueprint, server, door)
    _serve_challenges(blueprint, server, door)
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
        if account_id is not None:
            _check_own(account_id, asked)
        return asked

    def carry_out(self, act: Act[T], *, locked: bool = False) -> T:
        """Do what a request of an account asks, as :meth:`SignedRequests.carry_out`."""
        return self._server.requests.carry_out(request.get_data(), act, url=self.url, locked=locked)

    def reads(self, find: Callable[[Connection, Account], T]) -> T:
        """Answer a POST-as-GET (RFC 8555, Section 6.3). Raises PayloadMalformed beside those."""

        def read(connection: Connection, asked: AccountRequest) -> T:
            if asked.payload:
                raise PayloadMalformed("This resource is read with an empty payload.")
            return find(connection, asked.account)

        return self.carry_out(read)


def _check_own(account_id: str, asked: AccountRequest) -> None:
    """Check that an account asks for itself. Raises ResourceUnknown."""
    if account_id != asked.account.id:
        raise unknown()


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
        found = server.issued.find(parse_certificate_id(certificate_id))
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
        after = request.args.get("after")

        def page(connection: Connection, asked: AccountRequest) -> Sequence[str]:
            _check_own(account_id, asked)
            return server.orders.page(
                connection, asked.account, after=after, limit=ORDERS_ON_A_PAGE
            )

        ids = door.carry_out(page)
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
        def take(connection: Connection, asked: AccountRequest) -> Order:
            wish = read_payload(NewOrder, asked.payload)
            return server.orders.take(connection, asked.account, wish)

        return show(door.carry_out(take, locked=True), status=201)

    @blueprint.post("/order/<order_id>")
    @reads(JOSE)
    def get_order(order_id: str) -> Response:
        def find(connection: Connection, account: Account) -> Order:
            return server.orders.find(connection, account, order_id)

        return show(door.reads(find))

    @blueprint.post("/order/<order_id>/finalize")
    @reads(JOSE)
    def finalize(order_id: str) -> Response:
        def want(connection: Connection, asked: AccountRequest) -> Wanted:
            wish = read_payload(Finalization, asked.payload)
            csr_der = base64url.decode(wish.csr)
            return server.finalizing.want(connection, asked.account, order_id, csr_der)

        return show(server.finalizing.finalize(door.carry_out(want)))


def _serve_authorizations(blueprint: APIBlueprint, server: AcmeServer, door: _Door) -> None:
    @blueprint.post("/new-authorization")
    @reads(JOSE)
    def new_authorization() -> Response:
        def make(connection: Connection, asked: AccountRequest) -> Authorization:
            wish = read_payload(NewAuthorization, asked.payload)
            return server.authorizations.pre_authorize(connection, asked.account, wish)

        made = door.carry_out(make)
        document = server.documents.authorization(made, server.clock.now())
        return _json(document, status=201, location=server.addresses.authorization(made.id))

    @blueprint.post("/authorization/<authorization_id>")
    @reads(JOSE)
    def authorization(authorization_id: str) -> Response:
        def act(connection: Connection, asked: AccountRequest) -> Authorization:
            if not asked.payload:
                return server.authorizations.find(connection, asked.account, authorization_id)
            read_payload(AuthorizationUpdate, asked.payload)
            return server.authorizations.deactivate(connection, asked.account, authorization_id)

        held = door.carry_out(act)
        response = _json(server.documents.authorization(held, server.clock.now()))
        if any(one.state is State.PROCESSING for one in held.challenges):
            response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response


def _serve_challenges(blueprint: APIBlueprint, server: AcmeServer, door: _Door) -> None:
    @blueprint.post("/challenge/<challenge_id>")
    @reads(JOSE)
    def challenge(challenge_id: str) -> Response:
        def act(connection: Connection, asked: AccountRequest) -> Taken:
            if not asked.payload:
                return Taken(server.challenges.find(connection, asked.account, challenge_id))
            read_payload(ChallengeAnswer, asked.payload)
            return server.challenges.take(connection, asked.account, challenge_id)

        answered = server.challenges.validate(door.carry_out(act))
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
        def find(connection: Connection, account: Account) -> IssuedCertificate:
            order = server.orders.find(connection, account, order_id)
            return server.issued.of_order(connection, order)

        chain = server.issued.pem_chain(door.reads(find))
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
