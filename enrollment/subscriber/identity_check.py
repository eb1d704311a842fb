"""The port to the identity register: does what the list says of a person hold there?

``kyc`` fills it when there is a register; until then nothing was checked, and officers see that.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class CheckOutcome(StrEnum):
    """What came of asking the register."""

    MATCHES = "matches"
    DIFFERS = "differs"
    NOT_FOUND = "not-found"
    NOT_CHECKED = "not-checked"

    @property
    def needs_evidence(self) -> bool:
        """Whether the applicant has to say something to it before an officer decides."""
        return self in {CheckOutcome.DIFFERS, CheckOutcome.NOT_FOUND}


@dataclass(frozen=True)
class ClaimedIdentity:
    """What an institution's list says of a person. ``date_of_birth`` is YYYY[-MM[-DD]].

    ``document_kind`` is ``national-id``, ``passport`` or ``residence-card``.
    """

    document_kind: str
    document_country: str
    document_number: str
    surname_km: str | None
    given_name_km: str | None
    surname_latin: str | None
    given_name_latin: str | None
    sex: str | None
    date_of_birth: str | None


@dataclass(frozen=True)
class IdentityFinding:
    """The outcome, and the names of the fields that differ; the register's values stay there."""

    outcome: CheckOutcome
    differing: tuple[str, ...] = ()


class IdentityCheck(Protocol):
    """Asks the identity register."""

    def check(self, claimed: ClaimedIdentity) -> IdentityFinding:
        """Return what the register says to it. Raises Unavailable when it is away."""


class NoRegister:
    """Stands where no identity register is configured."""

    def check(self, claimed: ClaimedIdentity) -> IdentityFinding:
        """Return that nothing was checked."""
        return IdentityFinding(CheckOutcome.NOT_CHECKED)
