"""Somebody with passkeys, in a world."""

from __future__ import annotations

import json
from typing import Any

from enrollment.passkeys.credentials import read_answer, read_new_credential
from enrollment.passkeys.passkey import Passkey
from tests.enrollment.passkeys.authenticator import Authenticator
from tests.enrollment.world import World

BROWSER = "b" * 43


def subscriber(world: World, number: str = "012345678") -> str:
    """Take up somebody who may sign in; return their id."""
    if not world.institutions.all():
        world.found()
    return world.subscribers.enroll(world.employ(number=number))


def register(world: World, principal: str, device: Authenticator, name: str = "phone") -> Passkey:
    """Register a passkey at the host that the device believes to be at."""
    parts = world.sign_in_parts
    side = parts.public if device.origin == parts.public.party.origin else parts.officers
    options = json.loads(side.questions.to_register(principal, "somebody", []))
    return side.passkeys.register(principal, name, read_new_credential(device.create(options)))


def device_of(world: World, principal: str) -> Authenticator:
    """Return a device that is registered at the public host."""
    device = Authenticator(world.sign_in_parts.public.party.origin)
    register(world, principal, device)
    return device


def question(world: World, browser: str = BROWSER) -> dict[str, Any]:
    options: dict[str, Any] = json.loads(world.sign_in_parts.ways.passkey_question(browser))
    return options


def sign_in(world: World, answer: str, browser: str = BROWSER) -> str:
    """Return the principal whom an answer signs in."""
    token = world.sign_in_parts.ways.by_passkey(
        read_answer(answer), browser=browser, shared_computer=False
    )
    session = world.sessions.find(token)
    assert session is not None
    return session.principal.id


def officer_with_passkey(world: World, officer: str, *, by: str) -> Authenticator:
    """Return an officer's device whose passkey another officer confirmed."""
    parts = world.sign_in_parts
    device = Authenticator(parts.officers.party.origin)
    passkey = register(world, officer, device)
    parts.passkey_office.confirmations.confirm(passkey.id, officer=by)
    return device
