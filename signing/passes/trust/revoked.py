"""CRLs of authorities: they take back signers of any format, however these are listed."""

from __future__ import annotations

from dataclasses import dataclass, field

from asn1crypto import crl

from signing.passes.errors import PassRefused, bad_encoding
from signing.passes.trust.certificates import PassCertificate, is_signed_by


@dataclass(frozen=True)
class RevocationList:
    """A CRL (RFC 5280, Section 5) as it was found: it counts where an authority signed it."""

    source: str
    issuer: str
    serial_numbers: frozenset[int]
    parsed: crl.CertificateList = field(compare=False, repr=False)

    def names(self, certificate: PassCertificate) -> bool:
        """Tell whether ``certificate`` is on it."""
        # RFC 5280, Section 6.3.3 (b): the names say whose CRL it is; an authority may have had
        # another key when it signed the certificate.
        listed = certificate.parsed.serial_number in self.serial_numbers
        return listed and bool(self.parsed.issuer == certificate.parsed.issuer)

    def is_signed_by(self, authority: PassCertificate) -> bool:
        """Tell whether it is ``authority``'s."""
        return self.parsed.issuer == authority.parsed.subject and is_signed_by(
            authority.key,
            self.parsed["signature_algorithm"],
            self.parsed["signature"].native,
            self.parsed["tbs_cert_list"].dump(),
        )


def read_revocation_list(octets: bytes, source: str) -> RevocationList:
    """Read a CRL in DER, found in ``source``. Raises PassRefused (INVALID_ENCODING)."""
    try:
        parsed = crl.CertificateList.load(octets, strict=True)
        entries = parsed["tbs_cert_list"]["revoked_certificates"]
        serials = frozenset(one["user_certificate"].native for one in entries)
        issuer = parsed.issuer.human_friendly
        # What is asked of it later has to be readable now.
        _ = parsed.issuer.hashable, parsed["signature_algorithm"].native, parsed["signature"].native
    except PassRefused:
        raise
    # asn1crypto raises whatever the octets lead it to.
    except Exception as error:
        raise bad_encoding("This is no CRL that can be read.") from error
    return RevocationList(source, issuer, serials, parsed)
