"""Whom a presented certificate of ours signs in: by the same checks as officers'."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from ca.register import RegisteredCertificate
from enrollment.people.person import IdentifierKind
from enrollment.sign_in.certificates import CertificateSignIn
from enrollment.sign_in.errors import CertificateMissing, CertificateNotForSignIn
from enrollment.sign_in.ways import Ways

# The profile by which natural persons sign in; those for signing documents open nothing.
PROFILE = "person-authentication"
# ETSI EN 319 412-1, Section 5.1.3: what kind of document, of which country, before its number.
_SEMANTIC = re.compile(r"(IDC|PAS)([A-Z]{2})-([0-9A-Z]{1,20})")
_KINDS = {"IDC": IdentifierKind.NATIONAL_ID, "PAS": IdentifierKind.PASSPORT}


@dataclass(frozen=True)
class PresentedCertificate:
    """What a page says of a certificate before its holder goes on."""

    name: str
    serial_number: int


class PresentedPeople:
    """Knows people by the certificate that the TLS front vouches for."""

    def __init__(self, *, certificates: CertificateSignIn, ways: Ways) -> None:
        self._certificates = certificates
        self._ways = ways

    def certificate(self, environ: Mapping[str, Any]) -> PresentedCertificate | None:
        """Return the certificate that came, None when none did.

        Raises the refusals of ``CertificateSignIn.check``, and CertificateNotForSignIn.
        """
        held = self._certificates.presented(environ)
        if held is None:
            return None
        subject = _subject(held)
        names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return PresentedCertificate(str(names[0].value) if names else "", held.serial_number)

    def subscriber(self, environ: Mapping[str, Any]) -> str:
        """Return the principal whose certificate came. Raises as ``certificate``, PersonNotKnown.

        CertificateMissing when none came.
        """
        held = self._certificates.presented(environ)
        if held is None:
            raise CertificateMissing("Begin at the sign-in page, and choose a certificate.")
        numbers = _subject(held).get_attributes_for_oid(NameOID.SERIAL_NUMBER)
        match = _SEMANTIC.fullmatch(str(numbers[0].value)) if len(numbers) == 1 else None
        if match is None:
            raise CertificateNotForSignIn("It names no identity document.")
        kind, country, number = match.groups()
        return self._ways.subscriber(_KINDS[kind], country, number)


def _subject(held: RegisteredCertificate) -> x509.Name:
    if held.profile != PROFILE:
        raise CertificateNotForSignIn("Choose your certificate for signing in.")
    return x509.load_der_x509_certificate(held.certificate_der).subject
