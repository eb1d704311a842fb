"""Whether a certificate was revoked at the time that counts (ETSI EN 319 102-1, Section 5.2.6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from asn1crypto import x509

from signing.documents.validation.evidence import Statement
from signing.documents.validation.indications import SubIndication


class StatusRegister(Protocol):
    """Knows the present standing of certificates that our own authorities issued."""

    def standing(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Statement | None:
        """Return what stands in the register, or None for a certificate that is not ours."""


@dataclass(frozen=True)
class RevocationFinding:
    """What was found of one certificate; ``problem`` is None when it was not revoked.

    ``statement`` is the one on which the finding rests.
    """

    problem: SubIndication | None
    reason: str | None
    statement: Statement | None


@dataclass(frozen=True)
class Moments:
    """``used_at``: when the key was used. ``proven_by``: by when that is proven to have happened.

    For a signature without proof both are the time of validation.
    """

    used_at: datetime
    proven_by: datetime
    validated_at: datetime


# RFC 3161, Section 4 (1): a time-stamp stays good when its authority ended without a compromise.
_HARMLESS = frozenset({"affiliation_changed", "superseded", "cessation_of_operation"})


def find_revocation(
    statements: Iterable[Statement],
    moments: Moments,
    *,
    poe: dict[bytes, datetime],
    skew: timedelta,
    is_time_stamping: bool = False,
) -> RevocationFinding:
    """Judge by all statements together.

    1. Evidence whose signer's certificate ended before the evidence is known to have existed
       proves nothing (ETSI EN 319 102-1, Section 5.6.2.3).
    2. Whoever is on hold by the newest word is to be asked again.
    3. Whoever was revoked by the time that the use is proven is not relied on.
    4. Some statement has to be good and to reach the time of use: issued at or after it, or in
       force at it. For a use that nothing proves, that time is now.
    """
    believed, forgotten = [], False
    for one in statements:
        known_since = poe.get(one.evidence_sha256, moments.validated_at)
        if one.trusted_until is not None and known_since > one.trusted_until + skew:
            forgotten = True
        else:
            believed.append(one)
    believed.sort(key=lambda one: one.issued_at)
    against = _against(believed, moments, is_time_stamping)
    if against is not None:
        return against
    for one in reversed(believed):
        if _reaches(one, moments, skew):
            return RevocationFinding(None, None, one)
    if forgotten:
        return RevocationFinding(
            SubIndication.REVOCATION_OUT_OF_BOUNDS_NO_POE,
            "What was known of the certificate's revocation was signed with a certificate that has "
            "expired since.",
            None,
        )
    return RevocationFinding(
        SubIndication.TRY_LATER,
        "Whether the certificate was revoked is not known for the time that counts.",
        None,
    )


def _against(
    believed: list[Statement], moments: Moments, is_time_stamping: bool
) -> RevocationFinding | None:
    held = believed[-1] if believed and believed[-1].is_on_hold else None
    if held and held.revoked_at and held.revoked_at <= moments.validated_at:
        return RevocationFinding(
            SubIndication.TRY_LATER,
            "The certificate is suspended: ask again when that is decided.",
            held,
        )
    for one in believed:
        if one.revoked_at is None or one.is_on_hold:
            continue
        harmless = is_time_stamping and one.reason in _HARMLESS
        if one.revoked_at <= (moments.used_at if harmless else moments.proven_by):
            return RevocationFinding(
                SubIndication.REVOKED_NO_POE,
                f"The certificate was revoked on {one.revoked_at:%Y-%m-%d %H:%M} UTC "
                f"({(one.reason or 'unspecified').replace('_', ' ')}).",
                one,
            )
    return None


def _reaches(statement: Statement, moments: Moments, skew: timedelta) -> bool:
    if statement.is_on_hold:
        # Held later, and asked about a time before: it was good until then.
        return statement.revoked_at is not None and statement.revoked_at > moments.validated_at
    if statement.issued_at >= moments.used_at - skew:
        return True  # Good, or revoked later: at the time of use it was neither.
    return statement.is_good and statement.is_fresh_at(moments.used_at, skew)
