"""Rules on notBefore and notAfter."""

from __future__ import annotations

import re
from datetime import timedelta

from ca.der import GENERALIZED_TIME, UTC_TIME
from ca.linting.candidate import Candidate, content_of
from ca.linting.rule import rule
from core import oids

_PRIVATE_KEY_USAGE_PERIOD = content_of(oids.PRIVATE_KEY_USAGE_PERIOD)
_UTC_TIME = re.compile(rb"[0-9]{12}Z")
_GENERALIZED_TIME = re.compile(rb"20[5-9][0-9][0-9]{10}Z|2[1-9][0-9]{12}Z|[3-9][0-9]{13}Z")


@rule("validity-encoding", "RFC 5280, Section 4.1.2.5")
def times_are_encoded_as_their_year_demands(candidate: Candidate) -> str | None:
    """UTCTime through 2049, GeneralizedTime from 2050; seconds, and Z."""
    for time in (candidate.not_before, candidate.not_after):
        grammar = {UTC_TIME: _UTC_TIME, GENERALIZED_TIME: _GENERALIZED_TIME}.get(time.tag)
        if grammar is None or not grammar.fullmatch(time.value):
            return "a time is not encoded as its year demands"
    return None


@rule("validity-planned", "the plan")
def times_are_the_planned_ones(candidate: Candidate) -> str | None:
    """What the database will say is what the certificate says."""
    found = (
        (candidate.not_before.tag, candidate.not_before.value),
        (candidate.not_after.tag, candidate.not_after.value),
    )
    return None if found == candidate.planned_times else "other times were planned"


@rule("validity-order", "RFC 5280, Section 4.1.2.5")
def validity_is_not_empty(candidate: Candidate) -> str | None:
    """It ends after it begins."""
    plan = candidate.plan
    return None if plan.not_before < plan.not_after else "the validity is empty"


@rule("validity-length", "ETSI EN 319 411-1, Section 6.3; the profile")
def validity_is_not_longer_than_the_profiles(candidate: Candidate) -> str | None:
    """Both ends count (RFC 5280, Section 4.1.2.5)."""
    plan = candidate.plan
    length = plan.not_after - plan.not_before + timedelta(seconds=1)
    if length <= candidate.profile.validity:
        return None
    return "the validity is longer than the profile's"


@rule("validity-inside-issuer", "RFC 5280, Section 6.1.3 (a)(2)")
def validity_is_inside_the_issuers(candidate: Candidate) -> str | None:
    """A certificate that outlives its issuer's fails before its time."""
    plan, issuer = candidate.plan, candidate.issuer_facts
    if issuer is None:
        return None
    if plan.not_before < issuer.not_before or plan.not_after > issuer.not_after:
        return "the validity is not inside the issuer's"
    return None


@rule("private-key-usage-period", "RFC 3280, Section 4.2.1.4; ICAO Doc 9303-12, Section 7.1")
def key_period_is_the_profiles(candidate: Candidate) -> str | None:
    """From notBefore on, for as long as the profile says; absent where it says nothing."""
    found = candidate.extension(_PRIVATE_KEY_USAGE_PERIOD)
    expected = candidate.profile.private_key_usage_period(candidate.plan.not_before)
    if expected is None:
        return None if found is None else "the profile has no key period"
    if found is None or found.critical or found.value != expected:
        return "the key period is not the profile's"
    return None
