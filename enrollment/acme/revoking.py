"""Who may revoke a certificate, and for which reasons (RFC 8555, Section 7.6)."""

from __future__ import annotations

from typing import Protocol

from cryptography import x509

from ca.register import GOOD
from ca.revocation.errors import AlreadyRevoked
from ca.revocation.reasons import RevocationReason
from ca.revocation.standing import RevocationRecord
from core.clock import Clock
from core.database import Database
from enrollment.acme import base64url
from enrollment.acme.account import Account
from enrollment.acme.account_keys import key_sha256
from enrollment.acme.errors import ReasonCodeRefused, RevocationNotAllowed
from enrollment.acme.issued import IssuedCertificate, IssuedCertificates
from enrollment.acme.models import authorizations
from enrollment.acme.order import State, read_authorizations, with_challenges
from enrollment.acme.payloads import RevocationRequest
from enrollment.acme.signed_requests import AccountRequest, KeyRequest

# What a holder can know. The others are an authority's or an officer's to say.
REASONS = {
    one.code: one
    for one in (
        RevocationReason.UNSPECIFIED,
        RevocationReason.KEY_COMPROMISE,
        RevocationReason.AFFILIATION_CHANGED,
        RevocationReason.SUPERSEDED,
        RevocationReason.CESSATION_OF_OPERATION,
    )
}


class Revoker(Protocol):
    """Revokes one certificate."""

    def revoke(
        self, *, serial_number: int, reason: RevocationReason, authority: str | None = None
    ) -> RevocationRecord:
        """Revoke a certificate for good."""


class Revoking:
    """Revokes certificates that came from orders."""

    def __init__(
        self,
        *,
        database: Database,
        issued: IssuedCertificates,
        revocation: Revoker,
        clock: Clock,
    ) -> None:
        self._database = database
        self._issued = issued
        self._revocation = revocation
        self._clock = clock

    def revoke(self, request: AccountRequest | KeyRequest, wish: RevocationRequest) -> None:
        """Revoke a certificate for whoever may.

        That is the account that ordered it, one that holds authorizations for all its names, or
        the holder of its key. Raises ResourceUnknown, RevocationNotAllowed, ReasonCodeRefused,
        AlreadyRevoked, CertificateExpired and Unavailable.
        """
        found = self._issued.same_as(base64url.decode(wish.certificate))
        if not self._may(request, found):
            raise RevocationNotAllowed("Sign with the account, or with the certificate's key.")
        if wish.reason not in REASONS:
            known = ", ".join(map(str, sorted(REASONS)))
            raise ReasonCodeRefused(f"The codes that can be given are {known}.")
        if found.held.standing != GOOD:
            raise AlreadyRevoked("The certificate is revoked.")
        self._revocation.revoke(
            serial_number=found.held.serial_number,
            authority=found.held.authority,
            reason=REASONS[wish.reason],
        )

    def _may(self, request: AccountRequest | KeyRequest, found: IssuedCertificate) -> bool:
        if isinstance(request, KeyRequest):
            return key_sha256(request.key) == found.held.public_key_sha256
        if request.account.id == found.order.account:
            return True
        # What stands in the certificate, not what was proven for it: many members sign behind
        # one security server's name.
        names = _dns_names(found.certificate)
        return bool(names) and names <= self._authorized(request.account)

    def _authorized(self, account: Account) -> set[str]:
        now = self._clock.now()
        mine = with_challenges(
            authorizations.c.account == account.id, authorizations.c.state == State.VALID
        )
        with self._database.read() as connection:
            held = read_authorizations(connection.execute(mine))
        return {one.dns_name for one in held if one.state(now) is State.VALID}


def _dns_names(certificate: x509.Certificate) -> set[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return set()
    return set(found.value.get_values_for_type(x509.DNSName))
