"""What a lint finds, and the refusal that it makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import Conflict, Unacceptable


@dataclass(frozen=True)
class Finding:
    """One violated rule: who found it, the rule's code, and in words what is wrong."""

    source: str
    code: str
    detail: str


class LintRefused(Unacceptable):
    """The certificate that was planned breaks a rule; it is not signed.

    ``findings`` has the words; the client gets the codes alone, since words may quote names.
    """

    problem = "lint-refused"
    title = "The planned certificate breaks a rule"

    def __init__(self, findings: Sequence[Finding]) -> None:
        codes = sorted({one.code for one in findings})
        super().__init__(
            f"The certificate would break {len(codes)} rules and is not signed: "
            f"{', '.join(codes)}.",
            kept="Nothing was signed.",
            codes=codes,
        )
        self.findings = tuple(findings)


class AlreadyRedeemed(Conflict):
    """A lint's outcome was used before; a second signature needs a second lint."""

    problem = "lint-already-redeemed"
    title = "This lint was used already"


class OtherAuthority(Conflict):
    """A lint's outcome is used for another authority than the one it was made for."""

    problem = "lint-of-other-authority"
    title = "This lint belongs to another authority"
