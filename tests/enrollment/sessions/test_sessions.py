"""Sessions: opened, used, idle, over; and whose they are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.access import Principal, Role
from core.web.session_cookie import COOKIE
from enrollment.officers import OfficerState
from enrollment.sessions.models import sessions
from enrollment.sessions.sessions import SignInMethod
from tests.enrollment.world import World


@pytest.fixture
def subscriber(world: World) -> str:
    world.found()
    return world.subscribers.enroll(world.employ())


def test_the_holder_of_the_token_is_known(world: World, subscriber: str) -> None:
    token = world.sessions.open(subscriber, method=SignInMethod.PASSKEY)
    found = world.sessions.find(token)
    assert found is not None and found.principal == Principal(subscriber, Role.SUBSCRIBER)
    assert world.sessions.find("another") is None


def test_the_table_has_no_token(world: World, subscriber: str) -> None:
    token = world.sessions.open(subscriber, method=SignInMethod.PASSKEY)
    with world.database.read() as connection:
        [row] = connection.execute(select(sessions))
    assert token.encode() not in b"".join(str(value).encode() for value in row)


@pytest.mark.parametrize(("shared", "idle", "longest"), [(False, 60, 720), (True, 15, 60)])
def test_a_session_ends_idle_and_after_its_longest(
    world: World, subscriber: str, shared: bool, idle: int, longest: int
) -> None:
    token = world.sessions.open(subscriber, method=SignInMethod.SLIP, shared_computer=shared)
    for _ in range(longest // (idle - 1) + 1):
        world.clock.advance(timedelta(minutes=idle - 1))
        last = world.sessions.find(token)
    assert last is None
    again = world.sessions.open(subscriber, method=SignInMethod.SLIP, shared_computer=shared)
    world.clock.advance(timedelta(minutes=idle))
    assert world.sessions.find(again) is None
    world.clock.advance(timedelta(minutes=longest))
    assert world.sessions.forget_ended() == 2


def test_a_suspended_subscriber_has_no_session(world: World, subscriber: str) -> None:
    token = world.sessions.open(subscriber, method=SignInMethod.PASSKEY)
    world.subscribers.change_state(subscriber, OfficerState.SUSPENDED)
    assert world.sessions.find(token) is None
    world.subscribers.change_state(subscriber, OfficerState.ACTIVE)
    assert world.sessions.find(token) is not None


def test_all_of_ones_sessions_end_at_once(world: World, subscriber: str) -> None:
    tokens = [world.sessions.open(subscriber, method=SignInMethod.PASSKEY) for _ in range(3)]
    assert len(world.sessions.all_of(subscriber)) == 3
    world.sessions.close(tokens[0])
    assert world.sessions.close_all(subscriber) == 2
    assert [world.sessions.find(token) for token in tokens] == [None] * 3


def test_a_session_counts_at_the_public_listener_alone(world: World, subscriber: str) -> None:
    token = world.sessions.open(subscriber, method=SignInMethod.PASSKEY)
    for listener, expected in ((Listener.PUBLIC, 200), (Listener.OFFICERS, 401)):
        client = create_app(world.parts(), listener).test_client()
        client.set_cookie(COOKIE, token)
        answer = client.get("/enrollment/v1/me")
        assert answer.status_code == expected
    client = create_app(world.parts(), Listener.PUBLIC).test_client()
    assert client.get("/enrollment/v1/me").status_code == 401
