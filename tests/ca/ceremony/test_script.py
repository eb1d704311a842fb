"""Ceremony scripts: what they say, and which mistakes they are refused for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ca.ceremony.development import development_script
from ca.ceremony.script import Kind, ScriptRefused, parse_script
from ca.hierarchy import load_hierarchy

SCRIPT = f"""
format = "camtrust-ceremony-1"
id = "crl-2027"
kind = "root-crl"
purpose = "The yearly CRL"
place = "Phnom Penh"
opens = 2027-01-15T09:00:00+07:00
closes = 2027-01-15T17:00:00+07:00
hierarchy_sha256 = "{"0" * 64}"
[[step]]
act = "publish-crl"
authority = "root-1"
"""


def test_a_script_says_what_is_done_when_and_by_whom() -> None:
    script = parse_script(SCRIPT.encode())
    assert script.kind is Kind.ROOT_CRL
    assert script.opens == datetime(2027, 1, 15, 2, tzinfo=UTC)
    [step] = script.steps
    assert (step.act, step.authority, step.actor) == (
        "publish-crl", "root-1", "ceremony-administrator",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("defect", "old", "new"),
    [
        ("needs its offset", "2027-01-15T09:00:00+07:00", "2027-01-15T09:00:00"),
        ("closes has to be after opens", "T17:00", "T08:00"),
        ("has no step terminate-authority", 'act = "publish-crl"',
         'act = "terminate-authority"\nreason = "over"'),
        ("custodians are enrolled in", "[[step]]", "[custodians]\nquorum = 0\n[[step]]"),
        ("at least one step", '[[step]]\nact = "publish-crl"\nauthority = "root-1"', ""),
        ("step.0", "publish-crl", "open-the-safe"),
        ("step.0.publish-crl.colour", 'authority = "root-1"', 'authority = "root-1"\ncolour = 1'),
        ("id", "crl-2027", "../../etc"),
        ("hierarchy_sha256", "0" * 64, "0" * 63),
        ("format", "ceremony-1", "ceremony-9"),
        ("not valid TOML", "[[step]]", "[[step"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_file_and_key(defect: str, old: str, new: str) -> None:
    assert old in SCRIPT
    with pytest.raises(ScriptRefused) as refusal:
        parse_script(SCRIPT.replace(old, new).encode(), file="s.toml")
    assert defect in str(refusal.value)
    assert "s.toml" in str(refusal.value)


def test_a_cross_certification_names_one_subject() -> None:
    crossing = SCRIPT.replace("root-crl", "cross-certification").replace(
        'act = "publish-crl"', 'act = "cross-certify"'
    )
    with pytest.raises(ScriptRefused, match="either subject"):
        parse_script(crossing.encode())


def test_a_script_of_absurd_size_is_refused_unread() -> None:
    with pytest.raises(ScriptRefused, match="larger"):
        parse_script(SCRIPT.encode() + b"#" * (1 << 20))


def test_the_development_script_makes_every_authority_and_its_crls() -> None:
    hierarchy = load_hierarchy()
    script = development_script(hierarchy, datetime(2026, 11, 23, 8, 0, 0, 5, tzinfo=UTC))
    made = [one.authority for one in script.steps if one.act == "create-authority"]
    listed = [one.authority for one in script.steps if one.act == "publish-crl"]
    certified = [one.authority for one in script.steps if one.act == "certify-responder"]
    assert made == listed == [one.name for one in hierarchy]
    assert certified == ["root-1"]
