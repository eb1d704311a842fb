"""Look for PINs and private keys in octets: as text, as encodings, and as bare numbers.

A private key that was leaked need not look like one. So beside the shapes of RFC 5958, RFC 5915
and RFC 8017, every number of a scalar's size is taken for a private key, and compared by its
public half with the keys that there are.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

# Not in one piece, so that this file is not what it looks for.
PEM_LABELS = (b"PRIVATE" + b" KEY-----", b"OPENSSH" + b" PRIVATE")
DER_SHAPES = {
    # OneAsymmetricKey: version 0 or 1, then the algorithm: EC, RSA, or one of RFC 8410. (A CRL
    # begins alike, with the algorithm of a signature.)
    "PKCS #8": re.compile(
        rb"\x02\x01[\x00\x01]\x30.\x06(?:\x07\x2a\x86\x48\xce\x3d\x02\x01"
        rb"|\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01[\x01\x0a]|\x03\x2b\x65[\x6e-\x71])",
        re.DOTALL,
    ),
    # ECPrivateKey: version 1, then an OCTET STRING of a scalar's size.
    "SEC 1": re.compile(rb"\x02\x01\x01\x04[\x20\x30]", re.DOTALL),
    # RSAPrivateKey: version 0, then a modulus of 2,048 bits or more.
    "PKCS #1": re.compile(rb"\x30\x82..\x02\x01\x00\x02\x82[\x01-\x04][\x00-\xff]\x00", re.DOTALL),
}
_HEX = re.compile(rb"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{96})(?![0-9a-fA-F])")
_BASE64 = re.compile(
    rb"(?<![A-Za-z0-9+/_\-])(?:[A-Za-z0-9+/_\-]{43}=?|[A-Za-z0-9+/_\-]{64})(?![\w+/=])"
)
_DECIMAL = re.compile(rb"(?<!\d)\d{70,116}(?!\d)")
_SCALAR_OCTETS = {32, 48}


@dataclass(frozen=True)
class Finding:
    """What was found, and where."""

    place: str
    what: str


class SecretSearch:
    """Knows the PINs, and the public halves of the keys (SubjectPublicKeyInfo DER)."""

    def __init__(self, *, pins: Iterable[str], public_keys: Iterable[bytes]) -> None:
        self._pins = {form for pin in pins for form in _forms(pin.encode())}
        self._points = {_point(der) for der in public_keys} - {b""}
        self._tried: set[bytes] = set()

    def in_octets(self, place: str, octets: bytes) -> Iterator[Finding]:
        """Yield what a file, a log or a process's environment gives away."""
        if any(form in octets for form in self._pins):
            yield Finding(place, "a PIN")
        if any(label in octets for label in PEM_LABELS):
            yield Finding(place, "a private key in PEM")
        for shape, pattern in DER_SHAPES.items():
            if pattern.search(octets):
                yield Finding(place, f"a private key as {shape}")
        for number in _numbers(octets):
            yield from self.in_number(place, number)

    def in_number(self, place: str, number: bytes) -> Iterator[Finding]:
        """Yield the key of which these octets are the private half."""
        if len(number) not in _SCALAR_OCTETS or number in self._tried:
            return
        self._tried.add(number)
        if self._points & set(_public_halves(number)):
            self._tried.discard(number)
            yield Finding(place, "the private number of a key")


def _forms(pin: bytes) -> set[bytes]:
    return {
        pin,
        pin.hex().encode(),
        base64.b64encode(pin).rstrip(b"="),
        pin.decode().encode("utf-16-le"),
    }


def _point(public_key_der: bytes) -> bytes:
    key = load_der_public_key(public_key_der)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return b""


def _public_halves(number: bytes) -> Iterator[bytes]:
    curve: ec.EllipticCurve = ec.SECP256R1() if len(number) == 32 else ec.SECP384R1()
    try:
        made = ec.derive_private_key(int.from_bytes(number, "big"), curve)
        yield made.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    except ValueError:
        pass
    if len(number) == 32:
        seed = ed25519.Ed25519PrivateKey.from_private_bytes(number)
        yield seed.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _numbers(octets: bytes) -> Iterator[bytes]:
    for match in _HEX.finditer(octets):
        yield bytes.fromhex(match[0].decode())
    for match in _BASE64.finditer(octets):
        try:
            yield base64.b64decode(match[0].rstrip(b"=") + b"==", altchars=b"-_")[:48]
            yield base64.b64decode(match[0].rstrip(b"=") + b"==")[:48]
        except binascii.Error:
            continue
    for match in _DECIMAL.finditer(octets):
        value = int(match[0])
        for size in _SCALAR_OCTETS:
            if value.bit_length() <= 8 * size:
                yield value.to_bytes(size, "big")
