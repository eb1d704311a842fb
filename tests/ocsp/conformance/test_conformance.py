"""Each rule of the standards, through each way into the responder."""

from __future__ import annotations

from collections.abc import Callable
from inspect import getmembers, isfunction

import pytest

from ocsp.conformance import RULES, Rule, read_rules
from tests.ca.revocation.world import Keeps, World
from tests.conftest import SettableClock
from tests.ocsp.conformance import extensions, http, messages, trust
from tests.ocsp.conformance.scene import WAYS, Scene

Check = Callable[[Scene], None]


def is_check(function: object) -> bool:
    names = list(getattr(function, "__annotations__", {}).values())
    return names == ["Scene", "None"]


CHECKS: dict[str, Check] = {
    name: function
    for module in (messages, extensions, trust, http)
    for name, function in getmembers(module, isfunction)
    if is_check(function)
}
OURS = [rule for rule in RULES if rule.check is not None]


def title(rule: Rule) -> str:
    return f"{rule.rfc}-{rule.section}-{rule.level}-{rule.check}".replace(" ", "-")


@pytest.fixture(params=WAYS)
def scene(
    request: pytest.FixtureRequest, world: World, clock: SettableClock, retention: Keeps
) -> Scene:
    return Scene(world, clock, retention, WAYS[request.param])


@pytest.mark.parametrize("rule", OURS, ids=title)
def test_the_responder_keeps_to(rule: Rule, scene: Scene) -> None:
    assert rule.check is not None
    CHECKS[rule.check](scene)


def test_every_rule_has_a_check_or_a_reason_and_every_check_a_rule() -> None:
    assert {rule.check for rule in OURS} == set(CHECKS)
    for rule in RULES:
        assert (rule.check is None) != (rule.not_ours is None)


def test_the_table_names_sections_levels_and_no_rule_twice() -> None:
    levels = {"MUST", "MUST NOT", "SHALL", "SHOULD", "SHOULD NOT", "RECOMMENDED", "form"}
    assert {rule.level for rule in RULES} == levels
    assert len({(rule.rfc, rule.section, rule.level, rule.text) for rule in RULES}) == len(RULES)
    assert {rule.rfc for rule in OURS} == {5019, 6960, 9654, 9919}


def test_a_line_that_is_no_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="unpack"):
        list(read_rules(6960, "2.2 | MUST | something"))
