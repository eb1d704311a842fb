"""The hash algorithms whose digests are stamped, by name and by identifier."""

from __future__ import annotations

from dataclasses import dataclass

from ca.der import OCTET_STRING, SEQUENCE, encode_element, encode_oid


@dataclass(frozen=True)
class HashAlgorithm:
    """A hash: its name as :mod:`hashlib` has it, the DER of its identifier, its digest's octets."""

    name: str
    oid: bytes
    octets: int

    @property
    def identifier(self) -> bytes:
        """AlgorithmIdentifier without parameters (RFC 5754, Section 2)."""
        return encode_element(SEQUENCE, self.oid)

    def imprint(self, digest: bytes) -> bytes:
        """MessageImprint ::= SEQUENCE { hashAlgorithm, hashedMessage OCTET STRING }."""
        return encode_element(SEQUENCE, self.identifier + encode_element(OCTET_STRING, digest))


# RFC 5754, Section 2. SHA-1 and MD5 are not here: what they stamped could be exchanged.
_ACCEPTED = (
    HashAlgorithm("sha256", encode_oid("2.16.840.1.101.3.4.2.1"), 32),
    HashAlgorithm("sha384", encode_oid("2.16.840.1.101.3.4.2.2"), 48),
    HashAlgorithm("sha512", encode_oid("2.16.840.1.101.3.4.2.3"), 64),
)
BY_NAME = {one.name: one for one in _ACCEPTED}
BY_OID = {one.oid: one for one in _ACCEPTED}
