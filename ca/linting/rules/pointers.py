"""Rules on where a certificate points: status, issuer, policy and statements."""

from __future__ import annotations

from functools import lru_cache

from ca.der import IA5_STRING, NULL_DER, encode_oid
from ca.linting.candidate import Candidate, content_of
from ca.linting.rule import rule
from core import oids

_CRL_DISTRIBUTION_POINTS = content_of(oids.CRL_DISTRIBUTION_POINTS)
_AUTHORITY_INFORMATION_ACCESS = content_of(oids.AUTHORITY_INFORMATION_ACCESS)
_CERTIFICATE_POLICIES = content_of(oids.CERTIFICATE_POLICIES)
_QC_STATEMENTS = content_of(oids.QC_STATEMENTS)
_FRESHEST_CRL = content_of(oids.FRESHEST_CRL)
_NO_REV_AVAIL = content_of(oids.NO_REV_AVAIL)
_OCSP_ACCESS = encode_oid("1.3.6.1.5.5.7.48.1")
_ISSUERS_ACCESS = encode_oid("1.3.6.1.5.5.7.48.2")
_QC_COMPLIANCE = encode_oid(oids.QCS_COMPLIANCE)
_UUID_ARC = encode_oid("2.25.1")[2:3]
# GeneralName [6], uniformResourceIdentifier.
_URI = 0x86


@lru_cache(maxsize=4096)
def _uri(url: str) -> bytes:
    encoded = url.encode("ascii")
    # X.690, Section 8.1.3; URLs of ours are below 128 octets or get a second length octet.
    length = bytes((len(encoded),)) if len(encoded) < 0x80 else bytes((0x81, len(encoded)))
    return bytes((_URI,)) + length + encoded


@rule("crl-distribution-point", "RFC 5280, Section 4.2.1.13; ETSI EN 319 412-2, GEN-4.3.11")
def crl_pointer_is_the_shards(candidate: Candidate) -> str | None:
    """Exactly one URL: that of the shard which the database has for this certificate."""
    found = candidate.extension(_CRL_DISTRIBUTION_POINTS)
    if found is None:
        return None
    plan = candidate.plan
    url = _uri(candidate.profile.publication.crl(plan.authority, plan.crl_shard))
    if not found.value.endswith(url) or found.value.count(b"http") != 1:
        return "the CRL distribution point is not that of the shard"
    return None


@rule("authority-information-access", "RFC 5280, Section 4.2.2.1; ETSI EN 319 412-2, GEN-4.4.1")
def issuer_and_responder_are_ours(candidate: Candidate) -> str | None:
    """The issuer's certificate and the responder, where the profile has them, and no others."""
    found = candidate.extension(_AUTHORITY_INFORMATION_ACCESS)
    if found is None:
        return None
    publication, authority = candidate.profile.publication, candidate.plan.authority
    wanted = candidate.profile.definition.extensions.authority_information
    expected = {
        "ca-issuers": _ISSUERS_ACCESS + _uri(publication.issuer_certificate(authority)),
        "ocsp": _OCSP_ACCESS + _uri(publication.ocsp),
    }
    if any(expected[one] not in found.value for one in wanted):
        return "the issuer's certificate or the responder is missing"
    return None if found.value.count(b"http") == len(wanted) else "there is a foreign pointer"


@rule("no-rev-avail", "RFC 9608, Sections 2 and 3")
def what_cannot_be_revoked_points_to_no_status(candidate: Candidate) -> str | None:
    """noRevAvail is NULL, for end entities, and no CRL or responder is named beside it."""
    found = candidate.extension(_NO_REV_AVAIL)
    if found is None:
        return None
    if found.value != NULL_DER or found.critical or candidate.profile.is_authority:
        return "noRevAvail is critical, not NULL, or stands in an authority's certificate"
    access = candidate.extension(_AUTHORITY_INFORMATION_ACCESS)
    if access is None or _ISSUERS_ACCESS not in access.value:
        return "the issuer's certificate is not named beside noRevAvail"
    if (
        candidate.extension(_CRL_DISTRIBUTION_POINTS) is not None
        or candidate.extension(_FRESHEST_CRL) is not None
        or _OCSP_ACCESS in access.value
    ):
        return "a CRL or a responder is named beside noRevAvail"
    return None


@rule("certificate-policies", "RFC 5280, Section 4.2.1.4; the profile")
def policy_is_the_profiles(candidate: Candidate) -> str | None:
    """One policy, which is the profile's."""
    found = candidate.extension(_CERTIFICATE_POLICIES)
    policy = candidate.profile.policy_oid
    if candidate.profile.definition.extensions.any_policy:
        policy = "2.5.29.32.0"
    if found is None or policy is None:
        return None
    information = encode_oid(policy)
    inner = bytes((0x30, len(information))) + information
    if found.value != bytes((0x30, len(inner))) + inner:
        return "the certificate policy is not the profile's"
    return None


@rule("certificate-policies-uuid", "Go issue 19933: arcs of 128 bits cannot be read")
def policy_is_not_under_the_uuid_arc(candidate: Candidate) -> str | None:
    """2.25 makes older Go clients refuse the whole certificate."""
    found = candidate.extension(_CERTIFICATE_POLICIES)
    if found is not None and found.value[6:7] == _UUID_ARC:
        return "the policy is under 2.25"
    return None


@rule("qc-no-compliance", "ETSI EN 319 412-5, Section 4.2.1; CP 7.1")
def nothing_claims_qualification(candidate: Candidate) -> str | None:
    """QcCompliance is for what the European Union has qualified."""
    found = candidate.extension(_QC_STATEMENTS)
    if found is not None and _QC_COMPLIANCE in found.value:
        return "the certificate claims to be EU-qualified"
    return None


@rule("qc-disclosure", "ETSI EN 319 412-5, Section 4.3.4")
def disclosure_statements_are_ours(candidate: Candidate) -> str | None:
    """Where there are statements, every configured disclosure statement is among them."""
    found = candidate.extension(_QC_STATEMENTS)
    if found is None:
        return None
    for url in candidate.profile.disclosure_statements.values():
        encoded = url.encode("ascii")
        if bytes((IA5_STRING, len(encoded))) + encoded not in found.value:
            return "a disclosure statement is missing"
    return None
