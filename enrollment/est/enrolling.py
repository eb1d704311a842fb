"""Enrol with a grant's password, re-enrol with its certificate. RFC 7030, Section 4.2.

The same request sent again, because its answer was lost, gets the same certificate: a request
is named by its own octets and, when it renews, by the certificate that it renews.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256

from cryptography import x509

from ca.authorities import Authorities
from ca.csr import VerifiedCsr, verify_csr
from ca.plan import FactValue
from ca.profiles import Profile
from ca.register import RegisteredCertificate
from enrollment.delivery import DeliveredCertificate
from enrollment.est.errors import (
    EstCredentialsRefused,
    EstNameNotGranted,
    EstNotRenewable,
    EstRenewalMismatch,
)
from enrollment.grants.errors import GrantNotActive, GrantUnknown, NameNotGranted
from enrollment.grants.grant import Grant, GrantProtocol
from enrollment.grants.grants import Grants
from enrollment.grants.issuing import GrantedIssuance, GrantedRequest
from enrollment.grants.names import facts_of_names, names_asked
from enrollment.grants.secrets import PURPOSES, GrantSecrets, as_text

# Long enough for a SHA-256 that nobody finds twice, short enough for a reference.
_DIGEST_DIGITS = 48


class EstEnrollment:
    """What the EST server does, whoever asks over whichever listener."""

    def __init__(
        self,
        *,
        grants: Grants,
        secrets: GrantSecrets,
        issuance: GrantedIssuance,
        authorities: Authorities,
        profiles: Mapping[str, Profile],
    ) -> None:
        self._grants = grants
        self._secrets = secrets
        self._issuance = issuance
        self._authorities = authorities
        self._profiles = profiles

    def authority_certificates(self) -> list[x509.Certificate]:
        """Return the certificates of our authorities, anchors first. RFC 7030, Section 4.1."""
        known = [one for one in self._authorities.all() if one.state != "terminated"]
        return [one.certificate for one in sorted(known, key=lambda one: one.parent is not None)]

    def client(self, user: str, password: str) -> Grant:
        """Return the grant whose name and password a client sent.

        Raises EstCredentialsRefused, in the same words whatever was wrong, and Unavailable.
        """
        # Computed for unknown names too, so that the time taken tells nobody which exist.
        expected = as_text(self._secrets.secret_of(_ascii(user), PURPOSES[GrantProtocol.EST]))
        right = hmac.compare_digest(password.encode(), expected.encode())
        try:
            grant = self._grants.usable(user, GrantProtocol.EST)
        except (GrantUnknown, GrantNotActive) as error:
            raise _refused() from error
        if not right:
            raise _refused()
        return grant

    def enroll(self, grant: Grant, csr_der: bytes) -> DeliveredCertificate:
        """Issue a first certificate within a grant.

        Raises what the request raises, EstNameNotGranted, and as GrantedIssuance.issue.
        """
        csr = verify_csr(csr_der)
        return self._issue(grant, csr, f"est:{_digest(csr_der)}")

    def re_enroll(self, held: RegisteredCertificate, csr_der: bytes) -> DeliveredCertificate:
        """Issue the successor of a certificate whose key the client was proven to hold.

        Raises EstNotRenewable, EstRenewalMismatch, and as :meth:`enroll`.
        """
        grant = self.grant_of(held)
        csr = verify_csr(csr_der)
        _check_same_subject(held, csr_der)
        renewed = f"{held.authority}:{held.serial_number:x}".encode()
        reference = f"est-renew:{_digest(renewed + csr_der)}"
        return self._issue(grant, csr, reference, renews=True)

    def grant_of(self, held: RegisteredCertificate) -> Grant:
        """Return the grant that a certificate came by. Raises EstNotRenewable."""
        found = self._issuance.grant_of(authority=held.authority, serial_number=held.serial_number)
        if found is None:
            raise EstNotRenewable("This certificate was not issued by EST.")
        return self._grants.find(found)

    def key_type(self, grant: Grant) -> str:
        """Return the type of key that a grant's profile likes best."""
        return self._profiles[grant.profile].key_types(None)[0]

    def _issue(
        self, grant: Grant, csr: VerifiedCsr, reference: str, *, renews: bool = False
    ) -> DeliveredCertificate:
        return self._issuance.issue(
            GrantedRequest(
                grant_id=grant.id,
                protocol=GrantProtocol.EST,
                csr=csr,
                reference=reference,
                facts=_facts(grant, csr),
                renews=renews,
            )
        )


def _facts(grant: Grant, csr: VerifiedCsr) -> dict[str, FactValue]:
    try:
        return facts_of_names(grant, names_asked(csr))
    except NameNotGranted as refusal:
        raise EstNameNotGranted(refusal.detail) from refusal


def _check_same_subject(held: RegisteredCertificate, csr_der: bytes) -> None:
    present = x509.load_der_x509_certificate(held.certificate_der)
    request = x509.load_der_x509_csr(csr_der)
    if request.subject != present.subject:
        raise EstRenewalMismatch(
            "Take the subject for the request from the certificate that you renew.",
            kept="The present certificate stays valid.",
        )
    if _names(request.extensions) != _names(present.extensions):
        raise EstRenewalMismatch(
            "Take the alternative names for the request from the certificate that you renew.",
            kept="The present certificate stays valid.",
        )


def _names(extensions: x509.Extensions) -> set[x509.GeneralName]:
    for extension in extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            return set(extension.value)
    return set()


def _ascii(user: str) -> str:
    return user if user.isascii() else ""


def _digest(octets: bytes) -> str:
    return sha256(octets).hexdigest()[:_DIGEST_DIGITS]


def _refused() -> EstCredentialsRefused:
    return EstCredentialsRefused("Send the name and the password of your grant by HTTP Basic.")
