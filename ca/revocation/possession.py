"""Prove possession of a key, to report that others possess it too.

Two proofs are taken. A certification request whose subject says what it is for: an ordinary
request of the key's holder may lie in many mailboxes and must not revoke anything. Or a
signature over a sentence that names the key, which nobody but a holder of the key can ever have
made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509.oid import NameOID

from ca.revocation.errors import ProofRefused
from hsm.keys import PublicKey, key_id_of

# The common name that makes a certification request a report.
REPORT_COMMON_NAME = "This key is compromised"
# RSA 8192 and a few attributes fit; a proof is no place for more.
LARGEST_PROOF_OCTETS = 16 * 1024
_HASHES: Sequence[HashAlgorithm] = (SHA256(), SHA384(), SHA512())


def challenge_for(public_key: PublicKey) -> bytes:
    """Return the sentence that a reporter signs with the compromised key (UTF-8, no newline)."""
    return f"The private key of {key_id_of(public_key).hex()} is compromised.".encode()


def key_proven_by_request(data: bytes) -> PublicKey:
    """Return the key that a PKCS #10 report (PEM or DER) proves possession of.

    Its subject's one common name has to be :data:`REPORT_COMMON_NAME`. Weak keys are welcome:
    they are what is reported. Raises ProofRefused.
    """
    _check_size(data)
    load = x509.load_pem_x509_csr if data.lstrip()[:1] == b"-" else x509.load_der_x509_csr
    try:
        request = load(data)
        names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        proven = request.is_signature_valid
        key = request.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ProofRefused("This is not a PKCS #10 request that can be read.") from error
    if [name.value for name in names] != [REPORT_COMMON_NAME]:
        raise ProofRefused(f'The request\'s common name has to be "{REPORT_COMMON_NAME}".')
    if not proven:
        raise ProofRefused("The request is not signed with the key that it carries.")
    return _supported(key)


def key_proven_by_signature(public_key_pem: bytes, signature: bytes) -> PublicKey:
    """Return the key, if ``signature`` over its :func:`challenge_for` verifies.

    ECDSA as DER or RSA (PKCS #1 v1.5 or PSS), with SHA-256, SHA-384 or SHA-512; Ed25519.
    Raises ProofRefused.
    """
    _check_size(public_key_pem)
    _check_size(signature)
    try:
        key = _supported(load_pem_public_key(public_key_pem))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ProofRefused("This is not a public key in PEM.") from error
    challenge = challenge_for(key)
    for verify in _verifications(key):
        try:
            verify(signature, challenge)
        except (InvalidSignature, ValueError, UnsupportedAlgorithm):
            continue
        return key
    raise ProofRefused(f'This is no signature of the key over "{challenge.decode()}".')


def _check_size(data: bytes) -> None:
    if len(data) > LARGEST_PROOF_OCTETS:
        raise ProofRefused(f"A proof has at most {LARGEST_PROOF_OCTETS} octets.")


def _supported(key: object) -> PublicKey:
    if not isinstance(key, ec.EllipticCurvePublicKey | RSAPublicKey | Ed25519PublicKey):
        raise ProofRefused("Keys of this type are not certified here.")
    return key


def _verifications(key: PublicKey) -> list[Callable[[bytes, bytes], None]]:
    if isinstance(key, Ed25519PublicKey):
        return [key.verify]
    if isinstance(key, ec.EllipticCurvePublicKey):
        return [_ecdsa(key, hashed) for hashed in _HASHES]
    return [
        _rsa(key, padded, hashed)
        for hashed in _HASHES
        for padded in (padding.PKCS1v15(), padding.PSS(padding.MGF1(hashed), padding.PSS.AUTO))
    ]


def _ecdsa(key: ec.EllipticCurvePublicKey, hashed: HashAlgorithm) -> Callable[[bytes, bytes], None]:
    return lambda signature, message: key.verify(signature, message, ec.ECDSA(hashed))


def _rsa(
    key: RSAPublicKey, padded: padding.PKCS1v15 | padding.PSS, hashed: HashAlgorithm
) -> Callable[[bytes, bytes], None]:
    return lambda signature, message: key.verify(signature, message, padded, hashed)
