"""Before the first step: may this ceremony be held, from this script, now, by these people?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ca.ceremony.custodians import FEWEST_IN_PRODUCTION, Approval, Quorum, check_quorum
from ca.ceremony.script import Kind, Script
from ca.ceremony.transcript import OPENING, StepRecord, software
from ca.hierarchy import Hierarchy
from core.errors import Conflict, Unacceptable
from core.transparency.entry import JsonValue


class CeremonyNotNow(Conflict):
    """The script's time has not come, or is over."""

    problem = "ceremony-not-now"
    title = "This is not the time of the ceremony"


class AnotherHierarchy(Conflict):
    """The script was written for another hierarchy file."""

    problem = "ceremony-another-hierarchy"
    title = "The script was written for another hierarchy"


class AnotherScript(Conflict):
    """A ceremony of this id was begun, or held, with another script."""

    problem = "ceremony-another-script"
    title = "This ceremony has another script"


class NoInitialCeremony(Conflict):
    """Nobody is in office yet, or an initial ceremony was held already."""

    problem = "ceremony-order"
    title = "The ceremonies are out of order"


class QuorumTooSmall(Unacceptable):
    """Production needs at least two custodians to act together."""

    problem = "ceremony-quorum-too-small"
    title = "The quorum is too small"


@dataclass(frozen=True)
class Office:
    """The custodians who have to approve, and the ceremony that put them in office."""

    enrolled_in: str
    quorum: Quorum


def office_for(script: Script, present: tuple[str, Quorum] | None) -> Office:
    """Return who has to approve a script: those in office, or those whom an initial one enrols.

    Raises NoInitialCeremony.
    """
    if script.kind is Kind.INITIAL and script.enrols is not None:
        if present is not None:
            raise NoInitialCeremony(
                f"The initial ceremony is {present[0]}; there is only one on a home."
            )
        return Office(script.id, script.enrols)
    if present is None:
        raise NoInitialCeremony("The first ceremony on a home is an initial one.")
    return Office(*present)


def admit(
    script: Script,
    approvals: Sequence[Approval],
    hierarchy: Hierarchy,
    office: Office,
    *,
    now: datetime,
    production: bool,
) -> None:
    """Check everything that has to hold before a ceremony opens.

    Raises CeremonyNotNow, AnotherHierarchy, QuorumTooSmall, ApprovalRefused, QuorumMissing.
    """
    if not script.opens <= now < script.closes:
        raise CeremonyNotNow(
            f"The script may be opened from {script.opens.isoformat()} to "
            f"{script.closes.isoformat()}; it is {now.isoformat(timespec='seconds')}.",
            kept="Nothing was done.",
        )
    check_hierarchy(script, hierarchy)
    for quorum in (office.quorum, script.enrols):
        if production and quorum is not None and quorum.quorum < FEWEST_IN_PRODUCTION:
            raise QuorumTooSmall(
                f"In production at least {FEWEST_IN_PRODUCTION} custodians act together.",
                kept="Nothing was done.",
            )
    check_quorum(office.quorum, script.source, approvals)


def check_hierarchy(script: Script, hierarchy: Hierarchy) -> None:
    """Check that a script relies on this hierarchy. Raises AnotherHierarchy."""
    if script.hierarchy_sha256 != hierarchy.sha256:
        raise AnotherHierarchy(
            f"The script names the hierarchy {script.hierarchy_sha256}; the one here is "
            f"{hierarchy.sha256}.",
            kept="Nothing was done.",
        )


def check_is_same(script: Script, script_sha256: str) -> None:
    """Check that a ceremony goes on with the script it was begun with. Raises AnotherScript."""
    if script.sha256 != script_sha256:
        raise AnotherScript(
            f"Ceremony {script.id} was begun with another script ({script_sha256}). Give that "
            "script to go on with it, or a new id to hold another ceremony.",
            kept="What was done before is untouched.",
        )


def opening_step(
    script: Script,
    approvals: Sequence[Approval],
    hierarchy: Hierarchy,
    office: Office,
    now: datetime,
) -> StepRecord:
    """Return the record of a ceremony's opening: what was presented, and who approved."""
    approved_by: list[JsonValue] = []
    approved_by.extend(sorted(one.custodian for one in approvals))
    facts: dict[str, JsonValue] = {
        "approved_by": approved_by,
        "custodians": {"enrolled_in": office.enrolled_in, **_described(office.quorum)},
        "enrols": None if script.enrols is None else _described(script.enrols),
        "hierarchy_sha256": hierarchy.sha256,
        "kind": str(script.kind),
        "place": script.place,
        "purpose": script.purpose,
        "script_sha256": script.sha256,
        "software": software(),
    }
    artefacts = {"script.toml": script.source, "hierarchy.toml": hierarchy.source}
    for approval in approvals:
        key = office.quorum.custodian(approval.custodian).public_key
        artefacts[f"approvals/{approval.custodian}.pem"] = key.encode()
        artefacts[f"approvals/{approval.custodian}.sig"] = approval.signature
    return StepRecord(OPENING, "open", "ceremony-administrator", now, facts, artefacts)


def _described(quorum: Quorum) -> dict[str, JsonValue]:
    return {
        "enrolled": [{"name": one.name, "public_key": one.public_key} for one in quorum.enrolled],
        "quorum": quorum.quorum,
    }
