"""Requests are read strictly; only OcspMalformed comes out of the parser."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from ca.der import encode_element
from ocsp import oids
from ocsp.request import MOST_CERTIFICATES, OcspMalformed, parse_request
from tests.ca.revocation.world import name_of
from tests.ocsp.questions import ask, ask_many

SEQUENCE, OCTETS, INTEGER = 0x30, 0x04, 0x02


def a_certificate() -> x509.Certificate:
    from datetime import UTC, datetime

    key = ec.generate_private_key(ec.SECP256R1())
    instant = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name_of("x"), name_of("x"), key.public_key(), 77)
    return builder.not_valid_before(instant).not_valid_after(instant).sign(key, SHA256())


CERTIFICATE = a_certificate()
QUESTION = ask(CERTIFICATE, CERTIFICATE)

CERT_ID = encode_element(
    SEQUENCE,
    encode_element(SEQUENCE, oids.SHA1)
    + encode_element(OCTETS, bytes(20))
    + encode_element(OCTETS, bytes(20))
    + encode_element(INTEGER, b"\x07"),
)


def request_of(tbs: bytes, after: bytes = b"") -> bytes:
    return encode_element(SEQUENCE, encode_element(SEQUENCE, tbs) + after)


def listed(*cert_ids: bytes, extensions: bytes = b"") -> bytes:
    questions = b"".join(encode_element(SEQUENCE, one + extensions) for one in cert_ids)
    return encode_element(SEQUENCE, questions)


def test_absent_hash_parameters_an_explicit_version_and_a_name_are_taken() -> None:
    name = encode_element(0xA1, encode_element(0xA4, name_of("asker").public_bytes()))

    request = parse_request(request_of(bytes.fromhex("a003020100") + name + listed(CERT_ID)))

    assert request.certificates[0].der == CERT_ID
    assert request.certificates[0].serial_number == 7
    assert request.nonce is None


def test_a_signed_request_is_read_and_its_signature_is_not_looked_at() -> None:
    signature = encode_element(0xA0, encode_element(SEQUENCE, b""))

    assert parse_request(request_of(listed(CERT_ID), signature)).certificates


def test_as_many_questions_as_allowed_are_read_and_not_one_more() -> None:
    assert parse_request(request_of(listed(*[CERT_ID] * MOST_CERTIFICATES)))
    with pytest.raises(OcspMalformed):
        parse_request(request_of(listed(*[CERT_ID] * (MOST_CERTIFICATES + 1))))


NONCE = encode_element(SEQUENCE, oids.NONCE + encode_element(OCTETS, b"\x04\x01n"))


def extensions_of(*extensions: bytes) -> bytes:
    return encode_element(0xA2, encode_element(SEQUENCE, b"".join(extensions)))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(QUESTION[:-1], id="truncated"),
        pytest.param(QUESTION + b"\x00", id="trailing-octet"),
        pytest.param(b"\x30\x80" + QUESTION[2:] + b"\x00\x00", id="indefinite-length"),
        pytest.param(request_of(b""), id="no-list"),
        pytest.param(request_of(listed()), id="empty-list"),
        pytest.param(request_of(bytes.fromhex("a003020101") + listed(CERT_ID)), id="version-2"),
        pytest.param(request_of(listed(CERT_ID) + bytes.fromhex("a003020100")), id="out-of-order"),
        pytest.param(request_of(listed(CERT_ID) * 2), id="two-lists"),
        pytest.param(request_of(listed(CERT_ID), b"\x05\x00"), id="foreign-field"),
        pytest.param(request_of(listed(CERT_ID) + extensions_of()), id="no-extension"),
        pytest.param(request_of(listed(CERT_ID) + extensions_of(NONCE, NONCE)), id="nonce-twice"),
        pytest.param(
            request_of(
                listed(CERT_ID)
                + extensions_of(
                    encode_element(SEQUENCE, oids.NONCE + encode_element(OCTETS, b"raw nonce"))
                )
            ),
            id="nonce-not-wrapped",
        ),
        pytest.param(request_of(listed(b"\x05\x00")), id="no-cert-id"),
        pytest.param(
            request_of(listed(CERT_ID.replace(b"\x02\x01\x07", b"\x02\x02\x00\x07"[:3]))),
            id="padded-serial",
        ),
        pytest.param(
            request_of(
                listed(
                    CERT_ID,
                    extensions=encode_element(
                        0xA0,
                        encode_element(
                            SEQUENCE,
                            encode_element(
                                SEQUENCE, b"\x06\x01\x2a\x01\x01\xff" + encode_element(OCTETS, b"")
                            ),
                        ),
                    ),
                )
            ),
            id="critical-in-a-question",
        ),
    ],
)
def test_a_defective_request_is_malformed(data: bytes) -> None:
    with pytest.raises(OcspMalformed):
        parse_request(data)


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_octets_are_a_request_or_malformed(data: bytes) -> None:
    try:
        parse_request(data)
    except OcspMalformed:
        return


@given(st.integers(0, 10_000), st.integers(0, 255), st.integers(0, 8))
@settings(max_examples=500, deadline=None)
def test_a_damaged_request_is_a_request_or_malformed(place: int, octet: int, cut: int) -> None:
    base = bytearray(ask_many([(CERTIFICATE, CERTIFICATE)] * 2, nonce=b"n" * 16))
    base[place % len(base)] = octet
    try:
        parse_request(bytes(base[: len(base) - cut]))
    except OcspMalformed:
        return


@given(
    st.lists(st.integers(1, (1 << 159) - 1), min_size=1, max_size=20),
    st.none() | st.binary(min_size=1, max_size=128),
)
@settings(max_examples=50, deadline=None)
def test_what_asn1crypto_writes_is_read_back(serials: list[int], nonce: bytes | None) -> None:
    pairs = [(CERTIFICATE, CERTIFICATE)] * len(serials)

    request = parse_request(ask_many(pairs, nonce=nonce, serials=serials))

    assert [one.serial_number for one in request.certificates] == serials
    assert (request.nonce is None) == (nonce is None)
    if nonce is not None:
        assert request.nonce == encode_element(OCTETS, nonce)
