"""Recognize the plainest request at a glance: one CertID, no extensions, in the usual octets.

That is what nearly every client sends (RFC 9919, Section 3.1.1). Its octets are all fixed but
the issuer's hashes and the serial number, so it is compared and sliced instead of parsed.
Whatever looks different in any octet goes to the responder that parses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha1, sha256
from typing import Final

from ca.authorities import Authority, certids
from ca.der import INTEGER, NULL_DER, OCTET_STRING, SEQUENCE, encode_element
from ocsp import oids

BY_SHA1: Final = 0
BY_SHA256: Final = 1
TAG_OCTETS: Final = 4

# OCSPRequest, TBSRequest, requestList and Request, around the CertID: four sequences.
_AROUND: Final = 8
# The CertID's own head stands before the hash algorithm.
_ALGORITHM_AT: Final = 10
# Short lengths only: 127 octets hold any CertID by SHA-256 with a serial number of 20 octets.
_LONGEST: Final = 129

_HEADS: Final = tuple(
    b"".join(bytes([SEQUENCE, length - after]) for after in (2, 4, 6, 8, 10))
    if length > 10
    else b""
    for length in range(_LONGEST + 1)
)
_ALGORITHMS: Final = (
    encode_element(SEQUENCE, oids.SHA1 + NULL_DER),
    encode_element(SEQUENCE, oids.SHA256 + NULL_DER),
)
_PREFIX_OCTETS: Final = tuple(
    len(algorithm) + 2 * (2 + size)
    for algorithm, size in zip(
        _ALGORITHMS,
        (sha1().digest_size, sha256().digest_size),  # noqa: S324
        strict=True,
    )
)
_SERIAL_AT: Final = tuple(_ALGORITHM_AT + octets for octets in _PREFIX_OCTETS)

# How CertIDs begin -> the issuer's tag, and by which hash they are.
Prefixes = Mapping[bytes, tuple[bytes, int]]


def prefixes_of(authority: Authority) -> tuple[bytes, bytes]:
    """Return how CertIDs of an authority's certificates begin, by SHA-1 and by SHA-256.

    That is hashAlgorithm, issuerNameHash and issuerKeyHash, without the sequence's own head.
    """
    by_sha1, by_sha256 = (
        algorithm + _octets(name_hash) + _octets(key_hash)
        for algorithm, (name_hash, key_hash) in zip(_ALGORITHMS, certids(authority), strict=True)
    )
    return by_sha1, by_sha256


def issuer_tag(prefixes: tuple[bytes, bytes]) -> bytes:
    """Return the 4 octets under which an issuer's answers are kept.

    Its key's SHA-1 begins so, which is what the prefix by SHA-1 ends with.
    """
    key_hash = prefixes[BY_SHA1][-sha1().digest_size :]  # noqa: S324
    return key_hash[:TAG_OCTETS]


def index_prefixes(issuers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, tuple[bytes, int]]:
    """Return what :func:`recognize` looks up, for these issuers."""
    return {
        prefix: (issuer_tag(prefixes), kind)
        for prefixes in issuers
        for kind, prefix in enumerate(prefixes)
    }


def cert_id(prefix: bytes, serial_number: int) -> bytes:
    """Return the CertID of a certificate in the octets that are recognized at a glance."""
    return encode_element(SEQUENCE, prefix + encode_element(INTEGER, serial_octets(serial_number)))


def plain_request(cert_id_der: bytes) -> bytes:
    """Return the request that asks about one CertID and says nothing else."""
    request = cert_id_der
    # From the inside out: Request, requestList, TBSRequest, OCSPRequest.
    for _sequence in range(_AROUND // 2):
        request = encode_element(SEQUENCE, request)
    return request


def serial_octets(serial_number: int) -> bytes:
    """Return an INTEGER's content octets (X.690, Section 8.3)."""
    return serial_number.to_bytes(serial_number.bit_length() // 8 + 1, "big")


def answer_key(tag: bytes, serial_number: int) -> bytes:
    """Return the key under which a certificate's record is stored."""
    return tag + serial_octets(serial_number)


def recognize(request: bytes, prefixes: Prefixes) -> tuple[bytes, int, bytes] | None:
    """Return (record key, hash kind, CertID) of a plain request; None for every other.

    ``hash kind`` is BY_SHA1 or BY_SHA256.
    """
    length = len(request)
    if length > _LONGEST or request[:_ALGORITHM_AT] != _HEADS[length]:
        return None
    for serial_at in _SERIAL_AT:
        found = prefixes.get(request[_ALGORITHM_AT:serial_at])
        if found is not None:
            break
    else:
        return None
    content = serial_at + 2
    if request[serial_at:content] != _SERIAL_HEADS.get(length - content):
        return None
    return found[0] + request[content:], found[1], request[_AROUND:]


# Longer numbers than 20 octets are nobody's (RFC 5280, Section 4.1.2.2).
_SERIAL_HEADS: Final = {length: bytes([INTEGER, length]) for length in range(1, 21)}


def _octets(value: bytes) -> bytes:
    return encode_element(OCTET_STRING, value)
