"""Plan a certificate: every field of its to-be-signed part, from profile, issuer and request.

1. The issuer may issue under this profile, and now.
2. The key is of a type that the profile takes, and neither weak nor compromised.
3. Subject and alternative names come from where the profile says, in the form it says.
4. The request asks for nothing beyond that.
5. The validity is inside the profile's and inside the issuer's.
6. The extensions are the profile's.
"""

from __future__ import annotations

from datetime import datetime

from cryptography import x509

from ca.constraints.issuers import check_issuer
from ca.constraints.key_types import check_key_type
from ca.constraints.requested import check_requested
from ca.constraints.validity import decide_validity
from ca.csr import VerifiedCsr
from ca.plan import CertificatePlan, CertificateRequest, Issuer
from ca.profiles.extensions import Extension, subject_key_identifier
from ca.profiles.profile import IssuerRoleRefused, Profile
from ca.profiles.subject import alternative_names, subject_alternative_name, subject_name


def plan_certificate(
    *,
    profile: Profile,
    issuer: Issuer | None,
    request: CertificateRequest,
    serial_number: int,
    now: datetime,
    crl_shard: int,
    authority: str | None = None,
) -> CertificatePlan:
    """Plan one certificate; ``issuer`` is None for one that is self-signed by ``authority``.

    Raises IssuerRoleRefused and what the constraints refuse (:mod:`ca.constraints.refusals`).
    """
    csr = request.csr
    _check_issuer(profile, issuer, now)  # Step 1.
    _check_key(profile, issuer, csr)  # Step 2.
    subject = subject_name(profile.definition, request.facts, csr)  # Step 3.
    names = alternative_names(profile.definition, request.facts, csr)
    check_requested(profile.definition, csr, {*names, *request.proven_names})  # Step 4.
    not_before, not_after = decide_validity(  # Step 5.
        now=now,
        longest=profile.validity,
        not_after=request.not_after,
        issuer=None if issuer is None else issuer.certificate,
    )
    return CertificatePlan(
        issuer=issuer,
        authority=_authority(issuer, authority or request.authority),
        profile=profile.name,
        profile_version=profile.version,
        holder=request.holder,
        serial_number=serial_number,
        not_before=not_before,
        not_after=not_after,
        crl_shard=crl_shard,
        public_key_sha256=csr.public_key_sha256,
        builder=x509.CertificateBuilder(
            issuer_name=subject if issuer is None else issuer.certificate.subject,
            subject_name=subject,
            public_key=csr.public_key,
            serial_number=serial_number,
            not_valid_before=not_before,
            not_valid_after=not_after,
            extensions=_extensions(profile, issuer, csr, names, not_before, crl_shard),  # Step 6.
        ),
        self_signed=issuer is None,
        institution=request.institution,
    )


def _check_issuer(profile: Profile, issuer: Issuer | None, now: datetime) -> None:
    if issuer is not None:
        profile.check_issuer_role(issuer.role)
        check_issuer(profile.definition, issuer, now)
    elif not profile.self_signed:
        raise IssuerRoleRefused(f"{profile.name} is not self-signed: an authority has to issue it.")


def _check_key(profile: Profile, issuer: Issuer | None, csr: VerifiedCsr) -> None:
    role = None if issuer is None else issuer.role
    check_key_type(csr.public_key, profile.key_types(role))
    profile.weak_keys.check(csr.public_key)


def _authority(issuer: Issuer | None, named: str | None) -> str:
    if issuer is not None:
        return issuer.authority
    if named is None:
        raise IssuerRoleRefused("A self-signed certificate needs the name of its authority.")
    return named


def _extensions(
    profile: Profile,
    issuer: Issuer | None,
    csr: VerifiedCsr,
    names: list[tuple[str, str]],
    not_before: datetime,
    crl_shard: int,
) -> list[Extension]:
    return [
        *_own_extensions(profile, csr.public_key_der, names, not_before),
        *profile.constant_extensions.of(issuer, csr.public_key, crl_shard),
    ]


def _own_extensions(
    profile: Profile, public_key_der: bytes, names: list[tuple[str, str]], not_before: datetime
) -> list[Extension]:
    identifier = x509.SubjectKeyIdentifier(subject_key_identifier(public_key_der))
    extensions: list[Extension] = [x509.Extension(identifier.oid, False, identifier)]
    if names:
        # RFC 5280, Section 4.2.1.6: not critical, as no subject here is empty.
        alternative = subject_alternative_name(names)
        extensions.append(x509.Extension(alternative.oid, False, alternative))
    period = profile.private_key_usage_period(not_before)
    if period is not None:
        oid = x509.OID_PRIVATE_KEY_USAGE_PERIOD
        extensions.append(x509.Extension(oid, False, x509.UnrecognizedExtension(oid, period)))
    return extensions
