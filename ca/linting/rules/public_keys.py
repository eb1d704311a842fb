"""Rules on the subject's public key."""

from __future__ import annotations

from hashlib import sha256

from ca.der import INTEGER, SEQUENCE, NotDer, read_bits, read_fields, read_integer, read_only
from ca.linting.candidate import Candidate, content_of
from ca.linting.key_encodings import key_type_of
from ca.linting.rule import rule
from ca.profiles.extensions import subject_key_identifier
from core import oids

_SUBJECT_KEY_IDENTIFIER = content_of(oids.SUBJECT_KEY_IDENTIFIER)
_RSA_LEAST_BITS, _RSA_MOST_BITS = 3072, 8192
_RSA_LEAST_EXPONENT, _RSA_MOST_EXPONENT = 65537, 2**32 - 1


@rule("public-key-encoding", "RFC 5480, Section 2; RFC 3279, Section 2.3.1; RFC 8410, Section 4")
def key_is_encoded_by_its_rfc(candidate: Candidate) -> str | None:
    """Named curves, uncompressed points, NULL for RSA, nothing for Ed25519."""
    if key_type_of(candidate.public_key) is None:
        return "the public key is not encoded as its RFC demands"
    return None


@rule("public-key-type", "the profile; CP 6.1.5")
def key_is_of_a_type_that_the_profile_takes(candidate: Candidate) -> str | None:
    """Under this issuer's role."""
    issuer = candidate.plan.issuer
    allowed = candidate.profile.key_types(None if issuer is None else issuer.role)
    if key_type_of(candidate.public_key) in allowed:
        return None
    return "the profile does not take this type of key"


@rule("public-key-rsa", "NIST SP 800-57 Part 1, Table 2; FIPS 186-5, Section 5.4")
def rsa_keys_are_large_enough(candidate: Candidate) -> str | None:
    """3,072 to 8,192 bits, odd modulus, odd exponent from 65,537."""
    if key_type_of(candidate.public_key) != "rsa":
        return None
    try:
        bits = list(read_only(candidate.public_key, SEQUENCE).children())[1]
        key = read_fields(read_only(read_bits(bits), SEQUENCE), INTEGER, INTEGER)
        modulus, exponent = map(read_integer, key)
    except (NotDer, IndexError):
        return "the RSA key cannot be read"
    if not _RSA_LEAST_BITS <= modulus.bit_length() <= _RSA_MOST_BITS or modulus % 2 == 0:
        return "the RSA modulus is too small, too large or even"
    if exponent % 2 == 0 or not _RSA_LEAST_EXPONENT <= exponent <= _RSA_MOST_EXPONENT:
        return "the RSA exponent is even, too small or too large"
    return None


@rule("public-key-planned", "the plan")
def key_is_the_planned_one(candidate: Candidate) -> str | None:
    """The key whose holder proved possession."""
    if sha256(candidate.public_key).digest() == candidate.plan.public_key_sha256:
        return None
    return "another public key was planned"


@rule("subject-key-identifier", "RFC 5280, Section 4.2.1.2; RFC 7093, Section 2, method 1")
def subject_key_identifier_is_of_this_key(candidate: Candidate) -> str | None:
    """160 bits of SHA-256 over the key, not critical."""
    found = candidate.extension(_SUBJECT_KEY_IDENTIFIER)
    expected = b"\x04\x14" + subject_key_identifier(candidate.public_key)
    if found is None or found.critical or found.value != expected:
        return "the subject key identifier is not that of the key"
    return None
