from __future__ import annotations

import base64
import json
from collections.abc import Callable

import jwt
import pytest

from hsm.jose import JWS_ALGORITHMS, public_jwk, sign_jws, thumbprint
from hsm.keys import KeyAlgorithm, SigningKey

MakeKey = Callable[..., SigningKey]


@pytest.mark.parametrize("algorithm", KeyAlgorithm)
def test_pyjwt_verifies_what_each_key_type_signs(
    make_key: MakeKey, algorithm: KeyAlgorithm
) -> None:
    key = make_key(algorithm)
    token = sign_jws(key, json.dumps({"iss": "camtrust"}).encode(), header={"typ": "JWT"})
    name = JWS_ALGORITHMS[algorithm]
    assert jwt.decode(token, key.public_key, algorithms=[name]) == {"iss": "camtrust"}
    head, _, tail = token.rpartition(".")
    forged = f"{head}.{('A' if tail[5] != 'A' else 'B').join((tail[:5], tail[6:]))}"
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(forged, key.public_key, algorithms=[name])


@pytest.mark.parametrize(
    "algorithm", [KeyAlgorithm.EC_P256, KeyAlgorithm.RSA_3072, KeyAlgorithm.ED25519]
)
def test_pyjwt_reads_our_jwk_as_the_same_key(make_key: MakeKey, algorithm: KeyAlgorithm) -> None:
    key = make_key(algorithm)
    jwk = jwt.PyJWK({**public_jwk(key.public_key), "alg": JWS_ALGORITHMS[algorithm]})
    token = sign_jws(key, b"{}")
    assert jwt.decode(token, jwk) == {}


def test_the_header_names_the_key_s_algorithm_and_no_other(make_key: MakeKey) -> None:
    key = make_key()
    header = jwt.get_unverified_header(sign_jws(key, b"{}", header={"alg": "none"}))
    assert header == {"alg": "ES256", "kid": thumbprint(key.public_key)}
    assert jwt.get_unverified_header(sign_jws(key, b"{}", header={"kid": "k1"}))["kid"] == "k1"


def test_an_ecdsa_signature_has_its_fixed_length(make_key: MakeKey) -> None:
    """RFC 7518, Section 3.4: leading zeros of r and s stay."""
    key = make_key()
    for _ in range(40):
        signature = sign_jws(key, b"x").rpartition(".")[2]
        assert len(base64.urlsafe_b64decode(signature + "==")) == 64


def test_the_thumbprint_is_that_of_the_rfc_s_example() -> None:
    """RFC 7638, Section 3.1."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP"
        "ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY"
        "368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f"
        "M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    n = int.from_bytes(base64.urlsafe_b64decode(modulus + "=="), "big")
    key = RSAPublicNumbers(e=65537, n=n).public_key()
    assert thumbprint(key) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
