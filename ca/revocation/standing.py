"""A certificate's standing, and the rules by which it may change. No I/O here.

::

    good ──revoke──▶ revoked ──(a compromise shows later)──▶ revoked, keyCompromise
      │ ▲                ▲
    hold │ release       │ revoke
      ▼ │                │
    on hold ─────────────┘
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from ca.revocation.errors import (
    AlreadyRevoked,
    CertificateExpired,
    InvalidityDateRefused,
    NotOnHold,
    ReasonRefused,
)
from ca.revocation.reasons import RevocationReason

# ITU-T X.509 is of 1988. One entry whose date cannot be encoded would hold up a shard's CRLs.
EARLIEST_INVALIDITY = datetime(1988, 1, 1, tzinfo=UTC)


class Standing(StrEnum):
    """What a row of ``revocations`` says."""

    REVOKED = "revoked"
    ON_HOLD = "on-hold"
    RELEASED = "released"


@dataclass(frozen=True)
class Target:
    """A certificate whose standing may change, as the database knows it."""

    authority: str
    serial_number: int
    crl_shard: int
    profile: str
    not_after: datetime
    is_authority: bool = False


@dataclass(frozen=True)
class RevocationRecord:
    """What is on record of a certificate that is, or was, not good.

    ``revoked_at`` of a certificate that went from hold to revoked is the day of the hold
    (ITU-T X.509, 9.5.3.2); ``changed_at`` is when this record came to be.
    """

    authority: str
    serial_number: int
    standing: Standing
    reason: RevocationReason
    revoked_at: datetime
    invalidity_date: datetime | None
    changed_at: datetime
    crl_shard: int
    not_after: datetime
    stays_after_expiry: bool


@dataclass(frozen=True)
class Revoke:
    """The wish to revoke for good, or with certificateHold for a while."""

    reason: RevocationReason
    invalidity_date: datetime | None = None


@dataclass(frozen=True)
class Release:
    """The wish to take a certificate off hold."""


Wish = Revoke | Release


def change_standing(
    target: Target,
    present: RevocationRecord | None,
    wish: Wish,
    *,
    at: datetime,
    stays_after_expiry: bool,
) -> RevocationRecord | None:
    """Return the record that fulfils ``wish``, or None when things are so already.

    Raises CertificateExpired, AlreadyRevoked, NotOnHold, ReasonRefused or
    InvalidityDateRefused.
    """
    if isinstance(wish, Release):
        return _release(present, at)
    check_invalidity_date(wish.invalidity_date, at)
    if present is not None and present.standing is Standing.REVOKED:
        return _revoke_again(present, wish, at)
    _check(target, wish, at)
    standing = Standing.REVOKED
    revoked_at = at
    if wish.reason is RevocationReason.CERTIFICATE_HOLD:
        standing = Standing.ON_HOLD
    if present is not None and present.standing is Standing.ON_HOLD:
        if standing is Standing.ON_HOLD:
            return None
        # ITU-T X.509, 9.5.3.2: a revocation that follows a hold keeps the hold's date.
        revoked_at = present.revoked_at
    return RevocationRecord(
        authority=target.authority,
        serial_number=target.serial_number,
        standing=standing,
        reason=wish.reason,
        revoked_at=revoked_at,
        invalidity_date=wish.invalidity_date,
        changed_at=at,
        crl_shard=target.crl_shard,
        not_after=target.not_after,
        stays_after_expiry=stays_after_expiry,
    )


def check_invalidity_date(invalidity_date: datetime | None, at: datetime) -> None:
    """Refuse a day on which no key can have been compromised. Raises InvalidityDateRefused."""
    # RFC 5280, Section 5.3.2: since when the key is known or suspected to be compromised.
    if invalidity_date is None:
        return
    if invalidity_date > at:
        raise InvalidityDateRefused("The invalidity date lies in the future.")
    if invalidity_date < EARLIEST_INVALIDITY:
        raise InvalidityDateRefused("The invalidity date lies before all certificates.")


def _check(target: Target, wish: Revoke, at: datetime) -> None:
    if target.not_after < at:
        # ITU-T X.509, 9.5.2.8: the status is not updated once the certificate has expired.
        raise CertificateExpired("The certificate has expired; its status stays as it is.")
    if wish.reason is RevocationReason.CA_COMPROMISE and not target.is_authority:
        raise ReasonRefused(
            "cACompromise is for a certification authority's own certificate; "
            "for this one say keyCompromise."
        )


def _revoke_again(present: RevocationRecord, wish: Revoke, at: datetime) -> RevocationRecord | None:
    if wish.reason is present.reason:
        return None
    if wish.reason is RevocationReason.KEY_COMPROMISE and not present.reason.means_compromise:
        # Signatures made before the revocation are now in doubt: relying parties must know.
        return replace(
            present, reason=wish.reason, invalidity_date=wish.invalidity_date, changed_at=at
        )
    raise AlreadyRevoked(
        f"The certificate is revoked for good, with reason {present.reason}.",
        kept="The first revocation stands.",
        reason=str(present.reason),
    )


def _release(present: RevocationRecord | None, at: datetime) -> RevocationRecord | None:
    if present is None:
        raise NotOnHold("The certificate is not on hold.")
    if present.standing is Standing.REVOKED:
        # ETSI EN 319 411-1, REV-6.2.4: a definitive revocation is not taken back.
        raise AlreadyRevoked(
            f"The certificate is revoked for good, with reason {present.reason}.",
            reason=str(present.reason),
        )
    if present.standing is Standing.RELEASED:
        return None
    return replace(present, standing=Standing.RELEASED, changed_at=at)
