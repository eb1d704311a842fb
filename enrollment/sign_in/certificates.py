"""Sign in with a client certificate of ours.

The TLS front proves that the client holds the key; everything else is checked here again, so a
front with an old CRL or a wrong trust file lets nobody in:

1. The certificate reads as one.
2. It is signed by an authority of ours, each link up to the anchor is, and all are valid now.
3. It is the very certificate that the register has: one signed by our key behind our back has
   no row there.
4. Neither it nor an authority above it is revoked or on hold.
5. It is bound to an active officer, and its profile fits the officer's role.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from ca.authorities import Authorities, Authority
from ca.foreign_certificates import read_certificates
from ca.register import GOOD, CertificateRegister, RegisteredCertificate
from core.access import Principal
from core.clock import Clock
from enrollment.errors import (
    ClientCertificateExpired,
    ClientCertificateForeign,
    ClientCertificateMalformed,
    ClientCertificateRevoked,
    OfficerNotEnrolled,
)
from enrollment.officers import PROFILES, Officers, OfficerState

# nginx's $ssl_client_escaped_cert, set by deploy/nginx/officers.conf over whatever came in.
CERTIFICATE_VARIABLE = "HTTP_X_SSL_CLIENT_CERT"
# A certificate of ours has about 1 kB; PEM and percent signs make it two.
LONGEST_HEADER = 16_384


class Status(Protocol):
    """The standing of one serial number."""

    @property
    def is_good(self) -> bool:
        """Whether nothing stands against it."""


class StatusLookup(Protocol):
    """Looks standings up, authorities' own certificates too."""

    def statuses(self, authority: str, serial_numbers: Iterable[int]) -> Mapping[int, Status]:
        """Return the standing of each serial number that was issued."""


class CertificateSignIn:
    """Turns a proven client certificate into a principal."""

    def __init__(
        self,
        *,
        authorities: Authorities,
        register: CertificateRegister,
        statuses: StatusLookup,
        officers: Officers,
        clock: Clock,
    ) -> None:
        self._authorities = authorities
        self._register = register
        self._statuses = statuses
        self._officers = officers
        self._clock = clock

    def principal(self, environ: Mapping[str, Any]) -> Principal | None:
        """Return who the TLS front vouches for, None when it sent no certificate.

        For the officers' listener alone: only there can no stranger set the header. Raises
        the refusals of ``sign_in``.
        """
        header = environ.get(CERTIFICATE_VARIABLE)
        return None if not header else self.sign_in(read_certificate_header(header))

    def sign_in(self, certificate: x509.Certificate) -> Principal:
        """Return who holds a certificate whose key the client was proven to hold.

        Raises as ``check``, or OfficerNotEnrolled.
        """
        held = self.check(certificate)
        officer = self._officers.bound_to(held)
        if officer is None or officer.state is not OfficerState.ACTIVE:
            raise OfficerNotEnrolled("This certificate belongs to no active officer.")
        if held.profile != PROFILES[officer.role]:
            raise OfficerNotEnrolled("This certificate does not fit the officer's role.")
        return officer.principal

    def presented(self, environ: Mapping[str, Any]) -> RegisteredCertificate | None:
        """Return the certificate that the TLS front vouches for, whoever holds it.

        None when it sent none. Raises ClientCertificateMalformed, and as ``check``.
        """
        header = environ.get(CERTIFICATE_VARIABLE)
        return None if not header else self.check(read_certificate_header(header))

    def check(self, certificate: x509.Certificate) -> RegisteredCertificate:
        """Take steps 2 to 4 with a certificate, and return it as the register has it.

        Raises ClientCertificateForeign, -Expired or -Revoked.
        """
        issuer = self._issuer_of(certificate)
        chain = self._authorities.chain(issuer.name)
        _check_chain([certificate, *chain], self._clock.now())
        held = self._registered(certificate, issuer)
        self._check_standing(held, issuer)
        return held

    def _issuer_of(self, certificate: x509.Certificate) -> Authority:
        for authority in self._authorities.all():
            if authority.state == "terminated" or not _is_signed_by(
                certificate, authority.certificate
            ):
                continue
            return authority
        raise ClientCertificateForeign("None of our authorities signed this certificate.")

    def _registered(
        self, certificate: x509.Certificate, issuer: Authority
    ) -> RegisteredCertificate:
        der = certificate.public_bytes(Encoding.DER)
        for held in self._register.find(certificate.serial_number, authority=issuer.name):
            if held.certificate_der == der:
                return held
        raise ClientCertificateForeign("The register does not know this certificate.")

    def _check_standing(self, held: RegisteredCertificate, issuer: Authority) -> None:
        if held.standing != GOOD:
            raise ClientCertificateRevoked("This certificate is revoked or on hold.")
        below = issuer
        while below.parent is not None:
            serial_number = below.certificate.serial_number
            found = self._statuses.statuses(below.parent, [serial_number]).get(serial_number)
            if found is not None and not found.is_good:
                raise ClientCertificateRevoked("An authority above this certificate is revoked.")
            below = self._authorities.authority(below.parent)


def read_certificate_header(header: str) -> x509.Certificate:
    """Read nginx's escaped PEM. Raises ClientCertificateMalformed."""
    if len(header) > LONGEST_HEADER:
        raise ClientCertificateMalformed("The client certificate is too large.")
    try:
        return read_certificates(unquote_to_bytes(header))[0]
    except ValueError as error:
        raise ClientCertificateMalformed("The client certificate cannot be read.") from error


def _check_chain(chain: Sequence[x509.Certificate], now: datetime) -> None:
    # RFC 5280, Section 6.1.3 (a): signature, validity and issuer name of each link.
    for certificate, above in zip(chain, [*chain[1:], chain[-1]], strict=True):
        if not _is_signed_by(certificate, above):
            raise ClientCertificateForeign("The chain above this certificate does not verify.")
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise ClientCertificateExpired("This certificate, or one above it, is not valid now.")


def _is_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
