"""MACs from a shared secret: PasswordBasedMac and PBMAC1 (RFC 9481, Section 6.1).

Both stretch the secret before they use it, as often as the message says. A grant's secret has
256 bits and needs no stretching: the bounds keep strangers from costing us much.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from typing import Protocol, Self

from ca.csr.parsing import read_algorithm
from ca.der import (
    INTEGER,
    NULL_DER,
    OCTET_STRING,
    SEQUENCE,
    Element,
    encode_oid,
    read_fields,
    read_integer,
    read_only,
)
from enrollment.cmp.encoding import integer, octets, sequence
from enrollment.cmp.errors import CmpAlgorithmRefused
from enrollment.cmp.message import Algorithm

PASSWORD_BASED_MAC = "1.2.840.113533.7.66.13"  # noqa: S105 - RFC 9810, Section 5.1.3.1
PBMAC1 = "1.2.840.113549.1.5.14"  # RFC 8018, Section 7.1
_PBKDF2 = "1.2.840.113549.1.5.12"
# RFC 9481, Sections 2.1 and 6.2.1. What is weaker than 128 bits is left out, SHA-1 above all.
_HASHES = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_HMACS = {
    "1.2.840.113549.2.9": "sha256",
    "1.2.840.113549.2.10": "sha384",
    "1.2.840.113549.2.11": "sha512",
}
# RFC 9810, Section 5.1.3.1, wants 100 at least; the hash is called once for each, in Python.
_PBM_ITERATIONS = range(100, 10_001)
# As costly, computed in C: about 50 ms.
_PBKDF2_ITERATIONS = range(100, 100_001)
# RFC 8018, Section 4.1, asks for 8 octets.
_SALT_OCTETS = range(8, 129)
_NEW_SALT_OCTETS = 16
_KEY_OCTETS = range(16, 65)
_ADVICE = "Use PasswordBasedMac or PBMAC1 with SHA-256, SHA-384 or SHA-512."


class Mac(Protocol):
    """A MAC algorithm with its parameters."""

    def algorithm(self) -> Algorithm:
        """Return it as an AlgorithmIdentifier."""

    def compute(self, secret: bytes, message: bytes) -> bytes:
        """Return the MAC of a message."""

    def with_new_salt(self) -> Self:
        """Return the same algorithm with a salt of our own."""


@dataclass(frozen=True)
class PasswordBasedMac:
    """RFC 9810, Section 5.1.3.1. ``owf`` and ``mac`` are the DER of AlgorithmIdentifiers."""

    salt: bytes
    owf: bytes
    iterations: int
    mac: bytes

    def algorithm(self) -> Algorithm:
        """Return it as an AlgorithmIdentifier."""
        parameters = sequence(octets(self.salt), self.owf, integer(self.iterations), self.mac)
        return Algorithm(PASSWORD_BASED_MAC, parameters)

    def compute(self, secret: bytes, message: bytes) -> bytes:
        """Return the MAC of a message."""
        name = _named(self.owf, _HASHES)
        key = secret + self.salt
        for _ in range(self.iterations):
            key = hashlib.new(name, key).digest()
        return hmac.digest(key, message, _named(self.mac, _HMACS))

    def with_new_salt(self) -> Self:
        """Return the same algorithm with a salt of our own."""
        return replace(self, salt=secrets.token_bytes(_NEW_SALT_OCTETS))


@dataclass(frozen=True)
class Pbmac1:
    """RFC 8018, Section 7.1, with PBKDF2 (Section 5.2)."""

    salt: bytes
    iterations: int
    key_octets: int
    prf: bytes
    mac: bytes

    def algorithm(self) -> Algorithm:
        """Return it as an AlgorithmIdentifier."""
        derivation = sequence(
            octets(self.salt), integer(self.iterations), integer(self.key_octets), self.prf
        )
        return Algorithm(PBMAC1, sequence(sequence(encode_oid(_PBKDF2), derivation), self.mac))

    def compute(self, secret: bytes, message: bytes) -> bytes:
        """Return the MAC of a message."""
        key = hashlib.pbkdf2_hmac(
            _named(self.prf, _HMACS), secret, self.salt, self.iterations, self.key_octets
        )
        return hmac.digest(key, message, _named(self.mac, _HMACS))

    def with_new_salt(self) -> Self:
        """Return the same algorithm with a salt of our own."""
        return replace(self, salt=secrets.token_bytes(_NEW_SALT_OCTETS))


def is_mac(algorithm: Algorithm) -> bool:
    """Tell whether an algorithm is one of ours by a shared secret."""
    return algorithm.oid in {PASSWORD_BASED_MAC, PBMAC1}


def read_mac(algorithm: Algorithm) -> Mac:
    """Read a MAC with its parameters. Raises NotDer or CmpAlgorithmRefused."""
    parameters = read_only(algorithm.parameters, SEQUENCE)
    if algorithm.oid == PBMAC1:
        return _read_pbmac1(parameters)
    salt, owf, iterations, mac = read_fields(parameters, OCTET_STRING, SEQUENCE, INTEGER, SEQUENCE)
    found = PasswordBasedMac(salt.value, owf.der, read_integer(iterations), mac.der)
    _named(found.owf, _HASHES)
    _named(found.mac, _HMACS)
    _check(found.salt, found.iterations, _PBM_ITERATIONS)
    return found


def _read_pbmac1(parameters: Element) -> Pbmac1:
    derivation, mac = read_fields(parameters, SEQUENCE, SEQUENCE)
    oid, pbkdf2 = read_algorithm(derivation)
    if oid != _PBKDF2:
        raise CmpAlgorithmRefused(f"PBMAC1 derives its key by PBKDF2 here. {_ADVICE}")
    fields = list(read_only(pbkdf2, SEQUENCE).children())
    tags = [one.tag for one in fields]
    # RFC 8018, Section 5.2: without prf it is HMAC with SHA-1, which is not taken.
    if tags not in (
        [OCTET_STRING, INTEGER, INTEGER, SEQUENCE],
        [OCTET_STRING, INTEGER, SEQUENCE],
    ):
        raise CmpAlgorithmRefused(f"Name salt, iterations and prf of PBKDF2. {_ADVICE}")
    prf = fields[-1].der
    natural = hashlib.new(_named(prf, _HMACS)).digest_size
    key_octets = read_integer(fields[2]) if len(fields) == 4 else natural
    found = Pbmac1(fields[0].value, read_integer(fields[1]), key_octets, prf, mac.der)
    _named(found.mac, _HMACS)
    _check(found.salt, found.iterations, _PBKDF2_ITERATIONS)
    if found.key_octets not in _KEY_OCTETS:
        raise CmpAlgorithmRefused("PBKDF2 derives 16 to 64 octets.")
    return found


def _named(algorithm_der: bytes, known: dict[str, str]) -> str:
    oid, parameters = read_algorithm(read_only(algorithm_der, SEQUENCE))
    if oid not in known or parameters not in {b"", NULL_DER}:
        raise CmpAlgorithmRefused(f"The MAC uses {oid}, which is not accepted. {_ADVICE}")
    return known[oid]


def _check(salt: bytes, iterations: int, allowed: range) -> None:
    if iterations not in allowed or len(salt) not in _SALT_OCTETS:
        raise CmpAlgorithmRefused(
            f"Iterate {allowed.start} to {allowed.stop - 1} times, with a salt of "
            f"{_SALT_OCTETS.start} to {_SALT_OCTETS.stop - 1} octets."
        )
