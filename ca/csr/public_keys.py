"""Judge the public key of a request: type, size, exponent, curve and point."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from ca.csr.ed25519_points import is_full_order
from ca.csr.parsing import read_algorithm
from ca.csr.refusals import (
    KEPT,
    CsrCurveRefused,
    CsrKeyMalformed,
    CsrKeyTypeRefused,
    CsrPointRefused,
    CsrRsaExponentRefused,
    CsrRsaTooLarge,
    CsrRsaTooSmall,
)
from ca.der import (
    BIT_STRING,
    INTEGER,
    NULL_DER,
    OBJECT_IDENTIFIER,
    SEQUENCE,
    NotDer,
    read_bits,
    read_fields,
    read_integer,
    read_oid,
    read_only,
)
from core import oids
from hsm.keys import PublicKey

# NIST SP 800-57 Part 1, Table 2: 3,072 bits for 128 bits of strength. Above 8,192 bits a
# verification costs everyone more than it protects.
RSA_LEAST_BITS = 3072
RSA_MOST_BITS = 8192
# FIPS 186-5, Section 5.4: 2**16 < e; and 32 bits are what every verifier can read.
RSA_LEAST_EXPONENT = 65537
RSA_MOST_EXPONENT = 2**32 - 1

_CURVES: dict[str, type[ec.EllipticCurve]] = {
    oids.SECP256R1: ec.SECP256R1,
    oids.SECP384R1: ec.SECP384R1,
}


def read_public_key(public_key_info: bytes) -> PublicKey:
    """Return the key of a SubjectPublicKeyInfo. Raises CsrKeyMalformed or Unacceptable."""
    try:
        algorithm, bits = read_fields(read_only(public_key_info, SEQUENCE), SEQUENCE, BIT_STRING)
        oid, parameters = read_algorithm(algorithm)
        key = read_bits(bits)
        if oid == oids.RSA_ENCRYPTION:
            return _read_rsa(parameters, key)
        if oid == oids.EC_PUBLIC_KEY:
            return _read_ec(parameters, key)
    except NotDer as error:
        raise CsrKeyMalformed("The key in the request cannot be read.", kept=KEPT) from error
    if oid == oids.ED25519:
        return _read_ed25519(parameters, key)
    raise CsrKeyTypeRefused(
        "Keys are accepted on P-256 or P-384, as RSA from 3072 bits, and as Ed25519.",
        kept=KEPT,
        algorithm=oid,
    )


def _read_rsa(parameters: bytes, key: bytes) -> RSAPublicKey:
    if parameters != NULL_DER:  # RFC 3279, Section 2.3.1
        raise CsrKeyMalformed("The RSA key has parameters where NULL has to stand.", kept=KEPT)
    modulus, exponent = map(read_integer, read_fields(read_only(key, SEQUENCE), INTEGER, INTEGER))
    bits = modulus.bit_length()
    if modulus <= 0 or modulus % 2 == 0:
        raise CsrKeyMalformed("The RSA modulus is not a positive odd number.", kept=KEPT)
    if bits < RSA_LEAST_BITS:
        raise CsrRsaTooSmall(
            f"The RSA key has {bits} bits; at least {RSA_LEAST_BITS} are needed.",
            kept=KEPT,
            bits=bits,
            least=RSA_LEAST_BITS,
        )
    if bits > RSA_MOST_BITS:
        raise CsrRsaTooLarge(
            f"The RSA key has {bits} bits; {RSA_MOST_BITS} are the most.",
            kept=KEPT,
            bits=bits,
            most=RSA_MOST_BITS,
        )
    if exponent % 2 == 0 or not RSA_LEAST_EXPONENT <= exponent <= RSA_MOST_EXPONENT:
        raise CsrRsaExponentRefused(
            "The RSA exponent has to be odd, at least 65537 and of at most 32 bits.", kept=KEPT
        )
    return RSAPublicNumbers(exponent, modulus).public_key()


def _read_ec(parameters: bytes, key: bytes) -> ec.EllipticCurvePublicKey:
    # RFC 5480, Section 2.1.1: a named curve; never the curve spelled out.
    curve = None
    if parameters[:1] == bytes([OBJECT_IDENTIFIER]):
        curve = _CURVES.get(read_oid(read_only(parameters, OBJECT_IDENTIFIER)))
    if curve is None:
        raise CsrCurveRefused("The key has to be on the named curve P-256 or P-384.", kept=KEPT)
    # RFC 5480, Section 2.2: uncompressed points are what everyone reads.
    if key[:1] != b"\x04":
        raise CsrPointRefused("The key has to be an uncompressed point.", kept=KEPT)
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(curve(), key)
    except ValueError as error:
        raise CsrPointRefused("The key is not a point on its curve.", kept=KEPT) from error


def _read_ed25519(parameters: bytes, key: bytes) -> Ed25519PublicKey:
    if parameters or len(key) != 32:  # RFC 8410, Sections 3 and 4
        raise CsrKeyMalformed("The Ed25519 key cannot be read.", kept=KEPT)
    if not is_full_order(key):
        raise CsrPointRefused("The key is not a point of full order on its curve.", kept=KEPT)
    return Ed25519PublicKey.from_public_bytes(key)
