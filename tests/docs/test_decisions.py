"""Decisions are numbered without a gap, short, listed, and admit their price."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

MOST_WORDS = 400


@pytest.fixture
def decisions(root: Path) -> list[Path]:
    return sorted(path for path in (root / "docs/adr").glob("*.md") if path.name != "README.md")


def test_the_numbers_have_no_gap(decisions: list[Path]) -> None:
    assert decisions
    numbers = [re.match(r"(\d{4})-[a-z0-9-]+\.md$", path.name) for path in decisions]
    assert [match and int(match[1]) for match in numbers] == list(range(1, len(decisions) + 1))


def test_each_says_context_decision_and_price(
    decisions: list[Path], root: Path, documents: dict[str, Any]
) -> None:
    for path in decisions:
        document = documents[path.relative_to(root).as_posix()]
        assert [text for level, text in document.headings if level == 2] == [
            "Context",
            "Decision",
            "Price",
        ], path.name
        assert len(document.text.split()) <= MOST_WORDS, path.name


def test_the_index_lists_each_under_its_title(
    decisions: list[Path], root: Path, documents: dict[str, Any]
) -> None:
    index = documents["docs/adr/README.md"].text
    for path in decisions:
        title = documents[path.relative_to(root).as_posix()].headings[0][1]
        assert f"[{title}]({path.name})" in index, path.name
