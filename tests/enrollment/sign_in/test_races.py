"""One code and one state, brought back by many at once, let one in; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from core.errors import CamtrustError
from enrollment.sign_in.openid.settings import OpenIdSettings
from enrollment.sign_in.settings import SignInSettings
from tests.enrollment.passkeys.world import subscriber
from tests.enrollment.sign_in.provider import CLIENT, SECRET, TestProvider, serving
from tests.enrollment.world import World

MANY = 6


def outcomes(act: Callable[[], object]) -> list[str]:
    """Do an act many times at once; return what came of each."""

    def attempt(_number: int) -> str:
        try:
            act()
        except CamtrustError as refusal:
            return refusal.problem
        return "in"

    with ThreadPoolExecutor(MANY) as pool:
        return sorted(pool.map(attempt, range(MANY)))


def test_a_code_between_the_hosts_lets_one_in(either_world: World) -> None:
    somebody = subscriber(either_world)
    handovers = either_world.sign_in_parts.handovers
    handover = handovers.begin(browser="b", shared_computer=False, back="/")
    code = handovers.certify(handover, principal=somebody)
    found = outcomes(lambda: handovers.finish(code, browser="b"))
    assert found == ["handover-refused"] * (MANY - 1) + ["in"]


def test_a_handover_is_certified_by_one_of_many(either_world: World) -> None:
    somebody = subscriber(either_world)
    handovers = either_world.sign_in_parts.handovers
    handover = handovers.begin(browser="b", shared_computer=False, back="/")
    found = outcomes(lambda: handovers.certify(handover, principal=somebody))
    assert found == ["handover-refused"] * (MANY - 1) + ["in"]


@pytest.fixture
def provided(either_world: World, tmp_path: Path, clock: Any) -> Any:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    with serving(TestProvider(clock)) as provider:
        either_world.sign_in_settings = SignInSettings(
            openid=OpenIdSettings(
                issuer=provider.issuer,
                client_id=CLIENT,
                client_secret_file=secret,
                networks=(ip_network("127.0.0.0/8"),),
            )
        )
        yield provider


def test_a_state_lets_one_in(either_world: World, provided: TestProvider) -> None:
    flows = either_world.sign_in_parts.openid
    assert flows is not None
    url = flows.begin(browser="b", shared_computer=False, back="/")
    answer = dict(parse_qsl(provided.authorize(url)))
    found = outcomes(lambda: flows.complete(answer, browser="b"))
    assert found == ["in"] + ["provider-answer-refused"] * (MANY - 1)


def test_what_nobody_brings_back_is_forgotten(either_world: World, provided: TestProvider) -> None:
    parts = either_world.sign_in_parts
    assert parts.openid is not None
    parts.openid.begin(browser="b", shared_computer=False, back="/")
    parts.handovers.begin(browser="b", shared_computer=False, back="/")
    assert (parts.openid.forget_old(), parts.handovers.forget_old()) == (0, 0)
    either_world.clock.advance(timedelta(minutes=10))
    assert (parts.openid.forget_old(), parts.handovers.forget_old()) == (1, 1)
