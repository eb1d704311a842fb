"""Several vantage points: each with a DNS server of its own and its own way out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from pydantic import ValidationError

from enrollment.acme.validation import ValidationSettings, VantagePoint
from enrollment.acme.validation.dns_01 import expected_value
from tests.enrollment.acme.dns_server import DnsServer
from tests.enrollment.acme.validation.scene import KEY_AUTHORIZATION, NAME, OUTSIDE, RIGHT, Scene

OWNER = f"_acme-challenge.{NAME}"
DIGEST = expected_value(KEY_AUTHORIZATION).decode()


@pytest.fixture
def remotes() -> Iterator[list[DnsServer]]:
    with ExitStack() as stack:
        yield [stack.enter_context(DnsServer()) for _ in range(3)]


def points(servers: list[DnsServer]) -> tuple[VantagePoint, ...]:
    return tuple(
        VantagePoint(name=f"place {number}", resolvers=(server.resolver,))
        for number, server in enumerate(servers)
    )


def see(*servers: DnsServer, value: str = DIGEST) -> None:
    for server in servers:
        server.set_txt(OWNER, value)


def test_all_agree(scene: Scene, remotes: list[DnsServer]) -> None:
    see(scene.dns, *remotes)
    scene.dns_01(vantage_points=points(remotes))
    assert all(server.queries == [(OWNER, "TXT")] for server in remotes)


def test_one_of_three_may_see_something_else(scene: Scene, remotes: list[DnsServer]) -> None:
    see(scene.dns, *remotes[:2])
    scene.dns_01(vantage_points=points(remotes))


def test_two_of_three_may_not(scene: Scene, remotes: list[DnsServer]) -> None:
    see(scene.dns, remotes[2])
    refusal = scene.refused_dns_01(vantage_points=points(remotes))
    assert refusal.acme_type == "dns"
    assert "2 of 3 vantage points" in refusal.detail
    assert "place 0" in refusal.detail


def test_the_settings_may_want_all_of_them(scene: Scene, remotes: list[DnsServer]) -> None:
    see(scene.dns, *remotes[:2])
    scene.refused_dns_01(vantage_points=points(remotes), remote_failures_allowed=0)


def test_what_is_not_seen_here_is_not_asked_elsewhere(
    scene: Scene, remotes: list[DnsServer]
) -> None:
    see(*remotes)
    scene.refused_dns_01(vantage_points=points(remotes))
    assert all(server.queries == [] for server in remotes)


def test_caa_is_checked_from_everywhere(scene: Scene, remotes: list[DnsServer]) -> None:
    for server in remotes[:2]:
        server.set_caa(NAME, (0, "issue", ";"))
    checked = scene.validation(vantage_points=points(remotes))
    with pytest.raises(Exception, match="2 of 3 vantage points"):
        checked.check_caa(NAME, method="dns-01", account_uri="https://x/1", wildcard=False)


def test_a_vantage_point_leaves_from_its_source_address(scene: Scene) -> None:
    scene.dns.set_a(NAME, OUTSIDE)
    server = scene.serve(RIGHT)
    point = VantagePoint(
        name="tunnel", resolvers=(scene.dns.resolver,), source_addresses=("127.0.0.9",)
    )
    scene.http_01(vantage_points=(point,))
    assert server.callers[1:] == ["127.0.0.9"]


def test_a_source_address_that_is_not_ours_fails_that_vantage_point(scene: Scene) -> None:
    scene.dns.set_a(NAME, OUTSIDE)
    scene.serve(RIGHT)
    point = VantagePoint(
        name="gone", resolvers=(scene.dns.resolver,), source_addresses=("192.0.2.9",)
    )
    assert "gone" in scene.refused_http_01(vantage_points=(point,)).detail


@pytest.mark.parametrize(("count", "allowed"), [(0, 0), (1, 0), (2, 1), (5, 1), (6, 2)])
def test_how_many_may_fail_follows_the_baseline_requirements(count: int, allowed: int) -> None:
    made = tuple(VantagePoint(name=f"p{one}", resolvers=("192.0.2.1",)) for one in range(count))
    assert ValidationSettings(vantage_points=made).failures_allowed == allowed


POINT = {"name": "a", "resolvers": ["192.0.2.1"]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"resolvers": ["dns.example.org"]},
        {"resolvers": ["192.0.2.1:0"]},
        {"resolvers": ["192.0.2.1:99999"]},
        {"resolvers": ["[2001:db8::1"]},
        {"caa_identities": ["PKI.gov.kh"]},
        {"timeout_seconds": 0},
        {"http_port": 0},
        {"vantage_points": [POINT, POINT]},
        {"vantage_points": [POINT], "remote_failures_allowed": 1},
        {"vantage_points": [{**POINT, "source_addresses": ["192.0.2.1", "192.0.2.2"]}]},
        {"vantage_points": [{**POINT, "resolvers": []}]},
        {"vantage_points": [{**POINT, "source_addresses": ["2001:db8::1"]}]},
        {"unknown": 1},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ValidationSettings.model_validate(wrong)


@pytest.mark.parametrize(
    "right", ["192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:53"]
)
def test_resolvers_are_written_with_a_port_or_without(right: str) -> None:
    assert ValidationSettings(resolvers=(right,)).resolvers == (right,)
