"""The addresses to which signers' browsers go back; officers register them for programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, current_app
from pydantic import BaseModel, ConfigDict, Field

from core.errors import NotFound
from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, reads
from core.web.openapi import may_refuse
from core.web.step_up import steps_up
from signing.csc.errors import ReturnAddressUnsuitable
from signing.csc.permissions import READ_CLIENTS, REGISTER_CLIENT
from signing.csc.programs import Programs
from signing.csc.return_addresses import LONGEST, ReturnAddresses

programs_api = APIBlueprint("signing_programs", __name__, url_prefix="/signing/v1/programs")
ADDRESSES = "/<client_id>/return-addresses"
_KEY = "camtrust_return_addresses"


class SigningProgramUnknown(NotFound):
    """There is no such program in your charge, or it may not ask for signatures."""

    problem = "signing-program-unknown"
    title = "There is no such program"


@dataclass(frozen=True)
class RegisteringDesk:
    """What the routes work with."""

    programs: Programs
    addresses: ReturnAddresses


class AddressMessage(BaseModel):
    """An address to come back to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str = Field(min_length=1, max_length=LONGEST)


class AddressesView(BaseModel):
    """The addresses of a program."""

    addresses: list[str]


def mount_registering(app: Flask, desk: Callable[[], RegisteringDesk]) -> None:
    """Serve the routes from ``app``; ``desk`` is asked at each request."""
    app.extensions[_KEY] = desk
    app.register_blueprint(programs_api)


@programs_api.get(ADDRESSES)
@requires(READ_CLIENTS, REGISTER_CLIENT)
@may_refuse(SigningProgramUnknown)
@programs_api.output(AddressesView)
def list_return_addresses(client_id: str) -> Any:
    """List the addresses that a program may come back to after a signer decided."""
    return _view(_known(client_id))


@programs_api.post(ADDRESSES)
@requires(REGISTER_CLIENT)
@reads(JSON)
@may_refuse(SigningProgramUnknown, ReturnAddressUnsuitable)
@steps_up
@programs_api.input(AddressMessage, location="json")
@programs_api.output(AddressesView)
def register_a_return_address(client_id: str, json_data: AddressMessage) -> Any:
    """Let a program come back to an address; it is compared to the letter."""
    known = _known(client_id)
    _desk().addresses.add(known, json_data.address, by=current_principal().id)
    return _view(known)


@programs_api.post(f"{ADDRESSES}/removal")
@requires(REGISTER_CLIENT)
@reads(JSON)
@may_refuse(SigningProgramUnknown)
@steps_up
@programs_api.input(AddressMessage, location="json")
@programs_api.output(AddressesView)
def remove_a_return_address(client_id: str, json_data: AddressMessage) -> Any:
    """Let a program come back to an address no longer."""
    known = _known(client_id)
    _desk().addresses.remove(known, json_data.address, by=current_principal().id)
    return _view(known)


def _desk() -> RegisteringDesk:
    desk: RegisteringDesk = current_app.extensions[_KEY]()
    return desk


def _known(client_id: str) -> str:
    found, who = _desk().programs.find(client_id), current_principal()
    if found is None or who.institution not in {None, found.institution}:
        raise SigningProgramUnknown("There is no program of this id that asks for signatures.")
    return found.id


def _view(client_id: str) -> dict[str, Any]:
    return {"addresses": _desk().addresses.of(client_id)}
