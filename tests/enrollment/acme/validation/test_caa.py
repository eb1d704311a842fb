"""CAA records (RFC 8659, RFC 8657) served by a DNS server on loopback."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.acme.validation import ValidationFailed
from enrollment.acme.validation.caa_values import parse_issue_value
from tests.enrollment.acme.validation.scene import NAME, Scene

US, OTHER = "pki.gov.kh", "ca.example.org"
ACCOUNT = "https://pki.gov.kh/acme/account/7"


def check(scene: Scene, **other: Any) -> None:
    timeout = {"timeout_seconds": other.pop("timeout_seconds", 2.0)}
    asked = {"method": "http-01", "account_uri": ACCOUNT, "wildcard": False} | other
    scene.validation(**timeout).check_caa(NAME, **asked)


def refused(scene: Scene, **other: Any) -> ValidationFailed:
    with pytest.raises(ValidationFailed) as refusal:
        check(scene, **other)
    return refusal.value


def issue(scene: Scene, *values: str, name: str = NAME, tag: str = "issue") -> None:
    scene.dns.set_caa(name, *[(0, tag, value) for value in values])


def test_no_record_anywhere_lets_us_issue_and_the_root_is_not_asked(scene: Scene) -> None:
    check(scene)
    asked = [name for name, kind in scene.dns.queries if kind == "CAA"]
    assert asked == [NAME, "moi.gov.kh", "gov.kh", "kh"]


@pytest.mark.parametrize(
    "value", [US, US.upper(), f" {US} ", f"{US};", f"{US}; policy=ev", f"{US} ; a=b;"]
)
def test_our_name_lets_us_issue(scene: Scene, value: str) -> None:
    issue(scene, value)
    check(scene)


def test_our_name_among_others_lets_us_issue(scene: Scene) -> None:
    issue(scene, OTHER, ";", US)
    check(scene)


@pytest.mark.parametrize(
    "value", [";", "", OTHER, f"x.{US}", f"{US}.", "%%%", f"{US} x", f"{US}; =", f"{US}; a"]
)
def test_any_other_value_forbids(scene: Scene, value: str) -> None:
    issue(scene, value)
    assert refused(scene).acme_type == "caa"


def test_a_parents_records_count_where_a_name_has_none(scene: Scene) -> None:
    issue(scene, OTHER, name="gov.kh")
    assert "gov.kh" in refused(scene).detail


def test_the_nearest_records_count_alone(scene: Scene) -> None:
    issue(scene, US)
    issue(scene, ";", name="gov.kh")
    check(scene)


def test_records_behind_an_alias_count(scene: Scene) -> None:
    scene.dns.set_cname(NAME, "hosting.example.org")
    issue(scene, OTHER, name="hosting.example.org")
    assert refused(scene).acme_type == "caa"


def test_the_parents_of_an_alias_do_not_count(scene: Scene) -> None:
    scene.dns.set_cname(NAME, "hosting.example.org")
    scene.dns.set_a("hosting.example.org", "192.0.2.1")
    issue(scene, OTHER, name="example.org")
    check(scene)


def test_a_set_without_issue_restricts_nobody_and_ends_the_climb(scene: Scene) -> None:
    issue(scene, "mailto:it@moi.gov.kh", tag="iodef")
    issue(scene, ";", name="gov.kh")
    check(scene)


def test_an_unknown_critical_property_forbids(scene: Scene) -> None:
    scene.dns.set_caa(NAME, (0, "issue", US), (128, "tbs", "unknown"))
    assert "critical" in refused(scene).detail


def test_an_unknown_property_that_is_not_critical_does_not(scene: Scene) -> None:
    scene.dns.set_caa(NAME, (0, "issue", US), (1, "tbs", "unknown"))
    check(scene)


def test_a_known_property_may_be_critical_and_in_capitals(scene: Scene) -> None:
    scene.dns.set_caa(NAME, (128, "ISSUE", US), (128, "iodef", "mailto:it@moi.gov.kh"))
    check(scene)


# Wildcards.


def test_issuewild_goes_before_issue_for_a_wildcard(scene: Scene) -> None:
    scene.dns.set_caa(NAME, (0, "issue", US), (0, "issuewild", ";"))
    check(scene)
    assert refused(scene, wildcard=True).acme_type == "caa"


def test_issuewild_says_nothing_of_other_names(scene: Scene) -> None:
    scene.dns.set_caa(NAME, (0, "issue", ";"), (0, "issuewild", US))
    check(scene, wildcard=True)
    assert refused(scene).acme_type == "caa"


def test_issue_counts_for_a_wildcard_without_issuewild(scene: Scene) -> None:
    issue(scene, ";")
    assert refused(scene, wildcard=True).acme_type == "caa"


# RFC 8657.


def test_our_account_lets_us_issue(scene: Scene) -> None:
    issue(scene, f"{US}; accounturi={ACCOUNT}")
    check(scene)


@pytest.mark.parametrize(
    "parameters",
    [f"accounturi={ACCOUNT}1", "accounturi=", f"accounturi={ACCOUNT}; accounturi={ACCOUNT}"],
)
def test_another_account_or_several_forbid(scene: Scene, parameters: str) -> None:
    issue(scene, f"{US}; {parameters}")
    assert "accounturi" in refused(scene).detail


def test_one_property_for_each_of_two_accounts_lets_both(scene: Scene) -> None:
    issue(scene, f"{US}; accounturi={ACCOUNT}1", f"{US}; accounturi={ACCOUNT}")
    check(scene)


def test_a_method_of_the_list_lets_us_issue(scene: Scene) -> None:
    issue(scene, f"{US}; validationmethods=dns-01,http-01")
    check(scene)


@pytest.mark.parametrize("methods", ["dns-01", "", "http-011", "HTTP-01"])
def test_another_method_forbids(scene: Scene, methods: str) -> None:
    issue(scene, f"{US}; validationmethods={methods}")
    assert "validationmethods" in refused(scene).detail


# What cannot be known forbids.


@pytest.mark.parametrize("name", [NAME, "gov.kh"])
def test_servfail_forbids(scene: Scene, name: str) -> None:
    scene.dns.servfail(name, "CAA")
    assert refused(scene).acme_type == "dns"


def test_silence_forbids(scene: Scene) -> None:
    scene.dns.timeouts(NAME, "CAA")
    assert refused(scene, timeout_seconds=0.4).acme_type == "dns"


def test_aliases_in_a_circle_forbid(scene: Scene) -> None:
    scene.dns.set_cname(NAME, "loop.example.org")
    scene.dns.set_cname("loop.example.org", NAME)
    assert refused(scene).acme_type == "dns"


# The parser.


@given(st.binary(max_size=300) | st.text('ab.-;= \t"\\\x00é', max_size=80).map(str.encode))
def test_the_parser_raises_nothing_but_its_refusal(value: bytes) -> None:
    try:
        stated = parse_issue_value(value)
    except ValidationFailed as refusal:
        assert refusal.acme_type == "caa"
        assert refusal.detail.isascii()
    else:
        assert stated.issuer is None or stated.issuer.encode() in value.lower()
