"""Software keys that sign what is linted, and are never trusted by anybody.

The certificate that a linter sees is complete, yet no signature of ours under it exists before
it has passed. The keys live in memory, one for each type, and chain to nothing.
"""

from __future__ import annotations

from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from ca.der import BIT_STRING, SEQUENCE, encode_element, read_element
from hsm.keys import KeyAlgorithm, PublicKey
from hsm.signature_identifiers import SIGNATURE_ALGORITHM_DER

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | Ed25519PrivateKey

_HASHES: dict[KeyAlgorithm, hashes.SHA256 | hashes.SHA384 | hashes.SHA512] = {
    KeyAlgorithm.EC_P256: hashes.SHA256(),
    KeyAlgorithm.EC_P384: hashes.SHA384(),
    KeyAlgorithm.RSA_3072: hashes.SHA256(),
    KeyAlgorithm.RSA_4096: hashes.SHA512(),
}


def algorithm_of(public_key: PublicKey) -> KeyAlgorithm:
    """Return the algorithm of an authority's key. Raises ValueError for one it cannot have."""
    if isinstance(public_key, rsa.RSAPublicKey):
        return KeyAlgorithm(f"rsa-{public_key.key_size}")
    if isinstance(public_key, Ed25519PublicKey):
        return KeyAlgorithm.ED25519
    return {"secp256r1": KeyAlgorithm.EC_P256, "secp384r1": KeyAlgorithm.EC_P384}[
        public_key.curve.name
    ]


@cache
def throwaway_key(algorithm: KeyAlgorithm) -> PrivateKey:
    """Return this process's throwaway key of a type."""
    if algorithm is KeyAlgorithm.EC_P256:
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm is KeyAlgorithm.EC_P384:
        return ec.generate_private_key(ec.SECP384R1())
    if algorithm is KeyAlgorithm.ED25519:
        return Ed25519PrivateKey.generate()
    bits = 3072 if algorithm is KeyAlgorithm.RSA_3072 else 4096
    return rsa.generate_private_key(65537, bits)


@cache
def throwaway_public_key_der(algorithm: KeyAlgorithm) -> bytes:
    """Return the SubjectPublicKeyInfo of this process's throwaway key of a type."""
    public_key = throwaway_key(algorithm).public_key()
    return public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def sign_with_throwaway(
    builder: x509.CertificateBuilder, algorithm: KeyAlgorithm
) -> x509.Certificate:
    """Return the certificate of a builder, signed with a throwaway key."""
    return builder.sign(throwaway_key(algorithm), _HASHES.get(algorithm))


def sign_copy(tbs_der: bytes, algorithm: KeyAlgorithm) -> bytes:
    """Return a certificate's DER over altered bytes, signed with a throwaway key."""
    key = throwaway_key(algorithm)
    if isinstance(key, Ed25519PrivateKey):
        signature = key.sign(tbs_der)
    elif isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(tbs_der, padding.PKCS1v15(), _HASHES[algorithm])
    else:
        signature = key.sign(tbs_der, ec.ECDSA(_HASHES[algorithm]))
    bits = encode_element(BIT_STRING, b"\x00" + signature)
    return encode_element(SEQUENCE, tbs_der + SIGNATURE_ALGORITHM_DER[algorithm] + bits)


def algorithm_of_tbs(tbs_der: bytes) -> KeyAlgorithm:
    """Return the algorithm of the key that a TBSCertificate certifies. Raises ValueError."""
    fields = list(read_element(tbs_der).children())
    key = load_der_public_key(fields[6].der)
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | Ed25519PublicKey):
        raise TypeError("an authority's key is RSA, EC or Ed25519")
    return algorithm_of(key)
