"""From when until when a certificate may be valid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509

from ca.constraints.refusals import (
    KEPT,
    IssuerKeyPeriodOver,
    ValidityOutsideIssuer,
    ValidityRefused,
)

# RFC 5280, Section 4.1.2.5: both ends are included.
_LAST_SECOND = timedelta(seconds=1)


def decide_validity(
    *,
    now: datetime,
    longest: timedelta,
    not_after: datetime | None,
    issuer: x509.Certificate | None,
) -> tuple[datetime, datetime]:
    """Return not_before and not_after, whole seconds, inside the issuer's.

    Raises ValidityRefused, ValidityOutsideIssuer or IssuerKeyPeriodOver.
    """
    begin = now.replace(microsecond=0)
    end = begin + longest - _LAST_SECOND
    if not_after is not None:
        if not_after > end or not_after <= now:
            raise ValidityRefused(
                f"The certificate can end after {begin:%Y-%m-%d} and until {end:%Y-%m-%d}.",
                kept=KEPT,
            )
        end = not_after.replace(microsecond=0)
    if issuer is not None:
        _check_inside(begin, end, issuer)
    return begin, end


def _check_inside(begin: datetime, end: datetime, issuer: x509.Certificate) -> None:
    if begin < issuer.not_valid_before_utc or end > issuer.not_valid_after_utc:
        raise ValidityOutsideIssuer(
            f"The issuer's own certificate is valid until {issuer.not_valid_after_utc:%Y-%m-%d}; "
            "ask for a shorter validity, or renew the issuer.",
            kept=KEPT,
        )


def check_issuer_key_period(now: datetime, issuer: x509.Certificate) -> None:
    """Check that ``now`` is within the issuer's privateKeyUsagePeriod, where it has one.

    RFC 3280, Section 4.2.1.4. Raises IssuerKeyPeriodOver.
    """
    try:
        period = issuer.extensions.get_extension_for_class(x509.PrivateKeyUsagePeriod).value
    except x509.ExtensionNotFound:
        return
    begin, end = _aware(period.not_before), _aware(period.not_after)
    if (begin is not None and now < begin) or (end is not None and now > end):
        raise IssuerKeyPeriodOver(
            "The issuer's key may no longer sign; another authority has to issue.", kept=KEPT
        )


def _aware(instant: datetime | None) -> datetime | None:
    if instant is None or instant.tzinfo is not None:
        return instant
    return instant.replace(tzinfo=UTC)
