"""The change log speaks of the version that the project has."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_versions_fall_and_the_unreleased_stands_first(documents: dict[str, Any]) -> None:
    titles = [text for level, text in documents["CHANGELOG.md"].headings if level == 2]
    assert titles[0] == "[Unreleased]"
    versions = [
        re.fullmatch(r"\[(\d+)\.(\d+)\.(\d+)\] - \d{4}-\d{2}-\d{2}", one) for one in titles[1:]
    ]
    assert all(versions)
    numbers = [tuple(map(int, match.groups())) for match in versions if match]
    assert numbers == sorted(numbers, reverse=True)


def test_each_change_is_of_a_known_kind(documents: dict[str, Any]) -> None:
    kinds = {text for level, text in documents["CHANGELOG.md"].headings if level == 3}
    assert kinds
    assert kinds <= KINDS


def test_no_released_version_is_newer_than_the_project(
    documents: dict[str, Any], root: Path
) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", documents["CHANGELOG.md"].text, re.MULTILINE)
    own = tuple(map(int, project["version"].split(".")))
    assert all(tuple(map(int, one.split("."))) <= own for one in released)
