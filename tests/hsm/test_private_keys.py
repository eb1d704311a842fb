"""HSM keys in the builders of cryptography, and what they refuse."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from hsm.errors import AlgorithmNotOffered, KeyNotActive, PrivateKeyStays
from hsm.keys import KeyAlgorithm, KeyState, SigningKey
from hsm.private_keys import PrivateKey, as_private_key, hash_for
from hsm.store import Pkcs11KeyStore

MakeKey = Callable[..., SigningKey]
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def certificate_by(key: PrivateKey, algorithm: KeyAlgorithm) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOW)
        # Other programs go by the time of day, whenever they are asked.
        .not_valid_after(NOW + timedelta(days=36_500))
        .sign(key, hash_for(algorithm))
    )


@pytest.mark.parametrize("algorithm", KeyAlgorithm)
def test_each_key_type_signs_certificate_crl_request_and_status_answer(
    make_key: MakeKey, algorithm: KeyAlgorithm
) -> None:
    key = as_private_key(make_key(algorithm))
    digest = hash_for(algorithm)
    certificate = certificate_by(key, algorithm)
    certificate.verify_directly_issued_by(certificate)
    crl = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(NAME)
        .last_update(NOW)
        .next_update(NOW + timedelta(days=1))
        .sign(key, digest)
    )
    assert crl.is_signature_valid(certificate.public_key())  # type: ignore[arg-type]
    csr = x509.CertificateSigningRequestBuilder().subject_name(NAME).sign(key, digest)
    assert csr.is_signature_valid
    answer = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=certificate,
            issuer=certificate,
            algorithm=hashes.SHA256(),
            cert_status=ocsp.OCSPCertStatus.GOOD,
            this_update=NOW,
            next_update=NOW + timedelta(hours=1),
            revocation_time=None,
            revocation_reason=None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, certificate)
        .sign(key, digest)
    )
    public_key = certificate.public_key()
    signed = (answer.signature, answer.tbs_response_bytes)
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        assert digest is not None
        public_key.verify(*signed, ec.ECDSA(digest))
    elif isinstance(public_key, rsa.RSAPublicKey):
        assert digest is not None
        public_key.verify(*signed, padding.PKCS1v15(), digest)
    else:
        assert isinstance(public_key, ed25519.Ed25519PublicKey)
        public_key.verify(*signed)


def test_deterministic_ecdsa_is_refused(make_key: MakeKey) -> None:
    key = as_private_key(make_key())
    builder = x509.CertificateSigningRequestBuilder().subject_name(NAME)
    with pytest.raises(AlgorithmNotOffered, match="nonces"):
        builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)


@pytest.mark.parametrize(
    ("algorithm", "wrong"),
    [
        (KeyAlgorithm.EC_P256, hashes.SHA384()),
        (KeyAlgorithm.EC_P256, hashes.SHA512()),
        (KeyAlgorithm.EC_P384, hashes.SHA256()),
        (KeyAlgorithm.RSA_3072, hashes.SHA512()),
    ],
)
def test_a_hash_that_is_not_the_key_s_own_is_refused(
    make_key: MakeKey, algorithm: KeyAlgorithm, wrong: hashes.SHA256
) -> None:
    key = as_private_key(make_key(algorithm))
    builder = x509.CertificateSigningRequestBuilder().subject_name(NAME)
    with pytest.raises(AlgorithmNotOffered, match="alone"):
        builder.sign(key, wrong)


def test_a_digest_made_elsewhere_is_refused_whatever_its_length(make_key: MakeKey) -> None:
    key = as_private_key(make_key())
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    for octets in (0, 31, 32, 48):
        with pytest.raises(AlgorithmNotOffered):
            key.sign(bytes(octets), ec.ECDSA(Prehashed(hashes.SHA256())))


def test_another_rsa_padding_is_refused(make_key: MakeKey) -> None:
    key = as_private_key(make_key(KeyAlgorithm.RSA_3072))
    assert isinstance(key, rsa.RSAPrivateKey)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    with pytest.raises(AlgorithmNotOffered):
        key.sign(b"message", pss, hashes.SHA256())


def test_a_suspended_key_signs_no_certificate(make_key: MakeKey, keys: Pkcs11KeyStore) -> None:
    signing_key = make_key()
    key = as_private_key(signing_key)
    keys.change_state(signing_key.key_id, KeyState.SUSPENDED, reason="test")
    with pytest.raises(KeyNotActive):
        certificate_by(key, KeyAlgorithm.EC_P256)


@pytest.mark.parametrize("algorithm", KeyAlgorithm)
def test_a_private_key_stays_in_its_token(make_key: MakeKey, algorithm: KeyAlgorithm) -> None:
    key = as_private_key(make_key(algorithm))
    attempts: list[Callable[[], object]] = [
        lambda: key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        lambda: copy.copy(key),
        lambda: copy.deepcopy(key),
        lambda: pickle.dumps(key),
    ]
    if isinstance(key, rsa.RSAPrivateKey):
        attempts += [key.private_numbers, lambda: key.decrypt(b"", padding.PKCS1v15())]
        assert key.key_size in (3072, 4096)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        peer = ec.generate_private_key(key.curve).public_key()
        attempts += [key.private_numbers, lambda: key.exchange(ec.ECDH(), peer)]
        assert key.key_size == key.curve.key_size
    if isinstance(key, ed25519.Ed25519PrivateKey):
        attempts += [key.private_bytes_raw]
    for attempt in attempts:
        with pytest.raises(PrivateKeyStays):
            attempt()
