"""Codecs: the examples of their standards, round trips, and other people's implementations."""

from __future__ import annotations

import json
from typing import Any

import josepy
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from signing.passes.codecs import base45, base64url, cbor, compression, numeric, strict_json
from signing.passes.codecs.cose import read_claims, read_sign1
from signing.passes.codecs.jws import read_compact
from signing.passes.codecs.signatures import Algorithm, SignatureWrong, check_signature
from signing.passes.errors import PassRefused
from signing.passes.trust.signers import Signer
from tests.signing.passes import vectors
from tests.signing.passes.issuers import card, issuer

# RFC 8392, Appendix A.2.3 (the key) and A.3 (the token).
RFC_8392_KEY = (
    0x143329CCE7868E416927599CF65A34F3CE2FFDA55A7ECA69ED8919A394D42F0F,
    0x60F7F1A780D8A783BFB7A2DD6B2796E8128DBBCEF9D3D168DB9529971A36E7B9,
)
RFC_8392_TOKEN = bytes.fromhex(
    "d28443a10126a104524173796d6d657472696345434453413235365850a7017563"
    "6f61703a2f2f61732e6578616d706c652e636f6d02656572696b77037818636f61"
    "703a2f2f6c696768742e6578616d706c652e636f6d041a5612aeb0051a5610d9f0"
    "061a5610d9f007420b7158405427c1ff28d23fbad1f29c4c7c6a555e601d6fa29f"
    "9179bc3d7438bacaca5acd08c8d4d4f96131680c429a01f85951ecee743a52b9b6"
    "3632c57209120e1c9e30"
)


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"AB", "BB8"),
        (b"Hello!!", "%69 VD92EX0"),
        (b"base-45", "UJCLQE7W581"),
        (b"ietf!", "QED8WEX0"),
        (b"", ""),
    ],
)
def test_the_examples_of_rfc_9285(octets: bytes, text: str) -> None:
    assert base45.encode(octets) == text
    assert base45.decode(text) == octets


@pytest.mark.parametrize("text", ["GGX", "ZZZ", "A", "AAAA", "::", "aaa", "AB!", "សSS"])
def test_what_is_no_base45_is_refused(text: str) -> None:
    with pytest.raises(PassRefused):
        base45.decode(text)


@given(st.binary())
def test_every_codec_gives_back_what_it_was_given(octets: bytes) -> None:
    assert base45.decode(base45.encode(octets)) == octets
    assert base64url.decode(base64url.encode(octets)) == octets
    for raw in (False, True):
        packed = compression.deflate(octets, raw=raw)
        assert compression.inflate(packed, most=len(octets), raw=raw) == octets
    assert cbor.decode(cbor.encode({1: octets})) == {1: octets}
    jws = f"{base64url.encode(octets)}.A.B"
    assert numeric.decode([numeric.encode(jws)], most=1) == jws


@given(st.binary(min_size=1))
def test_what_unfolds_to_more_than_the_bound_is_refused(octets: bytes) -> None:
    with pytest.raises(PassRefused):
        compression.inflate(compression.deflate(octets), most=len(octets) - 1)


def test_the_token_of_rfc_8392_is_verified_and_a_changed_one_is_not() -> None:
    key = ec.EllipticCurvePublicNumbers(*RFC_8392_KEY, ec.SECP256R1()).public_key()
    message = read_sign1(RFC_8392_TOKEN)
    assert message.key_id == b"AsymmetricECDSA256"
    assert read_claims(message)[1] == "coap://as.example.com"
    check_signature(key, message.signed(frozenset({Algorithm.ES256})))
    changed = read_sign1(RFC_8392_TOKEN.replace(b"erikw", b"erika"))
    with pytest.raises(SignatureWrong):
        check_signature(key, changed.signed(frozenset({Algorithm.ES256})))


@pytest.mark.parametrize("name", vectors.names("statuslist/*_cwt_diag.md"))
def test_the_tokens_of_the_status_list_draft_are_read(name: str) -> None:
    lines = [line.partition("#")[0] for line in vectors.text(name).splitlines()]
    claims = read_claims(read_sign1(bytes.fromhex("".join("".join(lines).split()))))
    assert 65533 in claims or 65535 in claims


def test_keys_of_canonical_json_are_ordered_by_utf_16() -> None:
    # RFC 8785, Section 3.2.3
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    ordered = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    text = strict_json.canonical(dict.fromkeys(keys, 0)).decode()
    assert list(json.loads(text)) == ordered
    assert strict_json.canonical({"b": ["é", None, True], "a": {}}) == (
        '{"a":{},"b":["é",null,true]}'.encode()
    )


def test_pyjwt_reads_our_cards_as_we_do() -> None:
    signer = issuer()
    text = signer.jws(card())
    key: Any = signer.parsed.key
    told = jwt.api_jws.PyJWS().decode_complete(text, key, algorithms=["ES256"])
    ours = read_compact(text)
    assert (told["header"], told["payload"]) == (ours.header, ours.payload)
    assert json.loads(compression.inflate(ours.payload, most=10_000, raw=True)) == card()


def test_we_read_pyjwts_cards() -> None:
    signer = issuer()
    payload = compression.deflate(strict_json.compact(card()), raw=True)
    assert isinstance(signer.key, ec.EllipticCurvePrivateKey)
    text = jwt.api_jws.PyJWS().encode(payload, signer.key, "ES256", headers={"zip": "DEF"})
    check_signature(signer.parsed.key, read_compact(text).signed(frozenset({Algorithm.ES256})))


CURVES = (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1())


@pytest.mark.parametrize("curve", CURVES, ids=lambda one: one.name)
def test_josepy_agrees_on_thumbprints_of_keys_on_curves(curve: ec.EllipticCurve) -> None:
    # Often enough that some coordinate begins with a zero, which has to stay.
    for _ in range(50):
        key = ec.generate_private_key(curve).public_key()
        told = josepy.JWKEC(key=josepy.ComparableECKey(key)).thumbprint(SHA256)
        assert Signer(key, "test").thumbprint == base64url.encode(told)


def test_josepy_agrees_on_the_thumbprint_of_an_rsa_key() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    told = josepy.JWKRSA(key=josepy.ComparableRSAKey(key)).thumbprint(SHA256)
    assert Signer(key, "test").thumbprint == base64url.encode(told)


def test_the_thumbprint_of_rfc_8037() -> None:
    # Appendix A.2 and A.3
    octets = base64url.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
    signer = Signer(ed25519.Ed25519PublicKey.from_public_bytes(octets), "test")
    assert signer.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
