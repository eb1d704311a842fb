"""Each rule has a good certificate and a bad one, named for its defect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509

from ca.der import encode_element, encode_oid
from ca.linting.candidate import Attribute, content_of
from ca.linting.rules import RULES, findings_of
from ca.plan import Issuer
from core import oids
from tests.ca.linting.surgery import Opened, open_plan
from tests.ca.software_hierarchy import readable_hierarchy, verified_csr

Surgery = Callable[[Opened], Opened]

UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
BMP_STRING = 0x1E
RSA_NULL = bytes.fromhex("300d06092a864886f70d0101010500")


def good(profile: str = "person-signing", kind: str | None = None) -> Opened:
    hierarchy = readable_hierarchy()
    csr = None if kind is None else verified_csr(kind)
    return open_plan(hierarchy.plan(profile, csr=csr), hierarchy.profiles[profile])


def with_issuer(opened: Opened, certificate: x509.Certificate) -> Opened:
    issuer = opened.plan.issuer
    assert issuer is not None
    changed = Issuer(issuer.authority, issuer.role, issuer.key_id, certificate, issuer.crl_shards)
    return replace(opened, plan=replace(opened.plan, issuer=changed))


def issued_by_an_end_entity(opened: Opened) -> Opened:
    hierarchy = readable_hierarchy()
    return with_issuer(opened, hierarchy.sign(hierarchy.plan("person-signing")))


def under_an_issuing_authority(opened: Opened) -> Opened:
    return with_issuer(opened, readable_hierarchy().issuers["people"].certificate)


def outliving_its_issuer(opened: Opened) -> Opened:
    hierarchy = readable_hierarchy()
    issuer = hierarchy.plan("issuing-ca", not_after=opened.plan.not_before + timedelta(days=5))
    return with_issuer(opened, hierarchy.sign(issuer))


def planned_for(opened: Opened, **changes: object) -> Opened:
    return replace(opened, plan=replace(opened.plan, **changes))  # type: ignore[arg-type]


def rsa_key(modulus: int, exponent: int) -> bytes:
    def integer(number: int) -> bytes:
        octets = number.to_bytes(number.bit_length() // 8 + 1, "big")
        return encode_element(0x02, octets)

    key = encode_element(0x30, integer(modulus) + integer(exponent))
    return encode_element(0x30, RSA_NULL + encode_element(0x03, b"\x00" + key))


def repeated_attribute(opened: Opened) -> Opened:
    found = opened.candidate.attributes
    return opened.attributes(*found, found[-1])


def repeated_extension(opened: Opened) -> Opened:
    found = opened.candidate.extensions
    return opened.extensions(*found, found[-1])


def uri_extension(opened: Opened, old: bytes, new: bytes, oid: str) -> Opened:
    return opened.replace_in(oid, old, new)


def san(*names: bytes) -> bytes:
    return encode_element(0x30, b"".join(names))


def uuid_policy(opened: Opened) -> Opened:
    information = encode_element(0x30, encode_oid("2.25.1"))
    return opened.extension(oids.CERTIFICATE_POLICIES, encode_element(0x30, information))


SAN = oids.SUBJECT_ALTERNATIVE_NAME
HIDDEN = "So\u200bkha".encode()

# rule: (profile, what was done to the certificate)
BAD: dict[str, tuple[str, Surgery]] = {
    "version-3": ("person-signing", lambda o: o.put("version", bytes.fromhex("a003020101"))),
    "serial-number-positive": ("person-signing", lambda o: o.serial_number(b"\xff" + b"\x01" * 18)),
    "serial-number-entropy": ("person-signing", lambda o: o.serial_number(b"\x01\x02\x03")),
    "serial-number-planned": ("person-signing", lambda o: o.serial_number(b"\x01" * 20)),
    "signature-algorithm-known": (
        "person-signing",
        lambda o: o.put("signature", bytes.fromhex("300906072a8648ce3d0401")),
    ),
    "signature-algorithm-of-issuer": (
        "person-signing",
        lambda o: o.put("signature", bytes.fromhex("300a06082a8648ce3d040303")),
    ),
    "issuer-name": ("person-signing", lambda o: o.put("issuer", o.fields["subject"])),
    "authority-key-identifier": (
        "person-signing",
        lambda o: o.extension(oids.AUTHORITY_KEY_IDENTIFIER, b"\x30\x16\x80\x14" + b"\x00" * 20),
    ),
    "issuer-is-authority": ("person-signing", issued_by_an_end_entity),
    "issuer-path-length": ("issuing-ca", under_an_issuing_authority),
    "validity-encoding": (
        "person-signing",
        lambda o: o.times((GENERALIZED_TIME, b"20261123080000Z"), (UTC_TIME, b"291121075959Z")),
    ),
    "validity-planned": (
        "person-signing",
        lambda o: o.times((UTC_TIME, b"261123080000Z"), (UTC_TIME, b"291231075959Z")),
    ),
    "validity-order": ("person-signing", lambda o: planned_for(o, not_after=o.plan.not_before)),
    "validity-length": (
        "person-signing",
        lambda o: planned_for(o, not_after=o.plan.not_after + timedelta(seconds=1)),
    ),
    "validity-inside-issuer": ("person-signing", outliving_its_issuer),
    "private-key-usage-period": (
        "health-dsc",
        lambda o: o.replace_in(oids.PRIVATE_KEY_USAGE_PERIOD, b"2027", b"2028"),
    ),
    "subject-not-empty": ("person-signing", lambda o: o.attributes()),
    "subject-attributes": ("person-signing", repeated_attribute),
    "subject-constants": ("person-signing", lambda o: o.attribute(oids.COUNTRY_NAME, value=b"TH")),
    "subject-patterns": (
        "person-signing",
        lambda o: o.attribute(oids.SERIAL_NUMBER, value=b"012345678"),
    ),
    "subject-string-types": (
        "person-signing",
        lambda o: o.attribute(oids.SURNAME, tag=BMP_STRING, value="Chan".encode("utf-16-be")),
    ),
    "subject-printable": (
        "person-signing",
        lambda o: o.attribute(oids.SERIAL_NUMBER, value=b"IDCKH-1*2"),
    ),
    "subject-country": ("person-signing", lambda o: o.attribute(oids.COUNTRY_NAME, value=b"kh")),
    "subject-lengths": ("person-signing", lambda o: o.attribute(oids.SURNAME, value=b"A" * 300)),
    "subject-characters": ("person-signing", lambda o: o.attribute(oids.SURNAME, value=HIDDEN)),
    "subject-spaces": ("person-signing", lambda o: o.attribute(oids.SURNAME, value=b"Chan ")),
    "public-key-encoding": (
        "person-signing",
        lambda o: o.put(
            "public_key",
            encode_element(
                0x30,
                bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
                + encode_element(0x03, b"\x00\x02" + b"\x11" * 32),
            ),
        ),
    ),
    "public-key-type": (
        "xroad-signing",
        lambda o: o.put("public_key", verified_csr("ec-p256").public_key_der),
    ),
    "public-key-rsa": (
        "xroad-signing",
        lambda o: o.put("public_key", rsa_key((1 << 2047) + 1, 65537)),
    ),
    "public-key-planned": (
        "person-signing",
        lambda o: o.put("public_key", verified_csr("ec-p256", 1).public_key_der),
    ),
    "subject-key-identifier": (
        "person-signing",
        lambda o: o.extension(oids.SUBJECT_KEY_IDENTIFIER, b"\x04\x14" + b"\x00" * 20),
    ),
    "key-usage": (
        "person-authentication",
        lambda o: o.extension(oids.KEY_USAGE, bytes.fromhex("03020520")),
    ),
    "key-usage-signing-alone": (
        "person-signing",
        lambda o: o.extension(oids.KEY_USAGE, bytes.fromhex("030206c0")),
    ),
    "key-usage-authority": (
        "person-signing",
        lambda o: o.extension(oids.KEY_USAGE, bytes.fromhex("03020204")),
    ),
    "basic-constraints": (
        "person-signing",
        lambda o: o.extension(oids.BASIC_CONSTRAINTS, bytes.fromhex("30030101ff"), True),
    ),
    "extended-key-usage": (
        "person-signing",
        lambda o: o.extension(
            oids.EXTENDED_KEY_USAGE, encode_element(0x30, encode_oid(oids.SERVER_AUTH))
        ),
    ),
    "extended-key-usage-any": (
        "person-signing",
        lambda o: o.extension(
            oids.EXTENDED_KEY_USAGE, encode_element(0x30, encode_oid(oids.ANY_EXTENDED_KEY_USAGE))
        ),
    ),
    "time-stamping-alone": (
        "time-stamping",
        lambda o: o.extension(oids.EXTENDED_KEY_USAGE, critical=False),
    ),
    "ocsp-no-check": ("person-signing", lambda o: o.extension(oids.OCSP_NO_CHECK, b"\x05\x00")),
    "no-rev-avail": ("tls-server", lambda o: o.extension(oids.NO_REV_AVAIL, b"\x05\x00")),
    "extensions-once": ("person-signing", repeated_extension),
    "extensions-of-profile": ("person-signing", lambda o: o.extension("1.2.3.4", b"\x05\x00")),
    "extensions-criticality": (
        "person-signing",
        lambda o: o.extension(oids.CERTIFICATE_POLICIES, critical=True),
    ),
    "crl-distribution-point": (
        "person-signing",
        lambda o: o.replace_in(oids.CRL_DISTRIBUTION_POINTS, b"/0.crl", b"/1.crl"),
    ),
    "authority-information-access": (
        "person-signing",
        lambda o: o.replace_in(
            oids.AUTHORITY_INFORMATION_ACCESS, b"pki.example.com/ocsp", b"pki.example.net/ocsp"
        ),
    ),
    "certificate-policies": (
        "person-signing",
        lambda o: o.extension(
            oids.CERTIFICATE_POLICIES,
            encode_element(0x30, encode_element(0x30, encode_oid("1.2.3.4"))),
        ),
    ),
    "certificate-policies-uuid": ("person-signing", uuid_policy),
    "qc-no-compliance": (
        "person-signing",
        lambda o: o.extension(
            oids.QC_STATEMENTS,
            encode_element(0x30, encode_element(0x30, encode_oid(oids.QCS_COMPLIANCE))),
        ),
    ),
    "qc-disclosure": (
        "person-signing",
        lambda o: o.replace_in(oids.QC_STATEMENTS, b"disclosure-en", b"disclosure-km"),
    ),
    "alternative-names-not-empty": ("tls-server", lambda o: o.extension(SAN, san())),
    "alternative-names-kinds": (
        "tls-server",
        lambda o: o.extension(SAN, san(encode_element(0x87, b"\x01\x02\x03\x04"))),
    ),
    "alternative-names-dns": (
        "tls-server",
        lambda o: o.extension(SAN, san(encode_element(0x82, b"*.examples.gov.kh"))),
    ),
    "alternative-names-email": (
        "person-mail-signing",
        lambda o: o.extension(SAN, san(encode_element(0x81, b"Sokha <sokha@mail.gov.kh>"))),
    ),
    "alternative-names-ip": (
        "device",
        lambda o: o.extension(SAN, san(encode_element(0x87, b"\x01\x02\x03\x04\xff"))),
    ),
    "server-name-among-alternatives": (
        "tls-server",
        lambda o: o.attribute(oids.COMMON_NAME, value=b"other.examples.gov.kh"),
    ),
}


def codes(opened: Opened) -> set[str]:
    return {finding.code for finding in findings_of(opened.candidate)}


def test_every_rule_has_a_bad_certificate() -> None:
    assert {rule.code for rule in RULES} == set(BAD)


def test_every_rule_cites_what_it_enforces() -> None:
    assert all(rule.citation and rule.check.__doc__ for rule in RULES)


@pytest.mark.parametrize("code", BAD)
def test_a_rule_finds_its_defect_and_nothing_in_a_good_certificate(code: str) -> None:
    profile, surgery = BAD[code]
    certificate = good(profile)
    assert codes(certificate) == set()
    assert code in codes(surgery(certificate))


@pytest.mark.parametrize("kind", ["ec-p384", "rsa", "ed25519"])
def test_other_keys_are_good_too(kind: str) -> None:
    assert codes(good("person-signing", kind)) == set()


def test_a_self_signed_root_is_good_and_points_to_nobody() -> None:
    certificate = good("root-ca")
    assert codes(certificate) == set()
    pointing = certificate.extension(oids.AUTHORITY_KEY_IDENTIFIER, b"\x30\x00")
    assert "authority-key-identifier" in codes(pointing)


def test_a_missing_extension_is_found() -> None:
    for oid in (oids.KEY_USAGE, oids.EXTENDED_KEY_USAGE, oids.SUBJECT_KEY_IDENTIFIER):
        assert "extensions-of-profile" in codes(good().without(oid))


def test_an_attribute_of_another_profile_is_found() -> None:
    certificate = good()
    foreign = Attribute(content_of(oids.TITLE), 0x0C, b"Minister")
    changed = certificate.attributes(*certificate.candidate.attributes, foreign)
    assert "subject-attributes" in codes(changed)


def test_a_bidi_character_is_found() -> None:
    turned = "Chan\u202e".encode()
    assert "subject-characters" in codes(good().attribute(oids.SURNAME, value=turned))


def test_an_even_modulus_and_a_small_exponent_are_found() -> None:
    certificate = good("xroad-signing")
    for key in (rsa_key(1 << 3071, 65537), rsa_key((1 << 3071) + 1, 3)):
        assert "public-key-rsa" in codes(certificate.put("public_key", key))


@pytest.mark.parametrize(
    "surgery",
    [
        pytest.param(lambda o: o.extension(oids.NO_REV_AVAIL, b"\x04\x00"), id="not-null"),
        pytest.param(lambda o: o.extension(oids.NO_REV_AVAIL, critical=True), id="critical"),
        pytest.param(lambda o: o.extension(oids.FRESHEST_CRL, b"\x30\x00"), id="freshest-crl"),
        pytest.param(lambda o: o.extension(oids.CRL_DISTRIBUTION_POINTS, b"\x30\x00"), id="crl"),
        pytest.param(
            lambda o: o.replace_in(
                oids.AUTHORITY_INFORMATION_ACCESS,
                encode_oid("1.3.6.1.5.5.7.48.2"),
                encode_oid("1.3.6.1.5.5.7.48.1"),
            ),
            id="responder",
        ),
    ],
)
def test_nothing_about_status_stands_beside_no_rev_avail(surgery: Surgery) -> None:
    certificate = good("tls-server-short-lived")

    assert codes(certificate) == set()
    assert "no-rev-avail" in codes(surgery(certificate))
