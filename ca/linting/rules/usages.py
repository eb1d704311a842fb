"""Rules on what a key may be used for."""

from __future__ import annotations

from functools import lru_cache

from ca.der import BIT_STRING, SEQUENCE, NotDer, read_only
from ca.linting.candidate import Candidate, content_of
from ca.linting.rule import rule
from ca.profiles.definition import EXTENDED_KEY_USAGES
from ca.profiles.extensions import key_usage_bits
from core import oids

_KEY_USAGE = content_of(oids.KEY_USAGE)
_EXTENDED_KEY_USAGE = content_of(oids.EXTENDED_KEY_USAGE)
_BASIC_CONSTRAINTS = content_of(oids.BASIC_CONSTRAINTS)
_OCSP_NO_CHECK = content_of(oids.OCSP_NO_CHECK)
_ANY = content_of(oids.ANY_EXTENDED_KEY_USAGE)
_OCSP_SIGNING = content_of(oids.OCSP_SIGNING)
_TIME_STAMPING = content_of(oids.TIME_STAMPING)
# RFC 5280, Section 4.2.1.3: the named bits in their order.
_BITS = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
)
_RSA_OID, _EC_OID = content_of(oids.RSA_ENCRYPTION), content_of(oids.EC_PUBLIC_KEY)
_TRUE = b"\x01\x01\xff"


@lru_cache(maxsize=256)
def _key_usages(value: bytes) -> frozenset[str]:
    content = read_only(value, BIT_STRING).value
    # X.690, Section 11.2.2: named bits end with the last one that is set.
    if len(content) != 2 or not content[1] >> content[0] & 1:
        raise NotDer("The key usage is not minimal.")
    return frozenset(name for place, name in enumerate(_BITS) if content[1] & 0x80 >> place)


@lru_cache(maxsize=256)
def _purposes(value: bytes) -> tuple[bytes, ...]:
    return tuple(one.value for one in read_only(value, SEQUENCE).children())


def _purposes_of(candidate: Candidate) -> tuple[bytes, ...]:
    found = candidate.extension(_EXTENDED_KEY_USAGE)
    return () if found is None else _purposes(found.value)


def _family(public_key: bytes) -> str:
    algorithm = public_key[:24]
    if _RSA_OID in algorithm:
        return "rsa"
    return "ec" if _EC_OID in algorithm else "ed25519"


@rule("key-usage", "RFC 5280, Section 4.2.1.3; RFC 8813, Section 3; ETSI EN 319 412-2, 4.3.2")
def key_usage_is_the_profiles_for_this_key(candidate: Candidate) -> str | None:
    """Critical; encipherment with RSA alone, agreement with EC alone."""
    found = candidate.extension(_KEY_USAGE)
    if found is None or not found.critical:
        return "the key usage is absent or not critical"
    expected = key_usage_bits(candidate.profile.definition, _family(candidate.public_key))
    try:
        same = _key_usages(found.value) == expected
    except NotDer:
        return "the key usage cannot be read"
    return None if same else "the key usage is not the profile's for this type of key"


@rule("key-usage-signing-alone", "ETSI EN 319 412-2, NAT-4.3.2-1, type A")
def commitments_are_made_with_a_key_of_their_own(candidate: Candidate) -> str | None:
    """nonRepudiation stands with nothing else."""
    found = candidate.extension(_KEY_USAGE)
    bits = frozenset() if found is None else _read_usages(found.value)
    if "content_commitment" in bits and len(bits) > 1:
        return "nonRepudiation stands beside other usages"
    return None


def _read_usages(value: bytes) -> frozenset[str]:
    try:
        return _key_usages(value)
    except NotDer:
        return frozenset()


@rule("basic-constraints", "RFC 5280, Section 4.2.1.9")
def only_authorities_are_authorities(candidate: Candidate) -> str | None:
    """Critical, with the profile's depth, for an authority; absent for all others."""
    found = candidate.extension(_BASIC_CONSTRAINTS)
    if not candidate.profile.is_authority:
        return None if found is None else "an end entity has basic constraints"
    if found is None or not found.critical:
        return "an authority's basic constraints are absent or not critical"
    depth = candidate.profile.definition.extensions.path_length
    content = _TRUE if depth is None else _TRUE + bytes((2, 1, depth))
    if found.value != bytes((0x30, len(content))) + content:
        return "the basic constraints are not the profile's"
    return None


@rule("key-usage-authority", "RFC 5280, Sections 4.2.1.3 and 4.2.1.9")
def only_authorities_sign_certificates(candidate: Candidate) -> str | None:
    """keyCertSign and cRLSign stand with CA:TRUE alone."""
    found = candidate.extension(_KEY_USAGE)
    bits = frozenset() if found is None else _read_usages(found.value)
    signs = bool(bits & {"key_cert_sign", "crl_sign"})
    if signs != (candidate.extension(_BASIC_CONSTRAINTS) is not None):
        return "key usages of an authority and basic constraints do not go together"
    return None


@rule("extended-key-usage", "RFC 5280, Section 4.2.1.12; the profile")
def purposes_are_the_profiles(candidate: Candidate) -> str | None:
    """The same purposes, in the same order, critical where the profile says."""
    wanted = candidate.profile.definition.extensions
    found = candidate.extension(_EXTENDED_KEY_USAGE)
    expected = tuple(content_of(EXTENDED_KEY_USAGES[one]) for one in wanted.extended_key_usage)
    if found is None:
        return "the purposes are absent" if expected else None
    if _purposes(found.value) != expected or found.critical != wanted.extended_key_usage_critical:
        return "the purposes are not the profile's"
    return None


@rule("extended-key-usage-any", "CA/Browser Forum Baseline Requirements, Section 7.1.2.7.10")
def no_certificate_is_for_anything(candidate: Candidate) -> str | None:
    """anyExtendedKeyUsage undoes the separation of purposes."""
    return "the purpose is any" if _ANY in _purposes_of(candidate) else None


@rule("time-stamping-alone", "RFC 3161, Section 2.3")
def time_stamping_is_critical_and_alone(candidate: Candidate) -> str | None:
    """One critical extension with one purpose."""
    found = candidate.extension(_EXTENDED_KEY_USAGE)
    if found is None or _TIME_STAMPING not in _purposes(found.value):
        return None
    if found.critical and len(_purposes(found.value)) == 1:
        return None
    return "time-stamping is not critical or not alone"


@rule("ocsp-no-check", "RFC 6960, Section 4.2.2.2.1")
def only_responders_are_not_asked_about(candidate: Candidate) -> str | None:
    """id-pkix-ocsp-nocheck, a NULL, stands with id-kp-OCSPSigning and nowhere else."""
    found = candidate.extension(_OCSP_NO_CHECK)
    if (found is not None) != (_OCSP_SIGNING in _purposes_of(candidate)):
        return "nocheck and OCSP signing do not go together"
    if found is not None and (found.critical or found.value != b"\x05\x00"):
        return "nocheck is critical or has a value"
    return None
