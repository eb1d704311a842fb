"""Codes made to do harm: each ends in a verdict with a sentence, soon, and in nothing else."""

from __future__ import annotations

import base64
import json
import random
import zlib
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.passes.codecs import base45, base64url, cbor, compression, numeric
from signing.passes.statuses import Status
from signing.passes.trust.signers import TrustStore
from signing.passes.verdict import Verdict
from tests.signing.passes.issuers import (
    BARCODE_SIGNER,
    ES256,
    Authority,
    Issuer,
    card,
    claims,
    dcc,
    hc1_of,
    icvp,
    identity,
    issuer,
    seal_data,
    verify,
)

CSCA = Authority()
HEALTH = issuer(authority=CSCA, usages=(BARCODE_SIGNER,))
TRUST = TrustStore((HEALTH.signer(),))
AUTHORITY = TrustStore(authorities=(Issuer(CSCA.key, CSCA.certificate()).parsed,))


def judged(*codes: str) -> Verdict:
    """The verdict, which has a status of the closed set and at least one sentence."""
    verdict = verify(*codes, trust=TRUST)
    assert verdict.status in Status
    assert verdict.reasons
    assert all(reason.endswith(".") for reason in verdict.reasons)
    json.dumps(verdict.facts()).encode()
    return verdict


def status(*codes: str) -> Status:
    return judged(*codes).status


def signed(payload: bytes) -> str:
    """HC1 with a right signature over whatever octets."""
    structure = [cbor.encode({1: ES256, 4: HEALTH.kid}), {}, payload]
    signature = HEALTH.sign(cbor.encode(["Signature1", structure[0], b"", payload]))
    return hc1_of(cbor.encode(cbor2.CBORTag(18, [*structure, signature])))


def test_a_zip_bomb_is_refused_before_it_unfolds() -> None:
    bomb = zlib.compress(b"\0" * 200_000_000, 9)
    assert status("HC1:" + base45.encode(bomb[:100_000])) is Status.INVALID_COMPRESSION
    raw = compression.deflate(b" " * 50_000_000, raw=True)
    header = base64url.encode(json.dumps({"zip": "DEF", "alg": "ES256", "kid": "k"}).encode())
    jws = f"{header}.{base64url.encode(raw)}.AAAA"
    assert status(numeric.encode(jws)) is Status.INVALID_COMPRESSION


def test_a_compressed_part_is_whole_and_alone() -> None:
    message = HEALTH.message(claims())
    packed = compression.deflate(message)
    cases = (packed[:-1], packed[:50], packed + b"\0", b"", message, packed[:-4] + b"\0\0\0\0")
    for octets in cases:
        assert status("HC1:" + base45.encode(octets)) is Status.INVALID_COMPRESSION


@pytest.mark.parametrize(
    ("payload", "what"),
    [
        (b"\xa1\x01" + b"\x81" * 5_000 + b"\x00", "deep"),
        (b"\x9f" * 5_000 + b"\xff" * 5_000, "deep and indefinite"),
        (b"\xa2\x01\x62AT\x01\x62DE", "a key twice"),
        (b"\xa2\x01\x61A\xf5\x61B", "a key that is true"),
        (b"\xa1\x01\xc2\x58\x40" + b"\xff" * 64, "a huge integer"),
        (b"\xa1\x01\xc4\x82\x1a\x7f\xff\xff\xff\x01", "a huge fraction"),
        (b"\xa1\x01\xd8\x23\x69(a+)+$!!!!", "a regular expression"),
        (b"\xd8\x1c\x81\xd8\x1d\x00", "a list that holds itself"),
        (b"\xa1\x01\xfb\x7f\xf8\x00\x00\x00\x00\x00\x00", "no number"),
        (b"\xa1\x01\xf9\x7c\x00", "infinity"),
        (b"\xa1\x01\xf7", "undefined"),
        (b"\xa1\xa0\x01", "a map as a key"),
        (b"\xa1\x01\x5b\xff\xff\xff\xff\xff\xff\xff\xff", "a text longer than the world"),
        (b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff", "a map larger than the world"),
        (b"\xa1\x01\x62\xed\xa0", "text that is not UTF-8"),
        (b"\xa1\x01\x61A\x00", "something behind the end"),
        (b"", "nothing"),
        (b"\x07", "a number"),
        (b"\xff", "an end without a beginning"),
    ],
)
def test_signed_cbor_that_no_pass_has_is_refused(payload: bytes, what: str) -> None:
    assert status(signed(payload)) is Status.INVALID_ENCODING, what


@pytest.mark.parametrize(
    "message",
    [
        [],
        [b"", {}, b""],
        [b"", {}, b"", b"", b""],
        ["", {}, b"", b""],
        [b"", [], b"", b""],
        [b"", {}, None, b""],
        [b"\x07", {}, b"", b""],
        {},
        7,
        cbor2.CBORTag(98, [b"", {}, b"", []]),
        cbor2.CBORTag(18, cbor2.CBORTag(18, [b"", {}, b"", b""])),
    ],
)
def test_another_structure_than_one_signers_is_refused(message: Any) -> None:
    assert status(hc1_of(cbor.encode(message))) is Status.INVALID_ENCODING


def test_critical_headers_are_not_passed_over() -> None:
    protected = {1: ES256, 4: HEALTH.kid, 2: [99], 99: 1}
    assert status(HEALTH.hc1(claims(), protected=protected)) is Status.NOT_SUPPORTED
    assert status(HEALTH.shc(card(), crit=["b64"], b64=False)) is Status.NOT_SUPPORTED


@pytest.mark.parametrize("signature", [b"", b"\0", b"\0" * 64, b"\xff" * 64, b"\0" * 63, b"0" * 72])
def test_a_signature_that_is_none_is_wrong(signature: bytes) -> None:
    code = HEALTH.hc1(claims(), sign=lambda _octets: signature)
    assert status(code) is Status.INVALID_SIGNATURE


@pytest.mark.parametrize(
    "payload",
    [
        b'{"iss": "https://a.example", "iss": "https://b.example"}',
        b'{"nbf": NaN}',
        b'{"nbf": 1e999}',
        b'{"nbf": ' + b"9" * 5_000 + b"}",
        b"[" * 50_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"iss": "\\ud800"}',
        b'{"\\ud800": 1}',
        b"\xff\xfe{\0}\0",
        b"[]",
        b"7",
        b"",
    ],
)
def test_signed_json_that_no_pass_has_is_refused(payload: bytes) -> None:
    head = {"zip": "DEF", "alg": "ES256", "kid": HEALTH.signer().thumbprint}
    parts = [json.dumps(head).encode(), compression.deflate(payload, raw=True)]
    text = ".".join(base64url.encode(one) for one in parts)
    signature = base64url.encode(HEALTH.sign(text.encode()))
    assert status(f"{text}.{signature}") is Status.INVALID_ENCODING


@pytest.mark.parametrize(
    "sig",
    [
        {"cer": "!"},
        {"cer": "AAAA"},
        {"cer": 7},
        {"sigvl": None},
        {"sigvl": "A"},
        {"alg": ["ES256"]},
        {"alg": "none"},
        {"alg": "ES384"},
        {"sigvl": ""},
    ],
)
def test_a_seal_with_a_strange_signature_is_refused(sig: dict[str, Any]) -> None:
    refusals = {Status.INVALID_ENCODING, Status.INVALID_SIGNATURE}
    assert status(HEALTH.seal(seal_data(), **sig)) in refusals


@pytest.mark.parametrize("letter", ["\u0378", "\ufffd", "\ue000"])
def test_a_certificate_whose_issuer_has_a_name_that_no_name_may_be_is_refused(letter: str) -> None:
    odd = issuer(authority=Authority(f"Utopia CSC{letter}"), usages=(BARCODE_SIGNER,))
    verdict = verify(odd.seal(seal_data()), trust=TRUST + AUTHORITY)
    assert verdict.status is Status.INVALID_ENCODING


@pytest.mark.parametrize(
    ("octets", "expected"), [(8_000, Status.VERIFIED), (8_001, Status.INVALID_ENCODING)]
)
def test_a_certificate_that_is_larger_than_any_signers_is_not_parsed(
    octets: int, expected: Status
) -> None:
    # Octets behind its end are left aside.
    padded = HEALTH.der.ljust(octets, b"\0")
    assert status(HEALTH.seal(seal_data(), cer=base64url.encode(padded))) is expected


def test_a_seal_with_numbers_that_are_written_in_two_ways_is_refused() -> None:
    code = HEALTH.seal(seal_data()).replace('"v": 1', '"v": 1.0')
    assert status(code) is Status.INVALID_ENCODING


def test_a_seal_whose_data_is_empty_says_what_is_missing() -> None:
    for data in ({"hdr": {}}, {"hdr": {"t": ["x"]}, "msg": []}, {"hdr": {"is": 7}, "msg": 7}):
        assert status(HEALTH.seal(data)) is Status.INVALID_SCHEMA


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((), Status.INVALID_ENCODING),
        (("",), Status.NOT_SUPPORTED),
        (("HC1:",), Status.INVALID_COMPRESSION),
        (("HC1:abc",), Status.INVALID_ENCODING),
        (("HC1:A",), Status.INVALID_ENCODING),
        (("HC1::::",), Status.INVALID_ENCODING),
        (("HC2:NCF",), Status.NOT_SUPPORTED),
        (("hc1:NCF",), Status.NOT_SUPPORTED),
        (("https://example.org/",), Status.NOT_SUPPORTED),
        (("WIFI:S:home;;",), Status.NOT_SUPPORTED),
        (("សួស្តី",), Status.NOT_SUPPORTED),
        (("HELLO WORLD",), Status.NOT_SUPPORTED),
        (("NCF",), Status.INVALID_COMPRESSION),
        (("shc:/",), Status.INVALID_ENCODING),
        (("shc:/5",), Status.INVALID_ENCODING),
        (("shc:/៥៦",), Status.INVALID_ENCODING),
        (("shc:/0/1/56",), Status.INVALID_ENCODING),
        (("shc:/1/99/56",), Status.INVALID_ENCODING),
        (("shc:/1/2/56", "shc:/1/2/57"), Status.INVALID_ENCODING),
        (("shc:/1/2/56", "shc:/2/3/56"), Status.INVALID_ENCODING),
        (("{}",), Status.NOT_SUPPORTED),
        (("{",), Status.INVALID_ENCODING),
        (('{"data": {"hdr": {}}}',), Status.INVALID_ENCODING),
        (('{"verifiableCredential": []}',), Status.INVALID_ENCODING),
        (('{"verifiableCredential": [7]}',), Status.INVALID_ENCODING),
        (('{"verifiableCredential": {}}',), Status.INVALID_ENCODING),
        (("..",), Status.NOT_SUPPORTED),
        (("A.B.C",), Status.INVALID_ENCODING),
        (("A" * 300_000,), Status.INVALID_ENCODING),
    ],
)
def test_what_is_no_pass_gets_a_status(codes: tuple[str, ...], expected: Status) -> None:
    assert status(*codes) is expected


def test_two_passes_at_once_are_checked_one_at_a_time() -> None:
    assert status(HEALTH.hc1(claims()), HEALTH.shc(card())) is Status.INVALID_ENCODING
    code = HEALTH.hc1(claims())
    assert status(code, code) is Status.VERIFIED


@given(st.text())
def test_any_text_gets_a_verdict(text: str) -> None:
    judged(text)


@given(st.binary())
def test_any_octets_behind_the_prefix_get_a_verdict(octets: bytes) -> None:
    judged("HC1:" + base45.encode(octets))
    judged(hc1_of(octets))
    judged(signed(octets))


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=8),
    lambda below: (
        st.lists(below, max_size=4)
        | st.dictionaries(st.integers(-300, 300) | st.text(max_size=4), below, max_size=4)
    ),
    max_leaves=8,
)


@given(held=VALUES, other=st.dictionaries(st.sampled_from([1, 4, 5, 6]), VALUES))
def test_any_signed_claims_get_a_verdict(held: Any, other: dict[int, Any]) -> None:
    for sub_claim in (1, 3, 4, 5, -6):
        judged(signed(cbor2.dumps({-260: {sub_claim: held}} | other)))
    judged(signed(cbor2.dumps({-260: held} | other)))
    judged(HEALTH.claim169({169: held} | other))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=4), below),
    max_leaves=8,
)


@given(value=JSON, place=st.sampled_from(["iss", "nbf", "exp", "vc"]))
def test_any_claims_of_a_card_get_a_verdict(value: Any, place: str) -> None:
    head = {"zip": "DEF", "alg": "ES256", "kid": HEALTH.signer().thumbprint}
    payload = compression.deflate(json.dumps(card(**{place: value})).encode(), raw=True)
    text = ".".join(base64url.encode(one) for one in (json.dumps(head).encode(), payload))
    judged(f"{text}.{base64url.encode(HEALTH.sign(text.encode()))}")


@given(value=JSON, place=st.sampled_from(["pid", "ve", "uvci"]))
def test_any_message_of_a_seal_gets_a_verdict(value: Any, place: str) -> None:
    data = seal_data(**{place: value})
    signature = base64.urlsafe_b64encode(HEALTH.sign(json.dumps(data, sort_keys=True).encode()))
    sig = {"alg": "ES256", "cer": base64url.encode(HEALTH.der), "sigvl": signature.decode()}
    judged(json.dumps({"data": data, "sig": sig}))


@given(octets=st.binary(max_size=400), at=st.integers(0, 5_000), flip=st.integers(1, 255))
def test_a_seal_with_a_damaged_certificate_gets_a_verdict(
    octets: bytes, at: int, flip: int
) -> None:
    damaged = bytearray(HEALTH.der)
    damaged[at % len(damaged)] ^= flip
    for certificate in (octets, bytes(damaged)):
        code = HEALTH.seal(seal_data(), cer=base64url.encode(certificate))
        judged(code)
        assert verify(code, trust=AUTHORITY).reasons


def whole_codes() -> list[str]:
    return [
        HEALTH.hc1(claims()),
        HEALTH.hc1(claims(icvp(), sub_claim=-6)),
        HEALTH.hc1(claims(dcc(dob="1990"))),
        HEALTH.shc(card()),
        HEALTH.seal(seal_data()),
        HEALTH.claim169(identity()),
    ]


WHOLE = whole_codes()


@settings(max_examples=150)
@given(st.randoms(use_true_random=False), st.sampled_from(range(len(WHOLE))))
def test_a_damaged_code_is_never_verified(chance: random.Random, which: int) -> None:
    code = WHOLE[which]
    at = chance.randrange(len(code))
    other = chance.choice([c for c in base45.ALPHABET + '{}"' if c != code[at]])
    for damaged in (code[:at] + other + code[at + 1 :], code[:at], code[:at] + code[at + 1 :]):
        verdict = judged(damaged)
        if verdict.is_verified:
            # Blanks between members of JSON, and the bits of base64 behind the last octet, are
            # no part of what is signed.
            assert verdict.format in ("VDS-NC", "SHC")
            assert verdict.subject == judged(code).subject


@settings(max_examples=150)
@given(st.randoms(use_true_random=False))
def test_a_damaged_message_below_the_compression_is_never_verified(chance: random.Random) -> None:
    message = bytearray(HEALTH.message(claims()))
    message[chance.randrange(len(message))] ^= chance.randrange(1, 256)
    assert not judged(hc1_of(bytes(message))).is_verified
