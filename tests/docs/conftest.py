"""The documents as a reader finds them: text, headings, links, and the commands they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Left by commands, never part of the house.
LEFT_OVERS = {"var", "dist", "node_modules", "__pycache__"}

FENCE = re.compile(r"^(```|~~~)", re.MULTILINE)


class Document:
    """One Markdown file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return "".join(FENCE.split(self.text)[::4])

    @property
    def headings(self) -> list[tuple[int, str]]:
        """Level and text of each heading."""
        found = re.findall(r"^(#{1,6}) (.+)$", self.prose, re.MULTILINE)
        return [(len(marks), text.strip()) for marks, text in found]

    @property
    def anchors(self) -> set[str]:
        """The fragments under which the headings are found."""
        return {_anchor(text) for _, text in self.headings}

    @property
    def links(self) -> list[str]:
        """Targets of links and pictures."""
        return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", self.prose))

    @property
    def spans(self) -> list[str]:
        """The code spans of the prose."""
        return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", self.prose)]

    @property
    def blocks(self) -> list[str]:
        """The lines of the fenced blocks, drawings aside."""
        blocks = [block.splitlines() for block in FENCE.split(self.text)[2::4]]
        return [line for block in blocks if block[0] != "mermaid" for line in block[1:]]


def _anchor(heading: str) -> str:
    # As GitHub makes them: lower case, punctuation gone, spaces as hyphens.
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def _documents() -> Iterator[Document]:
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]):
        yield Document(path)


DOCUMENTS = list(_documents())


@pytest.fixture
def root() -> Path:
    return ROOT


@pytest.fixture(params=DOCUMENTS, ids=lambda one: one.name)
def document(request: pytest.FixtureRequest) -> Document:
    """Each document in turn."""
    found: Document = request.param
    return found


@pytest.fixture
def documents() -> dict[str, Document]:
    """All documents by their path."""
    return {one.name: one for one in DOCUMENTS}


@pytest.fixture
def rooms() -> list[str]:
    """Every folder of the house down to a package's own folders, by its path."""
    found = []
    for top in sorted(path for path in ROOT.iterdir() if _is_a_room(path)):
        found.append(top.name)
        found += [
            f"{top.name}/{below.name}"
            for below in sorted(top.iterdir())
            if below.is_dir() and below.name not in LEFT_OVERS and (top / "__init__.py").exists()
        ]
    return found


def _is_a_room(path: Path) -> bool:
    hidden = path.name.startswith(".") or path.suffix == ".egg-info"
    return path.is_dir() and not hidden and path.name not in LEFT_OVERS
