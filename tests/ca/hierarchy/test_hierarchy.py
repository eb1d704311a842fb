"""The hierarchy file: what it says, and which mistakes it is refused for."""

from __future__ import annotations

from pathlib import Path

import pytest

from ca.hierarchy import AuthorityUndefined, HierarchyRefused, load_hierarchy, parse_hierarchy
from hsm.keys import KeyAlgorithm

ROOT = """
format = "camtrust-hierarchy-1"
[[authority]]
name = "root-1"
role = "root"
token = "root"
algorithm = "ec-p384"
profile = "root-ca"
[authority.subject]
country_name = "KH"
organization_name = "Example"
common_name = "Example Root 1"
"""


def authority(name: str, role: str, common_name: str, parent: str = "root-1") -> str:
    return f"""
[[authority]]
name = "{name}"
role = "{role}"
parent = "{parent}"
token = "issuing"
algorithm = "ec-p256"
profile = "issuing-ca"
[authority.subject]
country_name = "KH"
organization_name = "Example"
common_name = "{common_name}"
"""


def test_the_packaged_hierarchy_has_every_authority_of_the_nation() -> None:
    roles = {one.role: one for one in load_hierarchy()}
    assert set(roles) == {
        "root", "people", "organizations", "devices", "programs", "camdx", "health", "vds-nc",
    }  # fmt: skip
    assert roles["root"].algorithm is KeyAlgorithm.EC_P384
    assert roles["root"].token == "root"
    assert roles["camdx"].algorithm is KeyAlgorithm.RSA_3072


def test_the_health_and_test_country_authorities_are_anchors_of_their_own() -> None:
    anchors = {one.role for one in load_hierarchy() if one.is_anchor}
    assert anchors == {"root", "health", "vds-nc"}


def test_only_the_root_has_its_key_in_the_root_token() -> None:
    assert [one.name for one in load_hierarchy() if one.token == "root"] == ["root-1"]


def test_a_hierarchy_in_the_home_goes_before_the_packaged_one(home: Path) -> None:
    (home / "hierarchy.toml").write_text(ROOT)
    assert [one.name for one in load_hierarchy(home)] == ["root-1"]


def test_the_name_of_an_authority_is_its_subject_most_general_attribute_first() -> None:
    name = parse_hierarchy(ROOT.encode()).define("root-1").subject.name()
    assert name.rfc4514_string() == "CN=Example Root 1,O=Example,C=KH"


def test_an_authority_that_is_not_described_is_not_found() -> None:
    with pytest.raises(AuthorityUndefined):
        parse_hierarchy(ROOT.encode()).define("people-1")


@pytest.mark.parametrize(
    ("defect", "text"),
    [
        ("stands twice", ROOT + authority("root-1", "root", "Other")),
        ("has to stand before it", ROOT + authority("people-1", "people", "P", "programs-1")),
        ("one distinguished name", ROOT + authority("people-1", "people", "Example Root 1")),
        ("named for its role", ROOT + authority("people-1", "devices", "P")),
        ("authority.0.algorithm", ROOT.replace("ec-p384", "dsa-1024")),
        ("authority.0.subject.country_name", ROOT.replace('"KH"', '"kh"')),
        ("authority.0.colour", ROOT.replace('token = "root"', 'token = "root"\ncolour = "red"')),
        ("format", ROOT.replace("hierarchy-1", "hierarchy-2")),
        ("not valid TOML", ROOT + "["),
    ],
)
def test_a_mistake_is_named_with_file_and_key(defect: str, text: str) -> None:
    with pytest.raises(HierarchyRefused) as refusal:
        parse_hierarchy(text.encode(), file="h.toml")
    assert defect in str(refusal.value)
    assert str(refusal.value).startswith("h.toml: ")


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(HierarchyRefused):
        parse_hierarchy(b"\xff\xfe")
