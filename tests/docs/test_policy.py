"""The certificate policy and practice statement keep RFC 3647's outline, and citations hold."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

CP = "docs/policy/cp.md"
CPS = "docs/policy/cps.md"
CITATION = re.compile(r"\bCP ([1-9](?:\.[0-9]+)+)\b")


@pytest.fixture
def outline() -> list[str]:
    """RFC 3647, Section 6: number and title of every section."""
    file = Path(__file__).parent / "rfc3647-outline.txt"
    return file.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", [CP, CPS])
def test_every_section_of_the_outline_stands_in_its_order(
    name: str, documents: dict[str, Any], outline: list[str]
) -> None:
    assert [text for level, text in documents[name].headings if level > 1] == outline


@pytest.mark.parametrize("name", [CP, CPS])
def test_a_heading_is_as_deep_as_its_number(name: str, documents: dict[str, Any]) -> None:
    for level, text in documents[name].headings[1:]:
        assert level == text.split(" ")[0].count(".") + 2, text


@pytest.mark.parametrize("name", [CP, CPS])
def test_no_section_is_empty(name: str, documents: dict[str, Any]) -> None:
    sections = _sections(documents[name].text)
    above = {number.rpartition(".")[0] for number in sections}
    assert [number for number, text in sections.items() if not text and number not in above] == []


def test_the_list_of_open_points_is_complete(documents: dict[str, Any]) -> None:
    sections = _sections(documents[CP].text)
    listing = sections.pop("9.17")
    # Section 1 explains the mark itself, before its first heading.
    open_points = [number for number, text in sections.items() if "**Open" in text]
    assert re.findall(r"\[([0-9.]+)\]", listing) == open_points


def test_a_section_that_a_file_cites_exists(root: Path, outline: list[str]) -> None:
    numbers = {line.split(" ")[0] for line in outline}
    wrong = [
        f"{path.relative_to(root)}: CP {number}"
        for path in _files_that_cite(root)
        for number in CITATION.findall(path.read_text(encoding="utf-8"))
        if number not in numbers
    ]
    assert wrong == []


def test_a_section_that_a_policy_file_obeys_exists(root: Path, outline: list[str]) -> None:
    numbers = {line.split(" ")[0] for line in outline}
    cited = [
        (path.name, number)
        for path in _policy_files(root)
        for value in _values_of(tomllib.loads(path.read_text(encoding="utf-8")), "cp_section")
        for number in re.findall(r"[1-9](?:\.[0-9]+)*", value)
    ]
    assert cited
    assert [one for one in cited if one[1] not in numbers] == []


def test_the_periods_in_the_practice_statement_are_those_of_the_profiles(
    documents: dict[str, Any], root: Path
) -> None:
    rows = _rows(_sections(documents[CPS].text)["6.3.2"])
    stated = {name: (days.replace(",", ""), key, number) for name, days, key, number in rows}
    assert stated == {
        one["name"]: (
            str(one["validity_days"]),
            str(one.get("private_key_usage_days", "as long")),
            str(one["approvals"]),
        )
        for one in _profiles(root)
    }


def test_the_policy_identifiers_in_the_practice_statement_are_those_of_the_profiles(
    documents: dict[str, Any], root: Path
) -> None:
    rows = _rows(_sections(documents[CPS].text)["7.1.6"])
    assert sorted((name, number) for number, name in rows) == sorted(
        (one["name"], f"arc.{one['policy']}") for one in _profiles(root) if "policy" in one
    )


def _profiles(root: Path) -> list[dict[str, Any]]:
    files = (root / "ca/profiles/definitions").glob("*.toml")
    return [tomllib.loads(file.read_text(encoding="utf-8")) for file in files]


def _rows(section: str) -> list[list[str]]:
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines[2:]]


def _sections(text: str) -> dict[str, str]:
    parts = re.split(r"^#{2,4} ([0-9.]+) .*$", text, flags=re.MULTILINE)
    return {number: body.strip() for number, body in zip(parts[1::2], parts[2::2], strict=True)}


def _files_that_cite(root: Path) -> list[Path]:
    packages = [path.parent for path in root.glob("*/__init__.py")]
    return [
        path
        for folder in [*packages, root / "docs", root / "deploy"]
        for suffix in ("py", "toml", "md")
        for path in folder.rglob(f"*.{suffix}")
    ]


def _policy_files(root: Path) -> list[Path]:
    return [
        path for package in root.glob("*/__init__.py") for path in package.parent.rglob("*.toml")
    ]


def _values_of(document: Any, key: str) -> list[str]:
    if isinstance(document, list):
        return [value for one in document for value in _values_of(one, key)]
    if not isinstance(document, dict):
        return []
    here = document.get(key, [])
    found = [str(one) for one in (here if isinstance(here, list) else [here])]
    return found + [value for one in document.values() for value in _values_of(one, key)]
