"""Signed assertions: what is believed, and each defect that is not (RFC 7523, Section 3)."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from enrollment.clients.assertions import Assertion, verify_assertion
from enrollment.clients.errors import ClientKeyRefused, ClientNotAuthenticated
from enrollment.clients.keys import read_client_key
from tests.enrollment.clients.signing import AUDIENCE, ProgramKey

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
CLIENT = "a" * 32
KEY, OTHER = ProgramKey(), ProgramKey()


def verified(text: str, *keys: ProgramKey, now: datetime = NOW) -> Assertion:
    known = [read_client_key(one.jwk) for one in keys or (KEY,)]
    return verify_assertion(
        text,
        keys_of=lambda client: known if client == CLIENT else [],
        audiences={AUDIENCE, "https://pki.example"},
        now=now,
    )


def at(**shift: float) -> int:
    return int((NOW + timedelta(**shift)).timestamp())


@pytest.mark.parametrize(
    "private",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=["ES256", "ES384", "EdDSA", "PS256"],
)
def test_an_assertion_of_each_kind_of_key_is_believed(private: Any) -> None:
    key = ProgramKey(private)
    found = verified(key.assertion(CLIENT, NOW), key)
    assert found.client == CLIENT
    assert found.expires_at > NOW


def test_the_issuer_is_an_audience_too_alone_or_in_a_list() -> None:
    assert verified(KEY.assertion(CLIENT, NOW, aud="https://pki.example"))
    assert verified(KEY.assertion(CLIENT, NOW, aud=[AUDIENCE]))


def test_a_kid_names_the_key_and_one_of_the_clients_own_making_does_not_matter() -> None:
    thumbprint = read_client_key(KEY.jwk).thumbprint
    assert verified(KEY.assertion(CLIENT, NOW, header={"kid": thumbprint}), OTHER, KEY)
    assert verified(KEY.assertion(CLIENT, NOW, header={"kid": "2026"}), OTHER, KEY)


DEFECTS: dict[str, dict[str, Any]] = {
    "iss is another": {"iss": "b" * 32},
    "sub is unknown": {"sub": "b" * 32, "iss": "b" * 32},
    "sub is missing": {"sub": None},
    "sub is a number": {"sub": 7},
    "aud is missing": {"aud": None},
    "aud is another": {"aud": "https://other.example/token"},
    "aud has another beside us": {"aud": [AUDIENCE, "https://other.example/token"]},
    "aud is an object": {"aud": {"a": 1}},
    "exp is missing": {"exp": None},
    "exp is over": {"exp": at(seconds=-31)},
    "exp lies too far ahead": {"exp": at(minutes=6)},
    "exp is true": {"exp": True},
    "exp is a string": {"exp": "1795420860"},
    "exp is beyond all years": {"exp": 1e300},
    "nbf lies ahead": {"nbf": at(seconds=31)},
    "iat lies ahead": {"iat": at(seconds=31)},
    "jti is missing": {"jti": None},
    "jti is empty": {"jti": ""},
    "jti is long": {"jti": "x" * 256},
    "an extension is critical": {"header": {"crit": ["exp"], "exp": 1}},
}


@pytest.mark.parametrize("changes", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ClientNotAuthenticated):
        verified(KEY.assertion(CLIENT, NOW, **dict(changes)))


def test_another_key_is_refused_also_under_our_keys_name() -> None:
    thumbprint = read_client_key(KEY.jwk).thumbprint
    for header in ({}, {"kid": thumbprint}):
        with pytest.raises(ClientNotAuthenticated, match="no key"):
            verified(OTHER.assertion(CLIENT, NOW, header=header))


def test_no_signature_and_a_mac_with_the_public_key_are_refused() -> None:
    claims = json.loads(
        jwt.PyJWS()
        .decode_complete(KEY.assertion(CLIENT, NOW), options={"verify_signature": False})["payload"]
        .decode()
    )
    for text in (
        jwt.encode(claims, None, algorithm="none"),
        jwt.encode(claims, json.dumps(KEY.jwk) * 2, algorithm="HS256"),
    ):
        with pytest.raises(ClientNotAuthenticated, match="no key"):
            verified(text)


def test_a_changed_claim_breaks_the_signature() -> None:
    header, payload, signature = KEY.assertion(CLIENT, NOW).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    changed = base64.urlsafe_b64encode(json.dumps(claims | {"jti": "new"}).encode())
    with pytest.raises(ClientNotAuthenticated):
        verified(f"{header}.{changed.rstrip(b'=').decode()}.{signature}")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300) | st.binary(max_size=100).map(lambda b: b.decode("latin-1")))
def test_whatever_is_sent_is_refused_and_breaks_nothing(text: str) -> None:
    with pytest.raises(ClientNotAuthenticated):
        verified(text)


REFUSED_KEYS: dict[str, dict[str, Any]] = {
    "private": json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY.private)),
    "symmetric": {"kty": "oct", "k": "c2VjcmV0"},
    "empty": {},
    "of an unknown kind": {"kty": "XX"},
    "not on the curve": {**KEY.jwk, "x": OTHER.jwk["x"]},
    "on a curve that is not offered": ProgramKey(ec.generate_private_key(ec.SECP521R1())).jwk,
    "RSA with 1024 bits": ProgramKey(rsa.generate_private_key(65537, 1024)).jwk,
    "RSA with the exponent 3": ProgramKey(rsa.generate_private_key(3, 2048)).jwk,
    "with a list for a number": {**KEY.jwk, "x": ["a"]},
}


@pytest.mark.parametrize("jwk", REFUSED_KEYS.values(), ids=REFUSED_KEYS)
def test_a_key_that_no_client_may_have_is_refused(jwk: dict[str, Any]) -> None:
    with pytest.raises(ClientKeyRefused):
        read_client_key(jwk)
