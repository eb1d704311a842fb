"""Encode time-stamp tokens: RFC 3161, Section 2.4.2, a CMS SignedData (RFC 5652), in DER.

By hand, around what is the same in every token of a unit: a library that builds each from
objects costs many times the signature.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509

from ca.der import (
    GENERALIZED_TIME,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    encode_element,
    encode_header,
)
from hsm.keys import KeyAlgorithm, SigningKey
from hsm.signature_identifiers import SIGNATURE_ALGORITHM_DER
from signing.timestamps import oids
from signing.timestamps.hashes import BY_NAME

_VERSION_1 = bytes.fromhex("020101")
# RFC 5652, Section 5.1: 3, since the content is not id-data.
_VERSION_3 = bytes.fromhex("020103")
_EXPLICIT_0 = 0xA0
# GeneralName ::= CHOICE { ..., directoryName [4] Name, ... }, explicit as Name is a CHOICE.
_DIRECTORY_NAME = 0xA4
# The hash that each key type signs with, which is the SignerInfo's digest algorithm.
_DIGESTS = {
    KeyAlgorithm.EC_P256: "sha256",
    KeyAlgorithm.EC_P384: "sha384",
    KeyAlgorithm.RSA_3072: "sha256",
    KeyAlgorithm.RSA_4096: "sha512",
}


@dataclass(frozen=True)
class TstInfo:
    """What one token says, beyond what its unit says in all. ``..._der`` stand there as they are.

    ``nonce_der`` is None where the client sent none.
    """

    policy_der: bytes
    imprint_der: bytes
    serial_number: int
    gen_time: datetime
    nonce_der: bytes | None


class TokenTemplate:
    """Makes the tokens of one unit: one key, its certificate, and the chain below the anchor."""

    def __init__(
        self,
        *,
        key: SigningKey,
        certificate_der: bytes,
        chain: Sequence[bytes],
        accuracy: timedelta,
    ) -> None:
        self._key = key
        self._accuracy = encode_accuracy(accuracy)
        digest = BY_NAME[_DIGESTS[key.algorithm]]
        self._digest: Callable[[bytes], Any] = getattr(hashlib, digest.name)
        self._algorithms = encode_element(SET, digest.identifier)
        # SignerInfo ::= SEQUENCE { version, sid, digestAlgorithm, signedAttrs [0],
        #                           signatureAlgorithm, signature }
        issuer_and_serial = _issuer_and_serial(certificate_der)
        self._signer = _VERSION_1 + issuer_and_serial + digest.identifier
        self._signature_algorithm = SIGNATURE_ALGORITHM_DER[key.algorithm]
        before, after = _signed_attributes(certificate_der, digest.octets)
        self._before, self._after = before, after
        size = len(before) + digest.octets + len(after)
        # RFC 5652, Section 5.4: what is signed has the tag of a SET, what is sent [0].
        self._signed_header = encode_header(SET, size)
        self._sent_header = encode_header(_EXPLICIT_0, size)
        # X.690, Section 11.6: the elements of a SET OF in ascending order of their octets.
        self._certificates = encode_element(
            _EXPLICIT_0, b"".join(sorted({certificate_der, *chain}))
        )

    def token(self, info: TstInfo, *, with_certificates: bool) -> bytes:
        """Return the ContentInfo of a token, signed once. Raises what the key raises."""
        content = self.tst_info(info)
        attributes = self._before + self._digest(content).digest() + self._after
        signature = self._key.sign(self._signed_header + attributes)
        signer = (
            self._signer
            + self._sent_header
            + attributes
            + self._signature_algorithm
            + encode_element(OCTET_STRING, signature)
        )
        # EncapsulatedContentInfo ::= SEQUENCE { eContentType, eContent [0] EXPLICIT OCTET STRING }
        octets = encode_element(_EXPLICIT_0, encode_element(OCTET_STRING, content))
        # SignedData ::= SEQUENCE { version, digestAlgorithms, encapContentInfo,
        #                           certificates [0] OPTIONAL, signerInfos }
        signed_data = (
            _VERSION_3
            + self._algorithms
            + encode_element(SEQUENCE, oids.TST_INFO + octets)
            + (self._certificates if with_certificates else b"")
            + encode_element(SET, encode_element(SEQUENCE, signer))
        )
        explicit = encode_element(_EXPLICIT_0, encode_element(SEQUENCE, signed_data))
        return encode_element(SEQUENCE, oids.SIGNED_DATA + explicit)

    def tst_info(self, info: TstInfo) -> bytes:
        """Return the DER of a TSTInfo."""
        # TSTInfo ::= SEQUENCE { version, policy, messageImprint, serialNumber, genTime,
        #                        accuracy OPTIONAL, ordering BOOLEAN DEFAULT FALSE,
        #                        nonce OPTIONAL, tsa [0] OPTIONAL, extensions [1] OPTIONAL }
        return encode_element(
            SEQUENCE,
            _VERSION_1
            + info.policy_der
            + info.imprint_der
            + encode_integer(info.serial_number)
            + encode_gen_time(info.gen_time)
            + self._accuracy
            + (info.nonce_der or b""),
        )


def encode_gen_time(instant: datetime) -> bytes:
    """Return a GeneralizedTime in UTC, to the millisecond, cut and not rounded.

    X.690, Section 11.7: a fraction has no zeros at its end, and none is left out altogether.
    """
    milliseconds = instant.microsecond // 1000
    fraction = f".{milliseconds:03}".rstrip("0") if milliseconds else ""
    return encode_element(GENERALIZED_TIME, f"{instant:%Y%m%d%H%M%S}{fraction}Z".encode())


def encode_accuracy(accuracy: timedelta) -> bytes:
    """Return Accuracy ::= SEQUENCE { seconds OPTIONAL, millis [0] INTEGER (1..999) OPTIONAL }."""
    seconds, rest = divmod(accuracy, timedelta(seconds=1))
    millis = rest // timedelta(milliseconds=1)
    content = encode_integer(seconds) if seconds else b""
    if millis:
        content += b"\x80" + encode_integer(millis)[1:]
    return encode_element(SEQUENCE, content)


def encode_integer(number: int) -> bytes:
    """Return the INTEGER of a number that is not negative, in the fewest octets."""
    return encode_element(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _signed_attributes(certificate_der: bytes, octets: int) -> tuple[bytes, bytes]:
    """Return what stands before and after the content's digest among the signed attributes.

    RFC 5652, Section 11: contentType and messageDigest; RFC 5816, Section 2.2.1: ESSCertIDv2.
    """
    placeholder = b"\x00" * octets
    digest = _attribute(oids.MESSAGE_DIGEST, encode_element(OCTET_STRING, placeholder))
    # X.690, Section 11.6, again: attributes of different lengths keep their order whatever
    # the digest is, since the length stands before it.
    attributes = sorted(
        (
            _attribute(oids.CONTENT_TYPE, oids.TST_INFO),
            digest,
            _attribute(oids.SIGNING_CERTIFICATE_V2, _signing_certificate(certificate_der)),
        )
    )
    place = attributes.index(digest)
    return (
        b"".join(attributes[:place]) + digest[: -len(placeholder)],
        b"".join(attributes[place + 1 :]),
    )


def _attribute(oid: bytes, value: bytes) -> bytes:
    return encode_element(SEQUENCE, oid + encode_element(SET, value))


def _signing_certificate(certificate_der: bytes) -> bytes:
    # RFC 5035, Section 4: ESSCertIDv2 ::= SEQUENCE { hashAlgorithm DEFAULT sha256, certHash,
    #                                                 issuerSerial OPTIONAL }
    certificate = x509.load_der_x509_certificate(certificate_der)
    # IssuerSerial ::= SEQUENCE { issuer GeneralNames, serialNumber }
    names = encode_element(_DIRECTORY_NAME, certificate.issuer.public_bytes())
    issuer_serial = encode_element(
        SEQUENCE, encode_element(SEQUENCE, names) + encode_integer(certificate.serial_number)
    )
    hashed = encode_element(OCTET_STRING, hashlib.sha256(certificate_der).digest())
    identifier = encode_element(SEQUENCE, hashed + issuer_serial)
    # SigningCertificateV2 ::= SEQUENCE { certs SEQUENCE OF ESSCertIDv2, policies OPTIONAL }
    return encode_element(SEQUENCE, encode_element(SEQUENCE, identifier))


def _issuer_and_serial(certificate_der: bytes) -> bytes:
    certificate = x509.load_der_x509_certificate(certificate_der)
    return encode_element(
        SEQUENCE,
        certificate.issuer.public_bytes() + encode_integer(certificate.serial_number),
    )
