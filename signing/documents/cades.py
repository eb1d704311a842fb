"""CMS SignedData as PAdES and CAdES want it, put together in DER octet by octet.

RFC 5652 in the profile of ETSI EN 319 122-1, Section 5 and EN 319 142-1, Section 6.3. What is the
same in all signatures of a signer is encoded once: building this with an ASN.1 library costs as
much as everything else of a signature together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ca.der import (
    GENERALIZED_TIME,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    UTC_TIME,
    encode_element,
    encode_oid,
)
from hsm.keys import KeyAlgorithm
from hsm.signature_identifiers import SIGNATURE_ALGORITHM_DER
from signing.documents.collected import Collected

_EXPLICIT_0: Final = 0xA0
_IMPLICIT_0: Final = 0xA0
_IMPLICIT_1: Final = 0xA1
_DIRECTORY_NAME: Final = 0xA4
# RFC 5652, Section 5.1: version 1, since the content is id-data and the signer is named by issuer.
_VERSION_1: Final = bytes.fromhex("020101")
# Section 5.1 again: version 5, once a revocation format of another kind than a CRL is inside.
_VERSION_5: Final = bytes.fromhex("020105")
_FIRST_GENERALIZED_YEAR: Final = 2050

_SIGNED_DATA: Final = encode_oid("1.2.840.113549.1.7.2")
_DATA: Final = encode_oid("1.2.840.113549.1.7.1")
_CONTENT_TYPE: Final = encode_oid("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST: Final = encode_oid("1.2.840.113549.1.9.4")
_SIGNING_TIME: Final = encode_oid("1.2.840.113549.1.9.5")
_SIGNING_CERTIFICATE_V2: Final = encode_oid("1.2.840.113549.1.9.16.2.47")
_OCSP_RESPONSE: Final = encode_oid("1.3.6.1.5.5.7.16.2")
_SIGNATURE_TIMESTAMP: Final = encode_oid("1.2.840.113549.1.9.16.2.14")

# RFC 5754, Section 2: SHA-2 without parameters.
DIGEST_ALGORITHMS: Final = {
    "sha256": encode_element(SEQUENCE, encode_oid("2.16.840.1.101.3.4.2.1")),
    "sha384": encode_element(SEQUENCE, encode_oid("2.16.840.1.101.3.4.2.2")),
    "sha512": encode_element(SEQUENCE, encode_oid("2.16.840.1.101.3.4.2.3")),
}
# The digest over the content is the one inside the signature; RFC 8419, Section 3 for Ed25519.
DIGEST_NAMES: Final = {
    KeyAlgorithm.EC_P256: "sha256",
    KeyAlgorithm.EC_P384: "sha384",
    KeyAlgorithm.RSA_3072: "sha256",
    KeyAlgorithm.RSA_4096: "sha512",
    KeyAlgorithm.ED25519: "sha512",
}
# The longest signature of our key types: RSA-4096.
_LONGEST_SIGNATURE: Final = 512
# Heads that grow when what they contain does.
_HEADS: Final = 64


@dataclass(frozen=True)
class CmsTemplate:
    """What is the same in all signatures by one certificate."""

    digest_name: str
    _own_certificates: tuple[bytes, ...]
    _certificates: bytes
    _signing_certificate: bytes
    _signer_identifier: bytes
    _digest_algorithm: bytes
    _signature_algorithm: bytes

    @classmethod
    def of(
        cls,
        certificate: x509.Certificate,
        chain: Sequence[x509.Certificate],
        algorithm: KeyAlgorithm,
    ) -> CmsTemplate:
        """Encode what does not change. Anchors of ``chain`` are left out: who trusts has them."""
        digest_name = DIGEST_NAMES[algorithm]
        issuers = [one for one in chain if one.issuer != one.subject]
        own = tuple(one.public_bytes(Encoding.DER) for one in (certificate, *issuers))
        return cls(
            digest_name=digest_name,
            _own_certificates=own,
            _certificates=_set(own),
            _signing_certificate=_signing_certificate(certificate),
            _signer_identifier=issuer_and_serial(certificate),
            _digest_algorithm=DIGEST_ALGORITHMS[digest_name],
            _signature_algorithm=SIGNATURE_ALGORITHM_DER[algorithm],
        )

    def new_digest(self) -> Any:
        """Return a hash object for the content."""
        return hashlib.new(self.digest_name)

    def signed_attributes(
        self, message_digest: bytes, signing_time: datetime | None = None
    ) -> bytes:
        """Return the DER of the SET OF signed attributes: what is signed.

        ETSI EN 319 142-1, Section 6.3 forbids ``signing_time`` in a PDF, whose dictionary says
        it; EN 319 122-1, Section 5.2.1 demands it elsewhere.
        """
        attributes = [
            _attribute(_CONTENT_TYPE, _DATA),
            _attribute(_MESSAGE_DIGEST, encode_element(OCTET_STRING, message_digest)),
            self._signing_certificate,
        ]
        if signing_time is not None:
            attributes.append(_attribute(_SIGNING_TIME, _time(signing_time)))
        return encode_element(SET, _set(attributes))

    def content_info(
        self,
        signed_attributes: bytes,
        signature: bytes,
        token: bytes | None = None,
        kept: Collected | None = None,
        content: bytes | None = None,
    ) -> bytes:
        """Return the DER of the ContentInfo; ``token`` stamps the signature.

        It is detached unless ``content`` is to be inside. ``kept`` is evidence that is to lie
        inside (EN 319 122-1, Section 6.3, for B-LT).
        """
        unsigned = b""
        if token is not None:
            unsigned = encode_element(_IMPLICIT_1, _attribute(_SIGNATURE_TIMESTAMP, token))
        signer_info = encode_element(
            SEQUENCE,
            _VERSION_1
            + self._signer_identifier
            + self._digest_algorithm
            # RFC 5652, Section 5.3: sent as [0] IMPLICIT, signed as a SET OF.
            + bytes([_IMPLICIT_0])
            + signed_attributes[1:]
            + self._signature_algorithm
            + encode_element(OCTET_STRING, signature)
            + unsigned,
        )
        certificates, revocations = self._certificates, b""
        if kept is not None:
            certificates = _set({*self._own_certificates, *kept.certificates})
            revocations = encode_element(_IMPLICIT_1, _revocations(kept))
        signed_data = encode_element(
            SEQUENCE,
            (_VERSION_5 if revocations else _VERSION_1)
            + encode_element(SET, self._digest_algorithm)
            + encode_element(SEQUENCE, _DATA + _encapsulated(content))
            + encode_element(_IMPLICIT_0, certificates)
            + revocations
            + encode_element(SET, signer_info),
        )
        return encode_element(SEQUENCE, _SIGNED_DATA + encode_element(_EXPLICIT_0, signed_data))

    def longest(self, token_octets: int) -> int:
        """Return how many octets a ContentInfo for a PDF takes at most."""
        attributes = self.signed_attributes(bytes(64))
        bare = self.content_info(attributes, bytes(_LONGEST_SIGNATURE))
        return len(bare) + token_octets + _HEADS


def _encapsulated(content: bytes | None) -> bytes:
    # RFC 5652, Section 5.2: eContent is [0] EXPLICIT OCTET STRING, or absent.
    return (
        b""
        if content is None
        else encode_element(_EXPLICIT_0, encode_element(OCTET_STRING, content))
    )


def _set(elements: Iterable[bytes]) -> bytes:
    # X.690, Section 11.6: in ascending order of their octets.
    return b"".join(sorted(elements))


def _revocations(kept: Collected) -> bytes:
    # RFC 5940, Section 2: an OCSP response is another revocation format, beside CRLs.
    answers = (
        encode_element(_IMPLICIT_1, _OCSP_RESPONSE + answer) for answer in kept.ocsp_responses
    )
    return _set([*kept.crls, *answers])


def _attribute(oid: bytes, value: bytes) -> bytes:
    return encode_element(SEQUENCE, oid + encode_element(SET, value))


def issuer_and_serial(certificate: x509.Certificate) -> bytes:
    """Return the IssuerAndSerialNumber of a certificate (RFC 5652, Section 10.2.4)."""
    return encode_element(SEQUENCE, certificate.issuer.public_bytes() + _serial(certificate))


def _serial(certificate: x509.Certificate) -> bytes:
    number = certificate.serial_number
    return encode_element(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _signing_certificate(certificate: x509.Certificate) -> bytes:
    # RFC 5035, Section 4: SHA-256 is the default, so its algorithm is left out.
    digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
    names = encode_element(
        SEQUENCE, encode_element(_DIRECTORY_NAME, certificate.issuer.public_bytes())
    )
    issuer_serial = encode_element(SEQUENCE, names + _serial(certificate))
    identifier = encode_element(SEQUENCE, encode_element(OCTET_STRING, digest) + issuer_serial)
    value = encode_element(SEQUENCE, encode_element(SEQUENCE, identifier))
    return _attribute(_SIGNING_CERTIFICATE_V2, value)


def _time(at: datetime) -> bytes:
    # RFC 5652, Section 11.3: UTCTime until 2049, GeneralizedTime from 2050.
    at = at.astimezone(UTC)
    if at.year < _FIRST_GENERALIZED_YEAR:
        return encode_element(UTC_TIME, f"{at:%y%m%d%H%M%SZ}".encode())
    return encode_element(GENERALIZED_TIME, f"{at:%Y%m%d%H%M%SZ}".encode())
