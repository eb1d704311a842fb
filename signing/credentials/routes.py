"""``/signing/v1/credentials``: seal keys of organizations, and what officers do with any key.

A program has to do with its own organization's keys alone; people's keys are made at their own
pages. Officers never learn a PIN: they open a locked key again, let it rest, or end it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, current_app, request
from pydantic import ValidationError

from core.access import Principal, Role
from core.errors import Forbidden
from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, JsonMalformed, parse_json, reads
from core.web.idempotent import act_id, idempotent
from core.web.limits import limited
from core.web.openapi import may_refuse
from core.web.step_up import steps_up
from signing.credentials.credential import Credential, Holder, HolderKind
from signing.credentials.credentials import Credentials
from signing.credentials.errors import (
    CredentialExists,
    CredentialLocked,
    CredentialStateRefused,
    CredentialUnknown,
    PinBusy,
    PinRefused,
    PinUnsuitable,
    SecondFactorRefused,
    TooManyCredentials,
)
from signing.credentials.holder_acts import HolderActs
from signing.credentials.making import KeyMaking
from signing.credentials.messages import (
    KeysView,
    KeyView,
    NewKeyMessage,
    PinChangeMessage,
    PinMessage,
    ProofMessage,
    view_of_key,
)
from signing.credentials.permissions import GOVERN, SIGN
from signing.credentials.second_factor import Caller, KeyAct, KeyActKind

credentials_api = APIBlueprint("credentials", __name__, url_prefix="/signing/v1/credentials")
ONE = "/<credential_id>"
_KEY = "camtrust_credentials"
# Beside what the second factor holds off: nobody types PINs faster.
PIN_TRIES = "30 per minute"
# Each is a key made in the token and a PIN stretched; a holder has few.
MAKING_RATE = "60 per hour"
_OPENING = (
    CredentialUnknown,
    CredentialStateRefused,
    CredentialLocked,
    PinRefused,
    PinBusy,
    SecondFactorRefused,
)
_ENDING = (CredentialUnknown, CredentialStateRefused, SecondFactorRefused, JsonMalformed)

PROOF_BODY: dict[str, Any] = {
    "required": False,
    "content": {
        JSON: {
            "schema": ProofMessage.model_json_schema(),
            "example": {"client_assertion": "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"},
        }
    },
}


class NoOrganization(Forbidden):
    """The program belongs to no organization, so there is no seal that it could keep."""

    problem = "no-organization"
    title = "Your program belongs to no organization"


@dataclass(frozen=True)
class CredentialDesk:
    """What the routes work with.

    ``institutions_of``: where a person serves. ``certificate_sha256``: of the certificate that a
    request came with, None for none.
    """

    credentials: Credentials
    making: KeyMaking
    acts: HolderActs
    institutions_of: Callable[[str], frozenset[str]]
    certificate_sha256: Callable[[Mapping[str, Any]], bytes | None]


def mount_credentials(app: Flask, desk: Callable[[], CredentialDesk]) -> None:
    """Serve the routes from ``app``; ``desk`` is asked at each request."""
    app.extensions[_KEY] = desk
    app.register_blueprint(credentials_api)


@credentials_api.post("")
@requires(SIGN)
@limited(MAKING_RATE)
@reads(JSON)
@may_refuse(NoOrganization, PinUnsuitable, TooManyCredentials)
@idempotent
@credentials_api.input(NewKeyMessage, location="json")
@credentials_api.output(KeyView, status_code=201)
def make_a_seal_key(json_data: NewKeyMessage) -> Any:
    """Make a seal key for your organization in the HSM; apply for its certificate with `csr`."""
    holder = _organization(current_principal())
    try:
        made, request_der = _desk().making.make(
            holder,
            credential_id=act_id(),
            label=json_data.label,
            algorithm=json_data.algorithm,
            pin=json_data.pin,
        )
    except CredentialExists:
        # A run of this very request made it, and died before its answer.
        made = _desk().credentials.find(act_id(), holder=holder)
        request_der = _desk().making.request(made.id, pin=json_data.pin, holder=holder)
    return view_of_key(made, request_der)


@credentials_api.get("")
@requires(SIGN)
@may_refuse(NoOrganization)
@credentials_api.output(KeysView)
def list_seal_keys() -> Any:
    """List the seal keys of your organization."""
    held = _desk().credentials.of_holder(_organization(current_principal()))
    return {"credentials": [view_of_key(one) for one in held]}


@credentials_api.get(ONE)
@requires(SIGN, GOVERN)
@may_refuse(CredentialUnknown)
@credentials_api.output(KeyView)
def show_a_signing_key(credential_id: str) -> Any:
    """Show a signing key that you have to do with."""
    return view_of_key(_found(credential_id))


@credentials_api.post(f"{ONE}/request")
@requires(SIGN)
@limited(PIN_TRIES)
@reads(JSON)
@may_refuse(*_OPENING)
@credentials_api.input(PinMessage, location="json")
@credentials_api.output(KeyView)
def ask_for_a_certification_request(credential_id: str, json_data: PinMessage) -> Any:
    """Get a certification request of a seal key again."""
    found = _found(credential_id)
    act, proof = _act(found, KeyActKind.REQUEST), json_data.client_assertion
    return view_of_key(found, _desk().acts.request(act, proof, pin=json_data.pin))


@credentials_api.post(f"{ONE}/pin")
@requires(SIGN)
@limited(PIN_TRIES)
@reads(JSON)
@may_refuse(PinUnsuitable, *_OPENING)
@credentials_api.input(PinChangeMessage, location="json")
@credentials_api.output(KeyView)
def change_the_pin(credential_id: str, json_data: PinChangeMessage) -> Any:
    """Give a seal key another PIN. What was authorized before ends."""
    found = _found(credential_id)
    act, proof = _act(found, KeyActKind.CHANGE_PIN), json_data.client_assertion
    _desk().acts.change_pin(act, proof, old=json_data.pin, new=json_data.new_pin)
    return view_of_key(found)


@credentials_api.post(f"{ONE}/suspension")
@requires(SIGN, GOVERN)
@may_refuse(*_ENDING)
@steps_up
@credentials_api.doc(extensions={"requestBody": PROOF_BODY})
@credentials_api.output(KeyView)
def suspend_a_signing_key(credential_id: str) -> Any:
    """Let a signing key rest. What was authorized before ends.

    A program without a certificate sends a client_assertion about it.
    """
    return _end(credential_id, KeyActKind.SUSPEND)


@credentials_api.post(f"{ONE}/resumption")
@requires(GOVERN)
@may_refuse(CredentialUnknown, CredentialStateRefused)
@steps_up
@credentials_api.output(KeyView)
def resume_a_signing_key(credential_id: str) -> Any:
    """Let a suspended signing key sign again."""
    return _govern(credential_id, _desk().credentials.resume)


@credentials_api.post(f"{ONE}/unlocking")
@requires(GOVERN)
@may_refuse(CredentialUnknown, CredentialStateRefused)
@steps_up
@credentials_api.output(KeyView)
def unlock_a_signing_key(credential_id: str) -> Any:
    """Open a signing key that wrong PINs locked; its PIN stays the same."""
    return _govern(credential_id, _desk().credentials.unlock)


@credentials_api.post(f"{ONE}/destruction")
@requires(SIGN, GOVERN)
@may_refuse(*_ENDING)
@steps_up
@credentials_api.doc(extensions={"requestBody": PROOF_BODY})
@credentials_api.output(KeyView)
def destroy_a_signing_key(credential_id: str) -> Any:
    """Erase a signing key for ever. Revoke its certificate too.

    A program without a certificate sends a client_assertion about it.
    """
    return _end(credential_id, KeyActKind.DESTROY)


def _govern(credential_id: str, step: Callable[..., Credential]) -> Any:
    """Let an officer take a step with a key."""
    found, who = _found(credential_id), current_principal()
    return view_of_key(step(found.id, by=who.id, holder=found.holder))


def _end(credential_id: str, kind: KeyActKind) -> Any:
    """Suspend or destroy a key: an officer by step-up, a program by its own proof."""
    desk, is_suspension = _desk(), kind is KeyActKind.SUSPEND
    who = current_principal()
    if who.role is not Role.SERVICE:
        credentials = desk.credentials
        return _govern(credential_id, credentials.suspend if is_suspension else credentials.destroy)
    act = _act(_found(credential_id), kind)
    step = desk.acts.suspend if is_suspension else desk.acts.destroy
    return view_of_key(step(act, _assertion(), by=who.id))


def _act(found: Credential, kind: KeyActKind) -> KeyAct:
    who = current_principal()
    # A program's token that is bound to a certificate was taken with that certificate alone.
    caller = Caller(who.id, who.institution, _desk().certificate_sha256(request.environ))
    return KeyAct(found.holder, found.id, kind, caller)


def _assertion() -> str | None:
    """Return the client_assertion of a body that may be left out. Raises JsonMalformed."""
    body = request.get_data()
    if not body:
        return None
    try:
        return ProofMessage.model_validate(parse_json(body)).client_assertion
    except ValidationError as error:
        raise JsonMalformed("The body has the member client_assertion, and no other.") from error


def _desk() -> CredentialDesk:
    desk: CredentialDesk = current_app.extensions[_KEY]()
    return desk


def _organization(who: Principal) -> Holder:
    if who.institution is None:
        raise NoOrganization("Ask the officers to register it for your institution.")
    return Holder(HolderKind.ORGANIZATION, who.institution)


def _found(credential_id: str) -> Credential:
    """Return a key that the principal has to do with. Raises CredentialUnknown."""
    who = current_principal()
    if who.role is Role.SERVICE:
        return _desk().credentials.find(credential_id, holder=_organization(who))
    found = _desk().credentials.find(credential_id)
    if who.institution is None or who.institution in _institutions(found.holder):
        return found
    # An officer of one institution does not learn of another's keys.
    raise CredentialUnknown("There is no signing key of this id.")


def _institutions(holder: Holder) -> frozenset[str]:
    if holder.kind is HolderKind.ORGANIZATION:
        return frozenset({holder.id})
    return _desk().institutions_of(holder.id)
