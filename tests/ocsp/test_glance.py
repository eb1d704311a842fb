"""What is read at a glance is what the parser reads, and everything else is left to it."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from hypothesis import given
from hypothesis import strategies as st

from ca.der import encode_element
from ocsp import oids
from ocsp.glance import read_at_a_glance
from ocsp.request import parse_request
from tests.ca.revocation.world import World
from tests.ocsp.questions import ask, ask_many

SEQUENCE, OCTETS, EXPLICIT_2 = 0x30, 0x04, 0xA2


def usual(cert_id: bytes, nonce: bytes) -> bytes:
    """The request as `openssl ocsp` writes it."""
    value = encode_element(OCTETS, encode_element(OCTETS, nonce))
    extensions = encode_element(SEQUENCE, encode_element(SEQUENCE, oids.NONCE + value))
    listed = encode_element(SEQUENCE, encode_element(SEQUENCE, cert_id))
    tbs = encode_element(SEQUENCE, listed + encode_element(EXPLICIT_2, extensions))
    return encode_element(SEQUENCE, tbs)


def cert_id_of(oid: bytes, octets: int, serial: bytes) -> bytes:
    algorithm = encode_element(SEQUENCE, oid + b"\x05\x00")
    hashed = encode_element(OCTETS, bytes(range(octets)))
    return encode_element(SEQUENCE, algorithm + 2 * hashed + encode_element(0x02, serial))


@pytest.fixture
def pair(world: World) -> tuple[x509.Certificate, x509.Certificate]:
    return world.issue("people-1"), world.certificates["people-1"]


def test_requests_of_another_library_are_read(
    pair: tuple[x509.Certificate, x509.Certificate],
) -> None:
    for octets in (1, 16, 32, 100):
        asked = ask_many([pair], nonce=bytes(octets))
        assert read_at_a_glance(asked) == parse_request(asked)
        assert read_at_a_glance(asked) is not None


def test_other_requests_are_left_to_the_parser(
    pair: tuple[x509.Certificate, x509.Certificate],
) -> None:
    extension = {"extn_id": "1.3.6.1.4.1.32473.1", "critical": False, "extn_value": b"\x05\x00"}
    for asked in (
        ask(*pair, SHA1()),
        ask(*pair, SHA256()),
        ask_many([pair, pair], nonce=b"n"),
        ask_many([pair], nonce=b"n", extensions=[extension]),
        ask_many([pair], nonce=b""),
        ask_many([pair], nonce=bytes(129)),
        b"",
        b"\x30",
    ):
        assert read_at_a_glance(asked) is None


@given(
    by=st.sampled_from([(oids.SHA1, 20), (oids.SHA256, 32), (oids.SHA1, 32), (oids.SHA256, 20)]),
    serial=st.binary(max_size=21),
    nonce=st.binary(max_size=130),
    cut=st.tuples(st.integers(0, 300), st.binary(max_size=2)),
)
def test_the_glance_and_the_parser_never_differ(
    by: tuple[bytes, int], serial: bytes, nonce: bytes, cut: tuple[int, bytes]
) -> None:
    asked = usual(cert_id_of(*by, serial), nonce)
    at, octets = cut
    for request in (asked, asked[:at] + octets + asked[at + len(octets) :], asked + octets):
        glanced = read_at_a_glance(request)
        if glanced is None:
            continue
        # A parser that refuses what was read at a glance fails this test with its refusal.
        assert glanced == parse_request(request)


@given(serial=st.integers(0, (1 << 159) - 1), nonce=st.binary(min_size=1, max_size=100))
def test_every_usual_request_is_read(serial: int, nonce: bytes) -> None:
    octets = serial.to_bytes(serial.bit_length() // 8 + 1, "big")
    asked = usual(cert_id_of(oids.SHA256, 32, octets), nonce)
    read = read_at_a_glance(asked)
    # A zero needs no glance: no certificate has it.
    assert (read is None) == (serial == 0 or oids.NONCE in asked[: -len(nonce) - 20])
    if read is not None:
        assert read.certificates[0].serial_number == serial
