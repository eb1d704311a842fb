"""Digests signed by keys that others keep: by every scheme, and of the right length alone."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from pkcs11 import Attribute, ObjectClass

from hsm.digests import DigestAlgorithm, SignatureScheme, SigningRequest
from hsm.errors import AlgorithmNotOffered, WrappedKeyDamaged
from hsm.key_encryption import WrappedKey
from hsm.keys import KeyAlgorithm
from hsm.portable_keys import PortableKey
from hsm.store import Pkcs11KeyStore

HASHES = {"sha256": SHA256(), "sha384": SHA384(), "sha512": SHA512()}


def made(keys: Pkcs11KeyStore, algorithm: KeyAlgorithm) -> PortableKey:
    return keys.portable_keys.generate(algorithm=algorithm, label="somebody")


def request(name: DigestAlgorithm, scheme: SignatureScheme, text: bytes = b"m") -> SigningRequest:
    return SigningRequest(hashlib.new(name, text).digest(), name, scheme)


def private_objects(keys: Pkcs11KeyStore) -> int:
    return keys._tokens.use(
        "operations",
        lambda worker: len(
            list(worker.session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY}))
        ),
    )


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.RSA_3072])
@pytest.mark.parametrize("name", list(DigestAlgorithm))
def test_rsa_signs_digests_by_both_paddings(
    keys: Pkcs11KeyStore, algorithm: KeyAlgorithm, name: DigestAlgorithm
) -> None:
    key = made(keys, algorithm)
    requests = [request(name, SignatureScheme.RSA_PKCS1), request(name, SignatureScheme.RSA_PSS)]
    first, second = keys.portable_keys.sign_digests(key.wrapped, requests, token=key.token)
    assert isinstance(key.public_key, rsa.RSAPublicKey)
    hashed = utils.Prehashed(HASHES[name])
    key.public_key.verify(first, requests[0].digest, padding.PKCS1v15(), hashed)
    pss = padding.PSS(padding.MGF1(HASHES[name]), HASHES[name].digest_size)
    key.public_key.verify(second, requests[1].digest, pss, hashed)


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.EC_P256, KeyAlgorithm.EC_P384])
def test_curves_sign_digests_at_least_as_long_as_they_are(
    keys: Pkcs11KeyStore, algorithm: KeyAlgorithm
) -> None:
    key = made(keys, algorithm)
    assert isinstance(key.public_key, ec.EllipticCurvePublicKey)
    for name in DigestAlgorithm:
        if name is DigestAlgorithm.SHA256 and algorithm is KeyAlgorithm.EC_P384:
            with pytest.raises(AlgorithmNotOffered, match="too short"):
                keys.portable_keys.sign_digests(
                    key.wrapped, [request(name, SignatureScheme.ECDSA)], token=key.token
                )
            continue
        asked = request(name, SignatureScheme.ECDSA)
        [signature] = keys.portable_keys.sign_digests(key.wrapped, [asked], token=key.token)
        key.public_key.verify(signature, asked.digest, ec.ECDSA(utils.Prehashed(HASHES[name])))


@pytest.mark.parametrize("octets", [0, 1, 31, 33, 64])
def test_a_digest_of_another_length_is_refused(keys: Pkcs11KeyStore, octets: int) -> None:
    key = made(keys, KeyAlgorithm.EC_P256)
    wrong = SigningRequest(bytes(octets), DigestAlgorithm.SHA256, SignatureScheme.ECDSA)
    with pytest.raises(AlgorithmNotOffered, match="octets"):
        keys.portable_keys.sign_digests(key.wrapped, [wrong], token=key.token)


def test_one_bad_request_and_none_is_signed(
    keys: Pkcs11KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = made(keys, KeyAlgorithm.EC_P256)
    good = request(DigestAlgorithm.SHA256, SignatureScheme.ECDSA)
    bad = request(DigestAlgorithm.SHA256, SignatureScheme.RSA_PSS)
    monkeypatch.setattr("hsm.portable_keys.sign_digest", lambda *_, **__: pytest.fail("signed"))
    with pytest.raises(AlgorithmNotOffered):
        keys.portable_keys.sign_digests(key.wrapped, [good, bad], token=key.token)


def test_keys_that_others_keep_leave_nothing_here(keys: Pkcs11KeyStore) -> None:
    keys.check_canary()
    before, records = private_objects(keys), len(keys.records())
    key = made(keys, KeyAlgorithm.EC_P256)
    asked = [request(DigestAlgorithm.SHA256, SignatureScheme.ECDSA, bytes([n])) for n in range(20)]
    assert len(keys.portable_keys.sign_digests(key.wrapped, asked, token=key.token)) == 20
    signing = keys.portable_keys.signing_key(key.wrapped, key.public_key, token=key.token)
    assert signing.key_id == key.wrapped.key_id
    assert signing.sign(b"message")
    assert (private_objects(keys), len(keys.records())) == (before, records)


def test_a_damaged_key_signs_nothing(keys: Pkcs11KeyStore) -> None:
    key = made(keys, KeyAlgorithm.EC_P256)
    blob = bytes([key.wrapped.blob[0] ^ 1]) + key.wrapped.blob[1:]
    wrapped = key.wrapped
    damaged = WrappedKey(wrapped.key_id, wrapped.algorithm, wrapped.kek_id, wrapped.mechanism, blob)
    asked = request(DigestAlgorithm.SHA256, SignatureScheme.ECDSA)
    with pytest.raises(WrappedKeyDamaged):
        keys.portable_keys.sign_digests(damaged, [asked], token=key.token)
