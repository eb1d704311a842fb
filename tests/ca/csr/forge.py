"""Certification requests made field by field, so that exactly one thing is wrong with each."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ca.der import (
    BIT_STRING,
    OCTET_STRING,
    SEQUENCE,
    SET,
    UTF8_STRING,
    encode_element,
    encode_oid,
)
from core import oids
from tests.ca.software_hierarchy import PrivateKey, private_key

ECDSA_SHA256 = encode_element(SEQUENCE, encode_oid(oids.ECDSA_WITH_SHA256))
RSA_SHA256 = encode_element(SEQUENCE, encode_oid(oids.SHA256_WITH_RSA) + b"\x05\x00")
ED25519 = encode_element(SEQUENCE, encode_oid(oids.ED25519))


def public_key_info(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def attribute(oid: str, value: bytes, tag: int = UTF8_STRING) -> bytes:
    pair = encode_element(SEQUENCE, encode_oid(oid) + encode_element(tag, value))
    return encode_element(SET, pair)


def subject(*attributes: bytes) -> bytes:
    return encode_element(SEQUENCE, b"".join(attributes))


def extension(oid: str, value: bytes, *, critical: bytes = b"") -> bytes:
    return encode_element(
        SEQUENCE, encode_oid(oid) + critical + encode_element(OCTET_STRING, value)
    )


def extension_request(*extensions: bytes) -> bytes:
    values = encode_element(SET, encode_element(SEQUENCE, b"".join(extensions)))
    return encode_element(SEQUENCE, encode_oid(oids.EXTENSION_REQUEST) + values)


@dataclass(frozen=True)
class Request:
    """The parts of a request; what is not given is right."""

    key: PrivateKey
    version: bytes = b"\x02\x01\x00"
    subject: bytes = subject(attribute(oids.COMMON_NAME, b"asked"))
    public_key: bytes | None = None
    attributes: tuple[bytes, ...] = ()
    attributes_tag: int = 0xA0
    algorithm: bytes | None = None
    signature: bytes | None = None
    extra: bytes = b""

    @property
    def info(self) -> bytes:
        return encode_element(
            SEQUENCE,
            self.version
            + self.subject
            + (self.public_key or public_key_info(self.key))
            + encode_element(self.attributes_tag, b"".join(self.attributes))
            + self.extra,
        )

    @property
    def der(self) -> bytes:
        signature = sign(self.key, self.info) if self.signature is None else self.signature
        return encode_element(
            SEQUENCE,
            self.info
            + (self.algorithm or algorithm_of(self.key))
            + encode_element(BIT_STRING, b"\x00" + signature),
        )


def algorithm_of(key: PrivateKey) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return RSA_SHA256
    return ED25519 if isinstance(key, Ed25519PrivateKey) else ECDSA_SHA256


def sign(key: PrivateKey, message: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(message)
    return key.sign(message, ec.ECDSA(hashes.SHA256()))


def request(**parts: object) -> bytes:
    parts.setdefault("key", private_key("ec-p256"))
    return Request(**parts).der  # type: ignore[arg-type]


def rsa_public_key(modulus: int, exponent: int, parameters: bytes = b"\x05\x00") -> bytes:
    def integer(number: int) -> bytes:
        return encode_element(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))

    key = encode_element(SEQUENCE, integer(modulus) + integer(exponent))
    algorithm = encode_element(SEQUENCE, encode_oid(oids.RSA_ENCRYPTION) + parameters)
    return encode_element(SEQUENCE, algorithm + encode_element(BIT_STRING, b"\x00" + key))


def ec_public_key(point: bytes, curve: bytes = encode_oid(oids.SECP256R1)) -> bytes:
    algorithm = encode_element(SEQUENCE, encode_oid(oids.EC_PUBLIC_KEY) + curve)
    return encode_element(SEQUENCE, algorithm + encode_element(BIT_STRING, b"\x00" + point))


def ed25519_public_key(point: bytes, parameters: bytes = b"") -> bytes:
    algorithm = encode_element(SEQUENCE, encode_oid(oids.ED25519) + parameters)
    return encode_element(SEQUENCE, algorithm + encode_element(BIT_STRING, b"\x00" + point))
