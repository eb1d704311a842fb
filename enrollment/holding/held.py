"""A certificate as its holder sees it, with what they may do with it now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ca.register import GOOD, RegisteredCertificate
from ca.revocation.reasons import RevocationReason
from enrollment.key_creation.policy import KeyHome

# Those of RFC 5280, Section 5.3.1, that a holder may give.
HOLDERS_REASONS = (
    RevocationReason.KEY_COMPROMISE,
    RevocationReason.AFFILIATION_CHANGED,
    RevocationReason.SUPERSEDED,
    RevocationReason.CESSATION_OF_OPERATION,
    RevocationReason.UNSPECIFIED,
)
ON_HOLD, REVOKED = "on-hold", "revoked"


class HolderAct(StrEnum):
    """What a holder may do."""

    RENEW = "renew"
    RE_KEY = "re-key"
    SUSPEND = "suspend"
    RELEASE = "release"
    REVOKE = "revoke"


@dataclass(frozen=True)
class Held:
    """One certificate. ``application`` is the id of what it was issued upon.

    ``replaced_in`` is the bundle that renews it, while that is under way or done; ``own_hold``
    whether the present suspension was the holder's own. ``renewable_from`` is the first instant.
    """

    application: str
    person: str
    certificate: RegisteredCertificate
    home: KeyHome | None
    replaced_in: str | None
    own_hold: bool
    renewable_from: datetime
    now: datetime

    @property
    def is_expired(self) -> bool:
        """Whether its validity is over."""
        return self.certificate.not_after < self.now

    @property
    def is_good(self) -> bool:
        """Whether it can be relied on now."""
        return self.certificate.standing == GOOD and not self.is_expired

    @property
    def days_left(self) -> int:
        """Whole days until its end, 0 when it is over."""
        return max(0, (self.certificate.not_after - self.now).days)

    @property
    def may(self) -> frozenset[HolderAct]:
        """What the holder may do with it now."""
        acts: set[HolderAct] = set()
        standing = self.certificate.standing
        if self.is_good and self.replaced_in is None and self.now >= self.renewable_from:
            acts.add(HolderAct.RENEW)
        elif self.replaced_in is None:
            acts.add(HolderAct.RE_KEY)
        if self.is_expired:
            # ITU-T X.509, 9.5.2.8: the status is not updated once the certificate has expired.
            return frozenset(acts)
        if standing == GOOD:
            acts |= {HolderAct.SUSPEND, HolderAct.REVOKE}
        if standing == ON_HOLD:
            acts.add(HolderAct.REVOKE)
            if self.own_hold:
                acts.add(HolderAct.RELEASE)
        return frozenset(acts)
