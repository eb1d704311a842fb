"""Profiles and settings are checked when they are read: file, key, reason."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest
from pydantic import ValidationError

from ca.profiles import ProfileRefused, load_profiles
from ca.settings import CaSettings

GOOD = (resources.files("ca.profiles") / "definitions" / "person-mail-encryption.toml").read_text()
MISTAKES = {
    "an unknown key": ("version = 3", "version = 3\nvalidty_days = 5", "validty_days"),
    "no version": ("version = 3\n", "", "version"),
    "a version of zero": ("version = 3", "version = 0", "version"),
    "another format": ("camtrust-profile-1", "camtrust-profile-2", "format"),
    "no issuer": ('issuer_roles = ["people"]', "", "issuer_roles"),
    "three approvals": ("approvals = 1", "approvals = 3", "approvals"),
    "an unknown key type": ('"ec-p384"', '"ec-p192"', "keys.types"),
    "an unknown attribute": ('"surname"\nfact', '"sir_name"\nfact', "subject"),
    "a fact and a constant": ('fact = "surname"', 'fact = "surname"\nconstant = "x"', "subject"),
    "no source": ('fact = "surname"\n', "", "subject"),
    "an attribute twice": ('attribute = "surname"', 'attribute = "given_name"', "subject"),
    "a broken pattern": ("{1,20}", "{1,20}(", "pattern"),
    "encipherment with EC": (
        'key_usage.ec = ["key_agreement"]', 'key_usage.ec = ["key_encipherment"]', "key_usage",
    ),
    "an authority's usage": (
        'key_usage.ec = ["key_agreement"]', 'key_usage.any = ["key_cert_sign"]', "key_usage",
    ),
    "a path length": ("crl_distribution_point = true", "path_length = 0", "path_length"),
    "an unknown purpose": ('"email_protection"', '"everything"', "extended_key_usage"),
    "etsi without type": ('type = "NCP-NATURAL-PERSON-CERTIFICATE"\n', "", "lint"),
    "a type that pkilint does not know": ("NCP-NATURAL-PERSON", "NCP-PERSON", "lint"),
    "a key used longer than certified": (
        "validity_days = 1095", "validity_days = 10\nprivate_key_usage_days = 11",
        "private_key_usage_days",
    ),
    "a name of another file": ("person-mail-encryption", "person-mail", "name"),
    "no TOML": ("[lint]", "[lint", "not valid TOML"),
}  # fmt: skip


def write(directory: Path, text: str, name: str = "person-mail-encryption.toml") -> None:
    (directory / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_refused_with_file_and_key(name: str, tmp_path: Path) -> None:
    old, new, key = MISTAKES[name]
    assert old in GOOD
    write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ProfileRefused) as refusal:
        load_profiles(directory=tmp_path)
    assert refusal.value.detail.startswith("person-mail-encryption.toml: ")
    assert key in refusal.value.detail


SHORT_LIVED = "tls-server-short-lived.toml"
NEVER_WITHOUT_STATUS = {
    "a long life": ("validity_days = 7", "validity_days = 8", "7 days at most"),
    "a CRL": (
        "no_rev_avail = true",
        "no_rev_avail = true\ncrl_distribution_point = true",
        "without CRL",
    ),
    "a responder": ('["ca-issuers"]', '["ca-issuers", "ocsp"]', "responder"),
    "no issuer": ('authority_information = ["ca-issuers"]', "", "issuer's certificate"),
    "X-Road": ('issuer_roles = ["devices"]', 'issuer_roles = ["devices", "camdx"]', "X-Road"),
    "an authority": (
        'key_usage.any = ["digital_signature"]',
        'key_usage.any = ["key_cert_sign"]',
        "not for an authority",
    ),
}


@pytest.mark.parametrize("name", NEVER_WITHOUT_STATUS)
def test_a_status_is_given_up_only_where_it_may_be(name: str, tmp_path: Path) -> None:
    text = (resources.files("ca.profiles") / "definitions" / SHORT_LIVED).read_text()
    old, new, reason = NEVER_WITHOUT_STATUS[name]
    assert old in text
    text = text.replace(old, new, 1)
    if name == "an authority":
        text = text.replace('cites = ["RFC 9608"', 'kind = "authority"\ncites = ["RFC 9608"')
    write(tmp_path, text, SHORT_LIVED)

    with pytest.raises(ProfileRefused, match="no_rev_avail") as refusal:
        load_profiles(directory=tmp_path)
    assert reason in refusal.value.detail


def test_a_good_directory_is_loaded(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    (tmp_path / "README.md").write_text("not a profile")
    assert list(load_profiles(directory=tmp_path)) == ["person-mail-encryption"]


def test_an_empty_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileRefused):
        load_profiles(directory=tmp_path)


def test_two_profiles_do_not_share_a_policy(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, GOOD.replace('"person-mail-encryption"', '"copy"'), "copy.toml")
    with pytest.raises(ProfileRefused, match="policy"):
        load_profiles(directory=tmp_path)


def test_policies_stand_under_the_arc_of_the_settings() -> None:
    assert load_profiles()["person-signing"].policy_oid == "2.999.855.1.2"
    own = load_profiles(CaSettings(policy_arc="1.3.6.1.4.1.99999.1"))
    assert own["person-signing"].policy_oid == "1.3.6.1.4.1.99999.1.2"


REACHABLE = {
    "publication_url": "http://pki.gov.kh",
    "disclosure_statements": {"en": "https://pki.gov.kh/pds-en.pdf"},
    "policy_arc": "1.3.6.1.4.1.99999.1",
}


def test_production_takes_an_arc_and_urls_of_its_own() -> None:
    assert CaSettings(production=True, **REACHABLE).production  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("policy_arc", "2.999"),
        ("policy_arc", "2.999.855.1"),
        ("policy_arc", "1.3.6.1.4.1.32473.1"),
        ("publication_url", "http://localhost:8080"),
        ("publication_url", "http://127.0.0.1"),
        ("publication_url", "http://pki.example.com"),
        ("disclosure_statements", {"en": "https://localhost/pds.pdf"}),
    ],
)
def test_production_refuses_what_is_for_examples(key: str, value: object) -> None:
    with pytest.raises(ValidationError):
        CaSettings(production=True, **(REACHABLE | {key: value}))  # type: ignore[arg-type]
    CaSettings(**(REACHABLE | {key: value}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("policy_arc", "2.25.329800735698586629295641978511506172918"),
        ("policy_arc", "seven"),
        ("publication_url", "https://pki.gov.kh"),
        ("publication_url", "http://pki.gov.kh/?a=b"),
        ("publication_url", "ldap://pki.gov.kh"),
        ("disclosure_statements", {}),
        ("disclosure_statements", {"en": "http://pki.gov.kh/pds.pdf"}),
        ("disclosure_statements", {"english": "https://pki.gov.kh/pds.pdf"}),
    ],
)
def test_no_installation_takes(key: str, value: object) -> None:
    with pytest.raises(ValidationError):
        CaSettings(**{key: value})  # type: ignore[arg-type]


def test_a_slash_at_the_end_of_the_url_is_taken_off() -> None:
    publication = CaSettings(publication_url="http://pki.gov.kh/").publication
    assert publication.issuer_certificate("people-1") == "http://pki.gov.kh/ca/people-1.cer"
    assert publication.crl("people-1", 3) == "http://pki.gov.kh/crl/people-1/3.crl"
    assert publication.delta_crl("people-1", 3) == "http://pki.gov.kh/crl/people-1/3-delta.crl"
    assert publication.ocsp == "http://pki.gov.kh/ocsp"
