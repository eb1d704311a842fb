"""How a rule of ours is written: one small function, one code, one citation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ca.der import NotDer
from ca.linting.candidate import Candidate
from ca.linting.findings import Finding

# Returns what is wrong, or None.
Check = Callable[[Candidate], str | None]


@dataclass(frozen=True)
class Rule:
    """A check with the code that names it and the rule that it enforces."""

    code: str
    citation: str
    check: Check


RULES: list[Rule] = []


def rule(code: str, citation: str) -> Callable[[Check], Check]:
    """Register a function as a rule."""

    def register(check: Check) -> Check:
        if any(one.code == code for one in RULES):
            raise ValueError(f"the rule {code} stands twice")
        RULES.append(Rule(code, citation, check))
        return check

    return register


def findings_of(candidate: Candidate) -> list[Finding]:
    """Run every rule; what a rule cannot read is a finding of that rule."""
    found: list[Finding] = []
    for one in RULES:
        try:
            defect = one.check(candidate)
        except NotDer as error:
            defect = error.detail
        if defect is not None:
            found.append(Finding("camtrust", one.code, f"{defect} ({one.citation})"))
    return found
