"""The identifier of a certificate in renewal information (RFC 9773, Section 4.1)."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509

from enrollment.acme import base64url
from enrollment.acme.errors import JwsMalformed, ResourceUnknown


@dataclass(frozen=True)
class CertificateId:
    """An authority key identifier and a serial number."""

    key_identifier: bytes
    serial_number: int

    def __str__(self) -> str:
        # RFC 9773, Section 4.1: the INTEGER's content octets, with a leading zero where DER has it.
        octets = self.serial_number.to_bytes(self.serial_number.bit_length() // 8 + 1, "big")
        return f"{base64url.encode(self.key_identifier)}.{base64url.encode(octets)}"


def parse_certificate_id(text: str) -> CertificateId:
    """Read an identifier. Raises ResourceUnknown."""
    issuer, dot, serial = text.partition(".")
    try:
        octets = base64url.decode(serial)
        parsed = CertificateId(base64url.decode(issuer), int.from_bytes(octets, "big"))
    except JwsMalformed as error:
        raise ResourceUnknown("This is no certificate's identifier.") from error
    if not dot or len(octets) > 21 or str(parsed) != text:
        raise ResourceUnknown("This is no certificate's identifier.")
    return parsed


def certificate_id(certificate: x509.Certificate) -> CertificateId:
    """Return the identifier of a certificate of ours, which names its issuer's key."""
    extension = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    identifier = extension.value.key_identifier or b""
    return CertificateId(identifier, certificate.serial_number)
