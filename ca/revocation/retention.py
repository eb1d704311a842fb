"""Which revocations stay on CRLs after the certificate has expired, and since when.

Whoever checks a signature years later needs to know whether its certificate was revoked in
time, so authorities that certify signing keys, seals and time-stamping units keep them for
ever. It is decided for an authority, not a certificate: expiredCertsOnCRL (ITU-T X.509,
9.5.2.8) speaks for the whole scope of a CRL, and one entry left out would make it a lie.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from ca.authorities import Authorities


class Retention(Protocol):
    """Tells how long an authority's revocations are published."""

    def keeps_expired(self, authority: str) -> bool:
        """Tell whether revocations of this authority stay after the certificate's expiry."""

    def kept_since(self, authority: str) -> datetime:
        """Return the expiry since which none was left out: the authority's first instant."""


class RetainingProfile(Protocol):
    """What retention asks of a certificate profile."""

    @property
    def stays_after_expiry(self) -> bool:
        """Whether a revocation stays on the CRL after the certificate has expired."""

    @property
    def issuer_roles(self) -> tuple[str, ...]:
        """The roles of the authorities that may issue."""


class RetentionByProfile:
    """An authority keeps expired revocations if any profile that it may issue asks for it."""

    def __init__(
        self, *, profiles: Mapping[str, RetainingProfile], authorities: Authorities
    ) -> None:
        self._authorities = authorities
        self._roles = frozenset(
            role
            for profile in profiles.values()
            if profile.stays_after_expiry
            for role in profile.issuer_roles
        )

    def keeps_expired(self, authority: str) -> bool:
        """Tell whether revocations stay after expiry. Raises AuthorityUnknown."""
        return self._authorities.role(authority) in self._roles

    def kept_since(self, authority: str) -> datetime:
        """Return when the authority's first certificate began. Raises AuthorityUnknown.

        ETSI EN 319 411-2, CSS-6.3.10: the archive cut-off is the CA's own notBefore.
        """
        found = self._authorities.authority(authority)
        return min(one.not_valid_before_utc for one in (found.certificate, *found.earlier))
