"""What registers said of an application's facts when it was submitted, for officers to read.

``applications.checks`` is an object: the name of each register, with ``outcome`` and the names of
the fields that are ``differing``. The register's own values stay in the register.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from enrollment.office.labels import CHECKED_FIELDS, EVIDENCE, OUTCOMES, REGISTERS


@dataclass(frozen=True)
class Check:
    """A register's answer: labels of the register, of the outcome, and of what differs."""

    register: str
    outcome: str
    is_match: bool
    differing: Sequence[str]


def checks_of(stored: Any) -> Sequence[Check]:
    """Return the checks of an application's column; what cannot be read is left out."""
    if not isinstance(stored, dict):
        return []
    return [
        _check(name, answer) for name, answer in sorted(stored.items()) if isinstance(answer, dict)
    ]


def _check(register: str, answer: dict[str, Any]) -> Check:
    outcome = str(answer.get("outcome", "not-checked"))
    differing = answer.get("differing") or []
    return Check(
        register=REGISTERS.get(register, register),
        outcome=OUTCOMES.get(outcome, outcome),
        is_match=outcome == "matches",
        differing=[CHECKED_FIELDS.get(str(one), str(one)) for one in differing],
    )


def evidence_of(stored: Any) -> Sequence[tuple[str, str]]:
    """Return what an application's column ``evidence`` holds: each a label and a text."""
    if isinstance(stored, dict):
        return [(EVIDENCE.get(name, name), str(value)) for name, value in sorted(stored.items())]
    return [] if stored is None else [(EVIDENCE["words"], str(stored))]
