"""A hierarchy in software, for tests of planning and linting: every authority's role, no token."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ca.csr import VerifiedCsr, verify_csr
from ca.plan import CertificatePlan, CertificateRequest, FactValue, Issuer
from ca.planning import plan_certificate
from ca.profiles import Profiles, load_profiles
from ca.settings import CaSettings

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | Ed25519PrivateKey

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
# An arc for examples that pkilint's decoder can read (RFC 5612).
READABLE_ARC = "1.3.6.1.4.1.32473.855"

ORGANIZATION: dict[str, FactValue] = {
    "organization_name": "Ministry of Examples",
    "organization_identifier": "NTRKH-00012345",
    "common_name": "Ministry of Examples",
}
PERSON: dict[str, FactValue] = {
    "surname": "Chan",
    "given_name": "Sokha",
    "identifier": "IDCKH-012345678",
    "email": "sokha.chan@mail.gov.kh",
}
FACTS: dict[str, dict[str, FactValue]] = {
    "xroad-authentication": {
        "organization_name": "Ministry of Examples",
        "member_code": "CAMDX-20201222",
        "server_name": "ss1.examples.gov.kh",
    },
    "xroad-signing": {
        "organization_name": "Ministry of Examples",
        "member_class": "GOV",
        "member_code": "CAMDX-20201222",
    },
    "tls-server": {
        **ORGANIZATION,
        "server_name": "www.examples.gov.kh",
        "dns_names": ("www.examples.gov.kh", "examples.gov.kh"),
    },
    "device": {
        **ORGANIZATION,
        "device_serial_number": "SN-0001",
        "common_name": "Gate 7",
        "dns_names": "gate7.examples.gov.kh",
        "ip_addresses": "203.0.113.7",
    },
    "ra-officer": {**PERSON, "organization_name": "Ministry of Examples"},
    "vds-nc-signer": {"signer_identifier": "01"},
    "cross-certificate": {
        "country_name": "KH",
        "organization_name": "Another Organization",
        "common_name": "Another Root CA 1",
    },
}
ROLES = {
    "people": ("issuing-ca", "ec-p256"),
    "organizations": ("issuing-ca", "ec-p256"),
    "devices": ("issuing-ca", "ec-p256"),
    "programs": ("issuing-ca", "ec-p256"),
    "camdx": ("camdx-ca", "rsa"),
    "health": ("health-sca", "ec-p256"),
    "vds-nc": ("vds-nc-csca", "ec-p256"),
}


FACTS["tls-server-short-lived"] = FACTS["tls-server"]


def facts_for(profile: str) -> dict[str, FactValue]:
    if profile.startswith("person-"):
        return dict(PERSON)
    return dict(FACTS.get(profile, ORGANIZATION))


def private_key(kind: str, number: int = 0) -> PrivateKey:
    """Return the same key each time for a kind and number."""
    return _private_key(kind, number)


@cache
def _private_key(kind: str, _number: int) -> PrivateKey:
    if kind == "ec-p256":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "ec-p384":
        return ec.generate_private_key(ec.SECP384R1())
    if kind == "ed25519":
        return Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, 3072)


def hash_for(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384 | None:
    if isinstance(key, Ed25519PrivateKey):
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == "secp384r1":
        return hashes.SHA384()
    return hashes.SHA256()


def csr_for(key: PrivateKey, *extensions: x509.ExtensionType, subject: str = "CN=asked") -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name.from_rfc4514_string(subject)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, hash_for(key)).public_bytes(Encoding.DER)


def verified_csr(kind: str, number: int = 0) -> VerifiedCsr:
    return _verified_csr(kind, number)


@cache
def _verified_csr(kind: str, number: int) -> VerifiedCsr:
    return verify_csr(csr_for(private_key(kind, number)))


@dataclass
class SoftwareHierarchy:
    """Plans and signs with software keys; ``issuers`` by role."""

    profiles: Profiles
    issuers: dict[str, Issuer] = field(default_factory=dict)
    keys: dict[str, PrivateKey] = field(default_factory=dict)

    def plan(
        self,
        profile: str,
        *,
        csr: VerifiedCsr | None = None,
        facts: Mapping[str, FactValue] | None = None,
        role: str | None = None,
        now: datetime = NOW,
        crl_shard: int = 0,
        authority: str | None = None,
        not_after: datetime | None = None,
    ) -> CertificatePlan:
        chosen = self.profiles[profile]
        issuer = None
        if not chosen.self_signed:
            issuer = self.issuers[role or chosen.default_issuer_role]
        kind = chosen.key_types(None if issuer is None else issuer.role)[0]
        request = CertificateRequest(
            profile=profile,
            csr=csr or verified_csr(kind),
            holder="test",
            facts=facts_for(profile) if facts is None else facts,
            not_after=not_after,
        )
        return plan_certificate(
            profile=chosen,
            issuer=issuer,
            request=request,
            serial_number=secrets.randbits(158) | 1 << 157,
            now=now,
            crl_shard=crl_shard,
            authority=authority or ("root-1" if issuer is None else None),
        )

    def sign(self, plan: CertificatePlan, key: PrivateKey | None = None) -> x509.Certificate:
        signer = key or self.keys[plan.authority]
        return plan.builder.sign(signer, hash_for(signer))

    def add(self, role: str, profile: str, kind: str) -> Issuer:
        authority = f"{role}-1"
        key = private_key(kind, hash(role))
        name = {**ORGANIZATION, "common_name": f"Test {role} CA"}
        plan = self.plan(profile, csr=verify_csr(csr_for(key)), facts=name, authority=authority)
        certificate = self.sign(plan, key if plan.self_signed else None)
        der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.keys[authority] = key
        self.issuers[role] = Issuer(authority, role, sha256(der).digest(), certificate, 16)
        return self.issuers[role]


def build_hierarchy(settings: CaSettings) -> SoftwareHierarchy:
    hierarchy = SoftwareHierarchy(load_profiles(settings))
    hierarchy.add("root", "root-ca", "ec-p384")
    for role, (profile, kind) in ROLES.items():
        hierarchy.add(role, profile, kind)
    return hierarchy


@cache
def readable_hierarchy() -> SoftwareHierarchy:
    return build_hierarchy(CaSettings(policy_arc=READABLE_ARC))


@cache
def default_hierarchy() -> SoftwareHierarchy:
    return build_hierarchy(CaSettings())
