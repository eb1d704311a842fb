"""Make time-stamp queries, and read what they asked: the client's side of RFC 3161."""

from __future__ import annotations

import hashlib
import secrets

from ca.der import BOOLEAN, SEQUENCE, encode_element, read_element, read_integer
from signing.timestamps.hashes import BY_NAME
from signing.timestamps.request import parse_request
from signing.timestamps.token import encode_integer

_VERSION_1 = bytes.fromhex("020101")
_TRUE = encode_element(BOOLEAN, b"\xff")
# RFC 3161, Section 2.4.1: a large random number, such as one of 64 bits.
NONCE_BITS = 64


def make_query(data: bytes, hash_algorithm: str, *, with_certificates: bool) -> bytes:
    """Return a TimeStampReq for the digest of ``data``, with a fresh nonce."""
    imprint = BY_NAME[hash_algorithm].imprint(hashlib.new(hash_algorithm, data).digest())
    nonce = encode_integer(secrets.randbits(NONCE_BITS))
    return encode_element(
        SEQUENCE, _VERSION_1 + imprint + nonce + (_TRUE if with_certificates else b"")
    )


def nonce_of(query_der: bytes) -> int | None:
    """Return the nonce of a TimeStampReq, None for one without. Raises Malformed."""
    nonce = parse_request(query_der).nonce_der
    return None if nonce is None else read_integer(read_element(nonce))
