"""What each key type means in PKCS #11: how it is made, read, and made to sign."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256, sha384
from typing import Any

from asn1crypto.core import OctetString
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from pkcs11 import Attribute, KeyType, Mechanism
from pkcs11.exceptions import PKCS11Error

from hsm.keys import KeyAlgorithm, PublicKey


@dataclass(frozen=True)
class TokenAlgorithm:
    """A key type as a token sees it.

    ``digest`` begins the hash that is made before the token sees anything (``None``: the token
    takes the message); ``octets`` is the length of what the token returns.
    """

    key_type: KeyType
    generate: Mechanism
    sign: Mechanism
    octets: int
    digest: Callable[..., Any] | None = None
    parameters: bytes | None = None  # CKA_EC_PARAMS
    curve: ec.EllipticCurve | None = None
    bits: int | None = None  # of an RSA modulus

    def signature(self, private_key: Any, message: bytes) -> bytes:
        """Sign ``message`` with a token's key, as X.509 carries it. Raises PKCS11Error."""
        data = message if self.digest is None else self.digest(message).digest()
        return self._sign(private_key, data)

    def signer_of(self, parts: Iterable[bytes]) -> Callable[[Any], bytes]:
        """Return what signs the message that ``parts`` make up with a token's key.

        ``parts`` is gone through now or at each signature, so it is no iterator.
        """
        if self.digest is not None:
            # SoftHSM's raw ECDSA takes a "digest" of any length without a word, so digests are
            # made here alone and nothing outside this module hands one to a token.
            digest = self.digest()
            for part in parts:
                digest.update(part)
            hashed: bytes = digest.digest()
            return lambda private_key: self._sign(private_key, hashed)
        if self.bits is not None:
            # PKCS #11 v2.40, Section 5.11: by C_SignUpdate the token hashes as it reads.
            return lambda private_key: self._sign(private_key, iter(parts))
        message = b"".join(parts)
        return lambda private_key: self._sign(private_key, message)

    def _sign(self, private_key: Any, data: bytes | Iterator[bytes]) -> bytes:
        raw: bytes = private_key.sign(data, mechanism=self.sign, buffer_size=self.octets)
        if len(raw) != self.octets:
            raise PKCS11Error("the token returned a signature of another length")
        return ecdsa_der(raw) if self.curve is not None else raw

    def public_key(self, handle: Any) -> PublicKey:
        """Read the public key that a token made. Raises PKCS11Error or ValueError."""
        if self.bits is not None:
            return rsa.RSAPublicNumbers(
                e=int.from_bytes(handle[Attribute.PUBLIC_EXPONENT], "big"),
                n=int.from_bytes(handle[Attribute.MODULUS], "big"),
            ).public_key()
        # PKCS #11 v2.40, Section 2.3.3: CKA_EC_POINT is the DER of an OCTET STRING.
        point = bytes(OctetString.load(handle[Attribute.EC_POINT], strict=True).native)
        if self.curve is not None:
            return ec.EllipticCurvePublicKey.from_encoded_point(self.curve, point)
        return ed25519.Ed25519PublicKey.from_public_bytes(point)


def ecdsa_der(raw: bytes) -> bytes:
    """Return the DER ``Ecdsa-Sig-Value`` of a token's raw signature (RFC 3279, Section 2.2.3).

    PKCS #11 v2.40, Section 2.3.1: r and s, each as long as the curve's order, of 48 octets at
    most. By hand, because a library's way through numbers costs a tenth of a P-256 signature.
    """
    half = len(raw) // 2
    numbers = _integer(raw[:half]) + _integer(raw[half:])
    return bytes((0x30, len(numbers))) + numbers


def _integer(octets: bytes) -> bytes:
    # X.690, Section 8.3: the fewest octets, and a positive number's first bit is 0.
    number = octets.lstrip(b"\x00")
    if not number or number[0] > 0x7F:
        number = b"\x00" + number
    return bytes((0x02, len(number))) + number


# RFC 5480, Section 2.1.1.1 and RFC 8410, Section 3: named curves as object identifiers, in DER.
_P256 = bytes.fromhex("06082a8648ce3d030107")
_P384 = bytes.fromhex("06052b81040022")
_ED25519 = bytes.fromhex("06032b6570")

TOKEN_ALGORITHMS = {
    KeyAlgorithm.EC_P256: TokenAlgorithm(
        key_type=KeyType.EC,
        generate=Mechanism.EC_KEY_PAIR_GEN,
        sign=Mechanism.ECDSA,
        octets=64,
        digest=sha256,
        parameters=_P256,
        curve=ec.SECP256R1(),
    ),
    KeyAlgorithm.EC_P384: TokenAlgorithm(
        key_type=KeyType.EC,
        generate=Mechanism.EC_KEY_PAIR_GEN,
        sign=Mechanism.ECDSA,
        octets=96,
        digest=sha384,
        parameters=_P384,
        curve=ec.SECP384R1(),
    ),
    KeyAlgorithm.RSA_3072: TokenAlgorithm(
        key_type=KeyType.RSA,
        generate=Mechanism.RSA_PKCS_KEY_PAIR_GEN,
        sign=Mechanism.SHA256_RSA_PKCS,
        octets=3072 // 8,
        bits=3072,
    ),
    KeyAlgorithm.RSA_4096: TokenAlgorithm(
        key_type=KeyType.RSA,
        generate=Mechanism.RSA_PKCS_KEY_PAIR_GEN,
        sign=Mechanism.SHA512_RSA_PKCS,
        octets=4096 // 8,
        bits=4096,
    ),
    KeyAlgorithm.ED25519: TokenAlgorithm(
        key_type=KeyType.EC_EDWARDS,
        generate=Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
        sign=Mechanism.EDDSA,
        octets=64,
        parameters=_ED25519,
    ),
}
