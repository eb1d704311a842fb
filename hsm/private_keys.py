"""HSM keys shaped like ``cryptography``'s own, for its certificate, CRL, CSR and OCSP builders.

The builders ask such a key for its public half and its signature, and for nothing else. What a
token's key must not do (be read out, decrypt, agree on secrets) is refused, and so is a hash
that is not the key's own.
"""

from __future__ import annotations

from typing import NoReturn, cast

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives._serialization import (
    Encoding,
    KeySerializationEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric import utils as asymmetric_utils

from hsm.errors import AlgorithmNotOffered, PrivateKeyStays
from hsm.keys import KeyAlgorithm, SigningKey

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
HashAlgorithm = asymmetric_utils.Prehashed | hashes.HashAlgorithm

_HASHES: dict[KeyAlgorithm, type[hashes.HashAlgorithm]] = {
    KeyAlgorithm.EC_P256: hashes.SHA256,
    KeyAlgorithm.EC_P384: hashes.SHA384,
    KeyAlgorithm.RSA_3072: hashes.SHA256,
    KeyAlgorithm.RSA_4096: hashes.SHA512,
}


def as_private_key(signing_key: SigningKey) -> PrivateKey:
    """Return ``signing_key`` as a private key for ``cryptography``'s builders.

    Give a builder's ``sign`` the hash of :func:`hash_for`. Raises what the key itself raises,
    and AlgorithmNotOffered for another hash, padding or deterministic ECDSA.
    """
    if isinstance(signing_key.public_key, ec.EllipticCurvePublicKey):
        return HsmEcPrivateKey(signing_key)
    if isinstance(signing_key.public_key, rsa.RSAPublicKey):
        return HsmRsaPrivateKey(signing_key)
    return HsmEd25519PrivateKey(signing_key)


def hash_for(algorithm: KeyAlgorithm) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None:
    """Return the hash that a key signs with; ``None`` for Ed25519, as the builders want it."""
    hash_type = _HASHES.get(algorithm)
    return None if hash_type is None else cast(hashes.SHA256, hash_type())


class _InToken:
    """What no key in a token does."""

    def __init__(self, signing_key: SigningKey) -> None:
        self._signing_key = signing_key

    def __copy__(self) -> NoReturn:
        self._stays()

    def __deepcopy__(self, memo: dict[int, object]) -> NoReturn:
        self._stays()

    def __reduce__(self) -> NoReturn:
        self._stays()

    def private_bytes(
        self,
        encoding: Encoding,
        format: PrivateFormat,  # noqa: A002 - cryptography's name
        encryption_algorithm: KeySerializationEncryption,
    ) -> NoReturn:
        """Refuse: the key does not leave its token."""
        self._stays()

    def _check_hash(self, algorithm: HashAlgorithm) -> None:
        own = _HASHES[self._signing_key.algorithm]
        # A Prehashed digest would be signed without having been seen.
        if not isinstance(algorithm, own):
            raise AlgorithmNotOffered(
                f"A key of type {self._signing_key.algorithm} signs with {own.name} alone, "
                "over the message itself.",
                kept="Nothing was signed.",
            )

    def _stays(self) -> NoReturn:
        raise PrivateKeyStays("A private key in a token signs there, and nothing else.")


class HsmEcPrivateKey(_InToken, ec.EllipticCurvePrivateKey):
    """An EC key in a token."""

    @property
    def curve(self) -> ec.EllipticCurve:
        """The curve."""
        return self.public_key().curve

    @property
    def key_size(self) -> int:
        """The size of the curve's order in bits."""
        return self.public_key().key_size

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public half."""
        return cast(ec.EllipticCurvePublicKey, self._signing_key.public_key)

    def sign(
        self,
        data: bytes | bytearray | memoryview,
        signature_algorithm: ec.EllipticCurveSignatureAlgorithm,
    ) -> bytes:
        """Return the DER Ecdsa-Sig-Value over ``data``. Raises AlgorithmNotOffered."""
        # cryptography's builders accept ecdsa_deterministic=True with a key that is not its own
        # and would leave the token's random nonces unmentioned.
        if getattr(signature_algorithm, "deterministic_signing", False):
            raise AlgorithmNotOffered("The token chooses its own nonces: no deterministic ECDSA.")
        if not isinstance(signature_algorithm, ec.ECDSA):
            raise AlgorithmNotOffered("An EC key signs by ECDSA alone.")
        self._check_hash(signature_algorithm.algorithm)
        return self._signing_key.sign(bytes(data))

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> NoReturn:
        """Refuse: this key signs."""
        self._stays()

    def private_numbers(self) -> NoReturn:
        """Refuse: the key does not leave its token."""
        self._stays()


class HsmRsaPrivateKey(_InToken, rsa.RSAPrivateKey):
    """An RSA key in a token; it signs by PKCS #1 v1.5 (RFC 8017, Section 8.2)."""

    @property
    def key_size(self) -> int:
        """The size of the modulus in bits."""
        return self.public_key().key_size

    def public_key(self) -> rsa.RSAPublicKey:
        """Return the public half."""
        return cast(rsa.RSAPublicKey, self._signing_key.public_key)

    def sign(
        self,
        data: bytes | bytearray | memoryview,
        padding: padding.AsymmetricPadding,
        algorithm: HashAlgorithm | asymmetric_utils.NoDigestInfo,
    ) -> bytes:
        """Return the signature over ``data``. Raises AlgorithmNotOffered."""
        if not isinstance(padding, _PKCS1v15) or isinstance(
            algorithm, asymmetric_utils.NoDigestInfo
        ):
            raise AlgorithmNotOffered("An RSA key signs by PKCS #1 v1.5 alone.")
        self._check_hash(algorithm)
        return self._signing_key.sign(bytes(data))

    def decrypt(self, ciphertext: bytes, padding: padding.AsymmetricPadding) -> NoReturn:
        """Refuse: this key signs."""
        self._stays()

    def private_numbers(self) -> NoReturn:
        """Refuse: the key does not leave its token."""
        self._stays()


class HsmEd25519PrivateKey(_InToken, ed25519.Ed25519PrivateKey):
    """An Ed25519 key in a token (RFC 8032)."""

    def public_key(self) -> ed25519.Ed25519PublicKey:
        """Return the public half."""
        return cast(ed25519.Ed25519PublicKey, self._signing_key.public_key)

    def sign(self, data: bytes | bytearray | memoryview) -> bytes:
        """Return the 64 octets of the signature over ``data``."""
        return self._signing_key.sign(bytes(data))

    def private_bytes_raw(self) -> NoReturn:
        """Refuse: the key does not leave its token."""
        self._stays()


_PKCS1v15 = padding.PKCS1v15
