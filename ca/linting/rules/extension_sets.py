"""Rules on the set of extensions as a whole."""

from __future__ import annotations

from ca.linting.candidate import Candidate
from ca.linting.rule import rule


@rule("extensions-once", "RFC 5280, Section 4.2")
def no_extension_stands_twice(candidate: Candidate) -> str | None:
    """A second instance is read by some and not by others."""
    found = [one.oid for one in candidate.extensions]
    return None if len(set(found)) == len(found) else "an extension stands twice"


@rule("extensions-of-profile", "the profile")
def extensions_are_the_profiles(candidate: Candidate) -> str | None:
    """None that the profile does not know, none missing."""
    required, optional = candidate.profile.extension_oids
    found = {one.oid for one in candidate.extensions}
    if not found <= required | optional:
        return "there is an extension that the profile does not have"
    return None if required <= found else "an extension of the profile is missing"


@rule("extensions-criticality", "RFC 5280, Section 4.2.1; ETSI EN 319 412-2, Section 4.3")
def criticality_is_what_each_standard_says(candidate: Candidate) -> str | None:
    """Key usage and basic constraints are critical; purposes where the profile says."""
    critical = candidate.profile.critical_extension_oids
    for one in candidate.extensions:
        if one.critical != (one.oid in critical):
            return "an extension has the wrong criticality"
    return None
