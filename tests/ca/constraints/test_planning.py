"""What the constraints refuse, each with its own problem, and what they let through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from ca.csr import VerifiedCsr, verify_csr
from ca.plan import CertificatePlan, FactValue, Issuer
from ca.profiles import IssuerRoleRefused, ProfileUnknown, profile_named
from core import oids
from core.errors import CamtrustError
from tests.ca.csr.forge import extension, extension_request, request
from tests.ca.software_hierarchy import (
    NOW,
    ORGANIZATION,
    PERSON,
    csr_for,
    facts_for,
    private_key,
    readable_hierarchy,
    verified_csr,
)


def person(**changes: FactValue) -> CertificatePlan:
    return readable_hierarchy().plan("person-mail-signing", facts=PERSON | changes)


def server(*names: str) -> CertificatePlan:
    facts = facts_for("tls-server") | {"dns_names": names}
    return readable_hierarchy().plan("tls-server", facts=facts)


def asking(*extensions: x509.ExtensionType) -> VerifiedCsr:
    return verify_csr(csr_for(private_key("ec-p256"), *extensions))


def asked(profile: str, *extensions: x509.ExtensionType) -> CertificatePlan:
    return readable_hierarchy().plan(profile, csr=asking(*extensions))


def san(*names: x509.GeneralName) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName(list(names))


def without(*missing: str) -> CertificatePlan:
    facts = {name: value for name, value in PERSON.items() if name not in missing}
    return readable_hierarchy().plan("person-mail-signing", facts=facts)


def key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def cross(path_length: int | None) -> CertificatePlan:
    hierarchy = readable_hierarchy()
    issuer = hierarchy.issuers["people"]
    root = Issuer("root-9", "root", issuer.key_id, issuer.certificate, 1)
    narrowed = replace(hierarchy, issuers={**hierarchy.issuers, "root": root})
    return narrowed.plan("cross-certificate")


def issued_by_an_end_entity() -> CertificatePlan:
    hierarchy = readable_hierarchy()
    certificate = hierarchy.sign(hierarchy.plan("person-signing"))
    false = Issuer("people-9", "people", b"", certificate, 1)
    return replace(hierarchy, issuers={"people": false}).plan("person-signing")


REFUSALS: dict[str, tuple[str, Callable[[], CertificatePlan]]] = {
    "EC under X-Road": (
        "key-type-not-allowed",
        lambda: readable_hierarchy().plan("xroad-signing", csr=verified_csr("ec-p256")),
    ),
    "P-384 for a health signer": (
        "key-type-not-allowed",
        lambda: readable_hierarchy().plan("health-dsc", csr=verified_csr("ec-p384")),
    ),
    "an EC responder under CamDX": (
        "key-type-not-allowed",
        lambda: readable_hierarchy().plan(
            "ocsp-responder", role="camdx", csr=verified_csr("ec-p256")
        ),
    ),
    "Ed25519 for a root": (
        "key-type-not-allowed",
        lambda: readable_hierarchy().plan("root-ca", csr=verified_csr("ed25519")),
    ),
    "CA:TRUE": (
        "authority-requested",
        lambda: asked("person-signing", x509.BasicConstraints(ca=True, path_length=None)),
    ),
    "keyCertSign": ("authority-requested", lambda: asked("person-signing", key_usage(signs=True))),
    "a foreign extension": (
        "extension-not-allowed", lambda: asked("person-signing", x509.OCSPNoCheck())
    ),
    "name constraints": (
        "extension-not-allowed",
        lambda: asked("issuing-ca", x509.NameConstraints([x509.DNSName("gov.kh")], None)),
    ),
    "alternative names where the profile has none": (
        "extension-not-allowed",
        lambda: asked("person-signing", san(x509.DNSName("a.gov.kh"))),
    ),
    "a host name that was not approved": (
        "name-not-authorized", lambda: asked("tls-server", san(x509.DNSName("bank.com.kh")))
    ),
    "a directory name": (
        "name-not-authorized",
        lambda: asked("tls-server", san(x509.DirectoryName(x509.Name([])))),
    ),
    "no identifier": ("fact-missing", lambda: without("identifier")),
    "neither surname nor given name": (
        "fact-missing",
        lambda: without("surname", "given_name"),
    ),
    "no mail address": ("fact-missing", lambda: without("email")),
    "a bare identity number": ("name-form", lambda: person(identifier="012345678")),
    "an identifier of another country": ("name-form", lambda: person(identifier="IDCTH-1")),
    "several names for one": ("name-form", lambda: person(surname=("Chan", "Chen"))),
    "an empty name": ("name-form", lambda: person(surname="")),
    "a space before a name": ("name-form", lambda: person(surname=" Chan")),
    "two spaces": ("name-form", lambda: person(surname="Chan  Sok")),
    "decomposed letters": ("name-form", lambda: person(surname="Andre\u0301")),
    "a NUL in a name": ("name-character", lambda: person(surname="Chan\0")),
    "a hidden character": ("name-character", lambda: person(surname="Ch\u2063an")),
    "a turned name": ("name-character", lambda: person(surname="Chan\u202e")),
    "a private character": ("name-character", lambda: person(surname="Chan\ue000")),
    "65 characters": ("name-too-long", lambda: person(surname="a" * 65)),
    "names too long together": (
        "name-too-long", lambda: person(surname="a" * 40, given_name="b" * 40)
    ),
    "a mail address with a name": ("name-form", lambda: person(email="Sokha <s@gov.kh>")),
    "a mail address in Khmer": ("name-form", lambda: person(email="សុខា@gov.kh")),
    "a mail address without domain": ("name-form", lambda: person(email="sokha")),
    "two mail addresses": ("name-form", lambda: person(email=("a@gov.kh", "b@gov.kh"))),
    "a wildcard": ("name-form", lambda: server("*.gov.kh")),
    "a name with an underscore": ("name-form", lambda: server("a_b.gov.kh")),
    "a name in capitals": ("name-form", lambda: server("WWW.GOV.KH")),
    "a name with a dot at its end": ("name-form", lambda: server("www.gov.kh.")),
    "a single label": ("name-form", lambda: server("localhost")),
    "an address for a name": ("name-form", lambda: server("203.0.113.7")),
    "a name twice": ("name-form", lambda: server("a.gov.kh", "a.gov.kh")),
    "101 names": ("name-form", lambda: server(*(f"a{n}.gov.kh" for n in range(101)))),
    "a label of 64": ("name-form", lambda: server("a" * 64 + ".gov.kh")),
    "an end in the past": (
        "validity-refused",
        lambda: readable_hierarchy().plan("person-signing", not_after=NOW - timedelta(days=1)),
    ),
    "an end beyond the profile's": (
        "validity-refused",
        lambda: readable_hierarchy().plan("person-signing", not_after=NOW + timedelta(days=2000)),
    ),
    "an end beyond the issuer's": (
        "validity-outside-issuer",
        lambda: readable_hierarchy().plan("person-signing", now=NOW + timedelta(days=3600)),
    ),
    "a time before the issuer": (
        "validity-outside-issuer",
        lambda: readable_hierarchy().plan("person-signing", now=NOW - timedelta(days=1)),
    ),
    "an issuer whose key is past its use": (
        "issuer-key-period-over",
        lambda: readable_hierarchy().plan("health-dsc", now=NOW + timedelta(days=366)),
    ),
    "an issuer without room below it": ("issuer-may-not-issue", lambda: cross(1)),
    "an issuer that is no authority": ("issuer-may-not-issue", issued_by_an_end_entity),
    "an issuer of another role": (
        "issuer-role-refused",
        lambda: readable_hierarchy().plan("person-signing", role="devices"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_the_constraints_refuse(name: str) -> None:
    problem, plan = REFUSALS[name]
    with pytest.raises(CamtrustError) as refusal:
        plan()
    assert refusal.value.problem == problem


def test_what_was_approved_may_be_asked_for() -> None:
    names = san(x509.DNSName("www.examples.gov.kh"), x509.DNSName("EXAMPLES.gov.kh"))
    assert asked("tls-server", names, key_usage(signs=False)).profile == "tls-server"


def test_usages_that_are_asked_for_are_not_taken() -> None:
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
    plan = asked("person-authentication", usage)
    certificate = readable_hierarchy().sign(plan)
    granted = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [one.dotted_string for one in granted] == [oids.CLIENT_AUTH]


def test_nothing_of_a_persons_subject_is_taken_from_the_request() -> None:
    csr = verify_csr(csr_for(private_key("ec-p256"), subject="CN=The Minister,O=Everything"))
    certificate = readable_hierarchy().sign(readable_hierarchy().plan("person-signing", csr=csr))
    assert "Minister" not in certificate.subject.rfc4514_string()
    assert "Everything" not in certificate.subject.rfc4514_string()


def test_a_device_names_itself_where_the_decision_does_not() -> None:
    csr = verify_csr(csr_for(private_key("ec-p256"), subject="CN=Gate 9,2.5.4.5=SN-9"))
    hierarchy = readable_hierarchy()
    own = hierarchy.sign(
        hierarchy.plan("device", csr=csr, facts=ORGANIZATION | {"common_name": "Gate 8"})
    )
    assert "Gate 8" in own.subject.rfc4514_string()
    facts = {"organization_name": "Ministry of Examples"}
    own = hierarchy.sign(hierarchy.plan("device", csr=csr, facts=facts))
    assert "Gate 9" in own.subject.rfc4514_string()


def test_an_authority_may_ask_for_what_it_becomes() -> None:
    plan = asked("issuing-ca", x509.BasicConstraints(ca=True, path_length=0), key_usage(signs=True))
    assert plan.profile == "issuing-ca"


def test_a_request_for_a_shorter_life_is_met_to_the_second() -> None:
    end = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
    plan = readable_hierarchy().plan("person-signing", not_after=end)
    assert readable_hierarchy().sign(plan).not_valid_after_utc == end == plan.not_after


def test_both_ends_of_the_validity_count() -> None:
    plan = readable_hierarchy().plan("person-signing")
    assert plan.not_after - plan.not_before == timedelta(days=1095) - timedelta(seconds=1)


def test_facts_of_a_request_can_be_taken_over_by_an_officer() -> None:
    csr = verify_csr(
        request(
            attributes=(
                extension_request(
                    extension(
                        oids.SUBJECT_ALTERNATIVE_NAME, bytes.fromhex("300a8208612e676f762e6b68")
                    )
                ),
            )
        )
    )
    profile = readable_hierarchy().profiles["device"]
    assert profile.facts_in(csr) == {"common_name": "asked", "dns_names": ("a.gov.kh",)}


def test_a_fact_that_stands_twice_in_a_request_is_taken_from_its_first_place() -> None:
    profiles = readable_hierarchy().profiles
    csr = verify_csr(
        csr_for(
            private_key("rsa"),
            san(x509.DNSName("ss1.gov.kh")),
            subject="CN=ss1.gov.kh,2.5.4.5=CAMDX-1,O=Ministry,C=KH",
        )
    )
    facts = profiles["xroad-authentication"].facts_in(csr)
    assert facts == {
        "organization_name": "Ministry",
        "member_code": "CAMDX-1",
        "server_name": "ss1.gov.kh",
    }
    assert readable_hierarchy().plan("xroad-authentication", csr=csr, facts=facts)
    assert profiles["xroad-signing"].facts_in(csr)["organization_name"] == "Ministry"


def test_a_self_signed_profile_has_no_issuer_and_needs_a_name() -> None:
    profile = readable_hierarchy().profiles["root-ca"]
    with pytest.raises(IssuerRoleRefused):
        _ = profile.default_issuer_role
    with pytest.raises(ProfileUnknown):
        profile_named(readable_hierarchy().profiles, "no-such-profile")
