"""Every problem that camtrust can answer with, read off the error classes themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass

from core.errors import CamtrustError
from core.web.problems import status_of


@dataclass(frozen=True)
class ProblemKind:
    """A kind of problem: the slug that ends its ``type``, and what it means."""

    slug: str
    status: int
    title: str
    meaning: str


def problem_kinds() -> list[ProblemKind]:
    """Return all kinds, by slug; those of packages that were imported."""
    kinds = {kind.problem: _describe(kind) for kind in _classes(CamtrustError)}
    return [kinds[slug] for slug in sorted(kinds)]


def error_classes() -> list[type[CamtrustError]]:
    """Return every class that names a problem of its own."""
    return sorted(_classes(CamtrustError), key=lambda kind: kind.__qualname__)


def problems_as_markdown() -> str:
    """Return docs/reference/problems.md."""
    lines = [
        "# Problems",
        "",
        "Every refusal over HTTP is an RFC 9457 problem document. Its `type` is",
        "`{public_url}/problems/{slug}`, which is stable: programs may rely on it. Its `detail` is",
        "for people and may change. `kept`, where it stands, says what was not lost.",
        "",
        "This page is made from the error classes by `python -m camtrust.reference`.",
        "",
        "| slug | status | title | meaning |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| `{kind.slug}` | {kind.status} | {kind.title} | {kind.meaning} |"
        for kind in problem_kinds()
    ]
    return "\n".join(lines) + "\n"


def _classes(parent: type[CamtrustError]) -> Iterator[type[CamtrustError]]:
    # A class that inherits its slug is, to a client, the same problem as its parent.
    if "problem" in vars(parent) and not parent.__module__.startswith("tests"):
        yield parent
    for child in parent.__subclasses__():
        yield from _classes(child)


def _describe(kind: type[CamtrustError]) -> ProblemKind:
    text = inspect.cleandoc(kind.__doc__ or "").replace("``", "`")
    return ProblemKind(kind.problem, status_of(kind), kind.title, " ".join(text.split()))
