"""Each profile, issued with software keys and judged by pkilint and openssl."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID

from ca.linting import Linter
from ca.linting.pkilint_validators import lint_certificate
from ca.profiles import load_profiles
from ca.settings import CaSettings
from core import oids
from tests.ca.software_hierarchy import (
    NOW,
    READABLE_ARC,
    default_hierarchy,
    readable_hierarchy,
    verified_csr,
)

PROFILES = load_profiles(CaSettings())
CASES = [
    (name, role, kind)
    for name, profile in PROFILES.items()
    for role in profile.issuer_roles or ("",)
    for kind in profile.key_types(role)
]


@pytest.mark.parametrize(("name", "role", "kind"), CASES)
def test_pkilint_finds_nothing_in(name: str, role: str, kind: str) -> None:
    hierarchy = readable_hierarchy()
    plan = hierarchy.plan(name, role=role or None, csr=verified_csr(kind))
    linter = Linter(profiles=hierarchy.profiles, settings=CaSettings(policy_arc=READABLE_ARC))
    assert linter.lint(plan, in_full=True).authority == plan.authority
    if not plan.self_signed:
        der = hierarchy.sign(plan).public_bytes(Encoding.DER)
        assert lint_certificate(der, PROFILES[name].definition.lint) == []


@pytest.mark.parametrize("name", PROFILES)
def test_the_default_settings_pass_the_linter_too(name: str) -> None:
    hierarchy = default_hierarchy()
    Linter(profiles=hierarchy.profiles).lint(hierarchy.plan(name))


@pytest.mark.parametrize("name", PROFILES)
def test_openssl_reads(name: str, require: Callable[[str], str]) -> None:
    hierarchy = readable_hierarchy()
    plan = hierarchy.plan(name)
    key = hierarchy.keys["root-1"] if plan.self_signed else None
    pem = hierarchy.sign(plan, key).public_bytes(Encoding.PEM)
    shown = subprocess.run(
        [require("openssl"), "x509", "-noout", "-text", "-nameopt", "utf8"],
        input=pem,
        capture_output=True,
        check=True,
    ).stdout.decode()
    assert "X509v3 Key Usage: critical" in shown
    policy = hierarchy.profiles[name].policy_oid
    assert policy is None or policy in shown


@pytest.mark.parametrize(
    ("name", "role"), [(n, r) for n, p in PROFILES.items() for r in p.issuer_roles]
)
def test_openssl_verifies_strictly(
    name: str, role: str, tmp_path: Path, require: Callable[[str], str]
) -> None:
    hierarchy = readable_hierarchy()
    leaf = hierarchy.sign(hierarchy.plan(name, role=role))
    issuer = hierarchy.issuers[role].certificate
    root = issuer if issuer.issuer == issuer.subject else hierarchy.issuers["root"].certificate
    for file, certificate in (("leaf", leaf), ("issuer", issuer), ("root", root)):
        (tmp_path / file).write_bytes(certificate.public_bytes(Encoding.PEM))
    verified = subprocess.run(
        [
            require("openssl"), "verify", "-x509_strict", "-check_ss_sig",
            "-attime", str(int(NOW.timestamp()) + 60), "-CAfile", "root",
            "-untrusted", "issuer", "leaf",
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert verified.returncode == 0, verified.stdout + verified.stderr


def issued(name: str, kind: str | None = None) -> x509.Certificate:
    hierarchy = readable_hierarchy()
    plan = hierarchy.plan(name, csr=None if kind is None else verified_csr(kind))
    key = hierarchy.keys["root-1"] if plan.self_signed else None
    return hierarchy.sign(plan, key)


def usages(certificate: x509.Certificate) -> set[str]:
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
    )
    return {one for one in names if getattr(usage, one)}


def value_of(certificate: x509.Certificate, oid: str) -> str:
    [attribute] = certificate.subject.get_attributes_for_oid(x509.ObjectIdentifier(oid))
    return str(attribute.value)


@pytest.mark.parametrize("name", ["person-signing", "organization-seal", "xroad-signing"])
def test_signing_certificates_have_non_repudiation_alone(name: str) -> None:
    assert usages(issued(name)) == {"content_commitment"}


def test_an_rsa_key_for_mail_enciphers_and_an_ec_key_agrees() -> None:
    assert usages(issued("person-mail-encryption", "rsa")) == {"key_encipherment"}
    assert usages(issued("person-mail-encryption", "ec-p256")) == {"key_agreement"}


def test_x_road_authentication_has_the_usages_that_x_road_asks_for() -> None:
    certificate = issued("xroad-authentication")
    assert usages(certificate) == {
        "digital_signature",
        "key_encipherment",
        "data_encipherment",
    }
    purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert {one.dotted_string for one in purposes} == {oids.CLIENT_AUTH, oids.SERVER_AUTH}
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["ss1.examples.gov.kh"]


def test_x_road_signing_has_the_basic_shape() -> None:
    certificate = issued("xroad-signing")
    assert value_of(certificate, oids.COMMON_NAME) == value_of(certificate, oids.ORGANIZATION_NAME)
    assert value_of(certificate, oids.BUSINESS_CATEGORY) == "GOV"
    assert value_of(certificate, oids.SERIAL_NUMBER) == "CAMDX-20201222"


@pytest.mark.parametrize(
    "name", [n for n, p in PROFILES.items() if p.definition.extensions.qc_statements]
)
def test_no_certificate_claims_qualification_in_the_european_union(name: str) -> None:
    statements = issued(name).extensions.get_extension_for_oid(
        x509.ObjectIdentifier(oids.QC_STATEMENTS)
    )
    assert (
        bytes.fromhex("06060400 8e460101".replace(" ", "")) not in statements.value.public_bytes()
    )


def test_a_status_responder_is_not_asked_about() -> None:
    for name in ("ocsp-responder", "ocsp-responder-root"):
        extensions = issued(name).extensions
        assert extensions.get_extension_for_class(x509.OCSPNoCheck).critical is False
        with pytest.raises(x509.ExtensionNotFound):
            extensions.get_extension_for_class(x509.AuthorityInformationAccess)


def test_the_responder_of_camdx_is_rsa_and_others_are_not() -> None:
    profile = PROFILES["ocsp-responder"]
    assert profile.key_types("camdx") == ("rsa",)
    assert "rsa" not in profile.key_types("people")


def test_time_stamping_is_critical_and_alone() -> None:
    for name in ("time-stamping", "time-stamping-rsa"):
        purposes = issued(name).extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        assert purposes.critical
        assert [one.dotted_string for one in purposes.value] == [oids.TIME_STAMPING]


def test_health_certificates_have_the_shape_of_whos_network() -> None:
    anchor, signer = issued("health-sca"), issued("health-dsc")
    constraints = anchor.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (True, 0)
    for certificate, validity, key_use in ((anchor, 1461, 365), (signer, 730, 183)):
        period = certificate.extensions.get_extension_for_class(x509.PrivateKeyUsagePeriod).value
        assert value_of(certificate, oids.COUNTRY_NAME) == "KH"
        lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
        assert lifetime.days == validity - 1  # Both ends count.
        assert period.not_before is not None and period.not_after is not None
        assert (period.not_after - period.not_before).days == key_use
    with pytest.raises(x509.ExtensionNotFound):
        signer.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    assert signer.extensions.get_extension_for_class(x509.CRLDistributionPoints)


def test_a_crl_pointer_names_the_shard() -> None:
    hierarchy = readable_hierarchy()
    certificate = hierarchy.sign(hierarchy.plan("person-signing", crl_shard=7))
    [point] = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert point.full_name is not None
    assert point.full_name[0].value == "http://pki.example.com/crl/people-1/7.crl"


def test_revocations_of_signatures_stay_after_expiry() -> None:
    staying = {name for name, profile in PROFILES.items() if profile.stays_after_expiry}
    assert staying >= {
        "person-signing",
        "organization-seal",
        "xroad-signing",
        "time-stamping",
        "time-stamping-rsa",
    }
    assert "person-authentication" not in staying


def test_a_short_lived_certificate_says_that_nobody_revokes_it() -> None:
    certificate = issued("tls-server-short-lived")

    # RFC 9608, Section 2.
    found = certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier(oids.NO_REV_AVAIL))
    assert not found.critical
    assert found.value.public_bytes() == b"\x05\x00"
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc < timedelta(days=7)
    present = {one.oid.dotted_string for one in certificate.extensions}
    assert not present & {oids.CRL_DISTRIBUTION_POINTS, oids.FRESHEST_CRL}
    access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert [one.access_method for one in access] == [AuthorityInformationAccessOID.CA_ISSUERS]


def test_no_certificate_that_x_road_sees_does_without_status() -> None:
    for profile in PROFILES.values():
        if "camdx" in profile.issuer_roles:
            wanted = profile.definition.extensions
            assert not wanted.no_rev_avail
            assert wanted.ocsp_no_check or "ocsp" in wanted.authority_information


def test_who_signs_seals_or_decides_is_certified_by_two_officers() -> None:
    # CP, Section 4.2.2; CPS, Section 4.2.2.
    alone = {name for name, profile in load_profiles().items() if profile.approvals == 1}
    assert alone == {
        "cmp-server",
        "device",
        "ocsp-responder",
        "person-authentication",
        "person-mail-encryption",
        "service-client",
        "tls-server",
        "tls-server-short-lived",
        "xroad-authentication",
    }
