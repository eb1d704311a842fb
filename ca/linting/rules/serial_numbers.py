"""Rules on version and serial number."""

from __future__ import annotations

from ca.linting.candidate import Candidate
from ca.linting.rule import rule

_MOST_OCTETS = 20
_LEAST_BITS = 64


@rule("version-3", "RFC 5280, Section 4.1.2.1")
def version_is_three(candidate: Candidate) -> str | None:
    """Extensions need version 3."""
    return None if candidate.version == b"\x02\x01\x02" else "the version is not 3"


@rule("serial-number-positive", "RFC 5280, Section 4.1.2.2")
def serial_number_is_positive(candidate: Candidate) -> str | None:
    """The number is above zero, minimal, and of at most 20 octets."""
    content = candidate.serial_number
    if len(content) > _MOST_OCTETS:
        return "the serial number has more than 20 octets"
    if not content or content[0] >= 0x80 or not any(content):
        return "the serial number is not positive"
    return None


@rule("serial-number-entropy", "CA/Browser Forum Baseline Requirements, Section 7.1")
def serial_number_is_unpredictable(candidate: Candidate) -> str | None:
    """At least 64 bits; ours have 159, so a shorter one was not drawn by us."""
    number = int.from_bytes(candidate.serial_number, "big")
    return "the serial number is short" if number.bit_length() <= _LEAST_BITS else None


@rule("serial-number-planned", "the plan")
def serial_number_is_the_planned_one(candidate: Candidate) -> str | None:
    """What is signed is what is reserved."""
    number = int.from_bytes(candidate.serial_number, "big")
    return None if number == candidate.plan.serial_number else "another serial number was planned"
