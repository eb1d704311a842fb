"""The usual request with a nonce, cut instead of parsed: one CertID, the nonce, nothing else.

That is what `openssl ocsp` and most other clients with a nonce send. Parsing takes half as long
as signing does. Whatever is not in exactly these octets is for :mod:`ocsp.request`, which says of
these the same.
"""

from __future__ import annotations

from hashlib import sha1, sha256
from typing import Final

from ca.der import INTEGER, NULL_DER, OCTET_STRING, SEQUENCE, encode_element, encode_header
from ocsp import oids
from ocsp.request import CertId, StatusRequest

_EXPLICIT_2: Final = 0xA2
# The extension's identifier, and the tag of its value.
_MARK: Final = oids.NONCE + bytes([OCTET_STRING])
_LONGEST_NONCE: Final = 100
# [2], Extensions and Extension, with short lengths.
_HEADS_BEFORE_MARK: Final = 6
_ALGORITHMS: Final = tuple(
    (encode_element(SEQUENCE, oid + NULL_DER), size, oid)
    for oid, size in (
        (oids.SHA1, sha1().digest_size),  # noqa: S324
        (oids.SHA256, sha256().digest_size),
    )
)
# A CertID by SHA-256 with a serial number of 20 octets has 107.
_LONGEST_CERT_ID: Final = 120


def read_at_a_glance(data: bytes) -> StatusRequest | None:
    """Return what a usual request with a nonce asks; None for every other."""
    mark = data.find(_MARK)
    begin, value = mark - _HEADS_BEFORE_MARK, mark + len(_MARK) + 1
    # The value is an OCTET STRING too: tag and length, then the nonce.
    nonce = len(data) - value - 2
    if begin <= 0 or not 1 <= nonce <= _LONGEST_NONCE:
        return None
    before, after = _AROUND_MARK[nonce]
    if data[begin:mark] != before or data[value - 1 : value + 2] != after:
        return None
    asked = _cert_id(data, begin)
    return None if asked is None else StatusRequest((asked,), data[value:])


def _cert_id(data: bytes, end: int) -> CertId | None:
    # OCSPRequest and TBSRequest are around all of it, requestList and Request around the CertID.
    whole = len(data)
    outer = 2 if whole <= 0x81 else 3
    inner = 2 if whole - outer <= 0x81 else 3
    begin = outer + inner + 4
    size = end - begin
    if not 10 < size <= _LONGEST_CERT_ID or whole > 0x102:
        return None
    heads = (
        encode_header(SEQUENCE, whole - outer)
        + encode_header(SEQUENCE, whole - outer - inner)
        + encode_header(SEQUENCE, size + 2)
        + encode_header(SEQUENCE, size)
        + encode_header(SEQUENCE, size - 2)
    )
    if data[: begin + 2] != heads:
        return None
    for algorithm, octets, oid in _ALGORITHMS:
        if data.startswith(algorithm, begin + 2):
            return _read(data, begin, begin + 2 + len(algorithm), end, octets, oid)
    return None


def _read(data: bytes, begin: int, at: int, end: int, octets: int, oid: bytes) -> CertId | None:
    head = bytes((OCTET_STRING, octets))
    key = at + 2 + octets
    serial = key + 2 + octets
    content = data[serial + 2 : end]
    if (
        data[at : at + 2] != head
        or data[key : key + 2] != head
        or data[serial : serial + 2] != bytes((INTEGER, len(content)))
        or not _is_plain(content)
    ):
        return None
    return CertId(
        der=data[begin:end],
        hash_oid=oid,
        issuer_name_hash=data[at + 2 : key],
        issuer_key_hash=data[key + 2 : serial],
        serial_number=int.from_bytes(content, "big"),
    )


def _is_plain(content: bytes) -> bool:
    """Tell whether these are an INTEGER's content: positive, and in the fewest octets."""
    if not content or content[0] > 0x7F:
        return False
    return content[0] != 0 or (len(content) > 1 and content[1] > 0x7F)


def _around_mark(nonce: int) -> tuple[bytes, bytes]:
    extension = len(_MARK) + 3 + nonce
    before = bytes((_EXPLICIT_2, extension + 4, SEQUENCE, extension + 2, SEQUENCE, extension))
    return before, bytes((nonce + 2, OCTET_STRING, nonce))


_AROUND_MARK: Final = tuple(_around_mark(nonce) for nonce in range(_LONGEST_NONCE + 1))
