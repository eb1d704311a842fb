"""Requests are read strictly, and in the forms that clients send."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ca.der import encode_element
from core.errors import Malformed
from signing.timestamps.request import parse_request
from tests.signing.timestamps.queries import DATA, query

VERSION = b"\x02\x01\x01"
SHA256 = bytes.fromhex("0609608648016503040201")
ALGORITHM = encode_element(0x30, SHA256)
DIGEST = encode_element(0x04, sha256(DATA).digest())
IMPRINT = encode_element(0x30, ALGORITHM + DIGEST)
POLICY = bytes.fromhex("06032a0304")
NONCE = bytes.fromhex("02020100")
EXTENSIONS = bytes.fromhex("a000")


def request(*fields: bytes) -> bytes:
    return encode_element(0x30, b"".join(fields))


def test_every_field_is_read() -> None:
    read = parse_request(query(nonce=256, cert_req=True, req_policy="1.2.3.4"))

    assert read.digest == sha256(DATA).digest()
    assert read.hash_oid == SHA256
    assert (read.policy_der, read.nonce_der) == (POLICY, NONCE)
    assert read.wants_certificates
    assert not read.has_extensions


def test_what_is_left_out_is_absent() -> None:
    read = parse_request(request(VERSION, IMPRINT))

    assert (read.policy_der, read.nonce_der) == (None, None)
    assert not read.wants_certificates


def test_a_spelled_out_false_is_read() -> None:
    assert not parse_request(request(VERSION, IMPRINT, b"\x01\x01\x00")).wants_certificates


def test_extensions_are_noticed() -> None:
    assert parse_request(request(VERSION, IMPRINT, EXTENSIONS)).has_extensions


BAD = {
    "no version": request(IMPRINT),
    "no imprint": request(VERSION),
    "a version in a string": request(b"\x04\x01\x01", IMPRINT),
    "a padded version": request(b"\x02\x02\x00\x01", IMPRINT),
    "fields out of order": request(VERSION, IMPRINT, NONCE, POLICY),
    "a nonce twice": request(VERSION, IMPRINT, NONCE, NONCE),
    "a padded nonce": request(VERSION, IMPRINT, b"\x02\x02\x00\x01"),
    "an empty nonce": request(VERSION, IMPRINT, b"\x02\x00"),
    "an unfinished policy": request(VERSION, IMPRINT, b"\x06\x01\x80"),
    "a boolean of two octets": request(VERSION, IMPRINT, b"\x01\x02\xff\xff"),
    "a boolean that is neither": request(VERSION, IMPRINT, b"\x01\x01\x01"),
    "an unknown field": request(VERSION, IMPRINT, b"\xa1\x00"),
    "no algorithm": request(VERSION, encode_element(0x30, encode_element(0x30, b"") + DIGEST)),
    "an algorithm that is none": request(
        VERSION, encode_element(0x30, encode_element(0x30, NONCE) + DIGEST)
    ),
    "parameters": request(
        VERSION, encode_element(0x30, encode_element(0x30, SHA256 + NONCE) + DIGEST)
    ),
    "no digest": request(VERSION, encode_element(0x30, ALGORITHM)),
    "a digest of bits": request(VERSION, encode_element(0x30, ALGORITHM + b"\x03\x01\x00")),
    "an imprint that is none": request(VERSION, DIGEST),
    "an indefinite length": b"\x30\x80" + VERSION + IMPRINT + b"\x00\x00",
    "a set": encode_element(0x31, VERSION + IMPRINT),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_request_is_malformed(name: str) -> None:
    with pytest.raises(Malformed):
        parse_request(BAD[name])


@given(st.binary(max_size=80))
def test_octets_are_a_request_or_malformed(data: bytes) -> None:
    for one in (data, request(VERSION, IMPRINT, data), request(VERSION, data)):
        try:
            parse_request(one)
        except Malformed:
            continue
