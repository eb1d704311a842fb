"""CRLs of authorities whose signers put their certificate into each code (ICAO VDS-NC)."""

from __future__ import annotations

from dataclasses import dataclass, field

from asn1crypto import crl

from signing.passes.errors import PassRefused, bad_encoding
from signing.passes.trust.certificates import PassCertificate, is_signed_by


@dataclass(frozen=True)
class RevocationList:
    """A CRL (RFC 5280, Section 5) as it was found: who signed it is asked when it is used."""

    serial_numbers: frozenset[int]
    parsed: crl.CertificateList = field(compare=False, repr=False)

    def names(self, certificate: PassCertificate, authority: PassCertificate) -> bool:
        """Tell whether ``certificate`` is on it, and it is ``authority``'s."""
        is_named = certificate.parsed.serial_number in self.serial_numbers
        return is_named and self.is_of(authority)

    def is_of(self, authority: PassCertificate) -> bool:
        """Tell whether ``authority`` is named as its issuer, and signed it."""
        if self.parsed.issuer != authority.parsed.subject:
            return False
        return is_signed_by(
            authority.key,
            self.parsed["signature_algorithm"],
            self.parsed["signature"].native,
            self.parsed["tbs_cert_list"].dump(),
        )


def read_revocation_list(octets: bytes) -> RevocationList:
    """Read a CRL in DER. Raises PassRefused (INVALID_ENCODING)."""
    try:
        parsed = crl.CertificateList.load(octets, strict=True)
        entries = parsed["tbs_cert_list"]["revoked_certificates"]
        serials = frozenset(one["user_certificate"].native for one in entries)
        _ = parsed.issuer.native, parsed["signature_algorithm"].native
    except PassRefused:
        raise
    # asn1crypto raises whatever the octets lead it to.
    except Exception as error:
        raise bad_encoding("This is no CRL that can be read.") from error
    return RevocationList(serials, parsed)
