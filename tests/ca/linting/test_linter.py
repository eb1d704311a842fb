"""The linter: what it gives out, what it shows to pkilint, and when it asks pkilint at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ca.constraints.refusals import NameFormRefused
from ca.der import NotDer
from ca.linting import (
    AlreadyRedeemed,
    Finding,
    LintedCertificate,
    Linter,
    LintRefused,
    OtherAuthority,
)
from ca.linting.candidate import read_candidate
from ca.linting.pkilint_validators import lint_certificate
from ca.linting.rules import findings_of
from ca.linting.skeleton import skeleton_of
from ca.profiles.definition import Lint
from ca.settings import CaSettings
from core.errors import Unacceptable
from tests.ca.linting.surgery import Opened, open_plan, tampered_plan
from tests.ca.linting.test_rules import BAD, good
from tests.ca.software_hierarchy import (
    NOW,
    PERSON,
    READABLE_ARC,
    build_hierarchy,
    facts_for,
    readable_hierarchy,
    verified_csr,
)

SETTINGS = CaSettings(policy_arc=READABLE_ARC)


class Watching:
    """pkilint, and a memory of what it was shown."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    def __call__(self, certificate_der: bytes, lint: Lint) -> list[Finding]:
        self.seen.append(certificate_der)
        return lint_certificate(certificate_der, lint)


def linter(watching: Watching | None = None) -> Linter:
    return Linter(
        profiles=readable_hierarchy().profiles,
        settings=SETTINGS,
        external=watching or lint_certificate,
    )


def test_a_lint_is_redeemed_once() -> None:
    linted = linter().lint(readable_hierarchy().plan("person-signing"))
    assert linted.redeem("people-1") == linted.tbs_der
    with pytest.raises(AlreadyRedeemed):
        linted.redeem("people-1")


def test_a_lint_belongs_to_one_authority_and_is_kept_when_another_asks() -> None:
    linted = linter().lint(readable_hierarchy().plan("person-signing"))
    with pytest.raises(OtherAuthority):
        linted.redeem("organizations-1")
    assert linted.redeem("people-1")


def test_of_many_threads_one_redeems() -> None:
    linted = linter().lint(readable_hierarchy().plan("person-signing"))

    def redeem(_: int) -> bool:
        try:
            linted.redeem("people-1")
        except AlreadyRedeemed:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(redeem, range(64))) == 1


def test_nobody_else_makes_a_linted_certificate() -> None:
    plan = readable_hierarchy().plan("person-signing")
    with pytest.raises(TypeError):
        LintedCertificate(plan=plan, tbs_der=b"", seal=object())


def test_pkilint_sees_the_whole_certificate_signed_by_nobody_that_is_trusted() -> None:
    watching = Watching()
    hierarchy = readable_hierarchy()
    plan = hierarchy.plan("person-signing")
    linted = linter(watching).lint(plan)
    [seen] = [x509.load_der_x509_certificate(der) for der in watching.seen]
    assert seen.tbs_certificate_bytes == linted.tbs_der
    with pytest.raises(InvalidSignature):
        seen.verify_directly_issued_by(hierarchy.issuers["people"].certificate)


def test_a_self_signed_root_is_shown_with_a_throwaway_key_and_verifies_with_it() -> None:
    watching = Watching()
    hierarchy = readable_hierarchy()
    plan = hierarchy.plan("root-ca", csr=verified_csr("ec-p384"))
    linted = linter(watching).lint(plan)
    [seen] = [x509.load_der_x509_certificate(der) for der in watching.seen]
    seen.verify_directly_issued_by(seen)
    own = verified_csr("ec-p384").public_key_der
    shown = seen.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert own in linted.tbs_der and own not in seen.tbs_certificate_bytes
    assert len(shown) == len(own)
    identifier = seen.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert identifier not in linted.tbs_der


@pytest.mark.parametrize(
    ("profile", "issuer"), [("xroad-signing", "rsa"), ("person-signing", "ec")]
)
def test_the_throwaway_key_is_of_the_issuers_type(profile: str, issuer: str) -> None:
    watching = Watching()
    linter(watching).lint(readable_hierarchy().plan(profile))
    [seen] = [x509.load_der_x509_certificate(der) for der in watching.seen]
    assert seen.signature_algorithm_oid._name.startswith(
        {"rsa": "sha256WithRSA", "ec": "ecdsa-with-SHA256"}[issuer]
    )


def test_a_proven_skeleton_is_not_shown_to_pkilint_again() -> None:
    watching = Watching()
    hierarchy, one = readable_hierarchy(), linter(watching)
    for place in range(8):
        facts = PERSON | {"surname": "Chan" + "a" * place, "identifier": f"IDCKH-{place:09}"}
        one.lint(
            hierarchy.plan(
                "person-signing", facts=facts, csr=verified_csr("ec-p256", place), crl_shard=place
            )
        )
    assert len(watching.seen) == 1
    assert (one.counts.linted, one.counts.in_full) == (8, 1)
    assert one.counts.share_in_full == 1 / 8


@pytest.mark.parametrize(
    "changes",
    [
        {"csr": "rsa"},
        {"now": NOW + timedelta(days=31)},
        {"not_after": NOW + timedelta(days=30)},
        {"crl_shard": 12},
        {"facts": PERSON | {"surname": "ចាន់"}},
        {"facts": PERSON | {"surname": "Sokha", "given_name": "Sokha"}},
    ],
    ids=["another key type", "another month", "another length", "more digits", "Khmer", "equal"],
)
def test_another_skeleton_is_shown_to_pkilint(changes: dict[str, object]) -> None:
    watching = Watching()
    hierarchy, one = readable_hierarchy(), linter(watching)
    one.lint(hierarchy.plan("person-signing"))
    if "csr" in changes:
        changes = {"csr": verified_csr(str(changes["csr"]))}
    one.lint(hierarchy.plan("person-signing", **changes))  # type: ignore[arg-type]
    assert len(watching.seen) == 2


def test_a_value_outside_the_grammar_proves_nothing() -> None:
    watching = Watching()
    hierarchy, one = readable_hierarchy(), linter(watching)
    facts = PERSON | {"surname": "Chan & Sons"}
    for _ in range(3):
        one.lint(hierarchy.plan("person-signing", facts=facts))
    assert len(watching.seen) == 3


def test_full_linting_can_be_demanded_and_set() -> None:
    watching = Watching()
    hierarchy = readable_hierarchy()
    one = linter(watching)
    for _ in range(3):
        one.lint(hierarchy.plan("person-signing"), in_full=True)
    always = Linter(
        profiles=hierarchy.profiles,
        settings=CaSettings(policy_arc=READABLE_ARC, lint_in_full=True),
        external=watching,
    )
    for _ in range(3):
        always.lint(hierarchy.plan("person-signing"))
    assert len(watching.seen) == 6
    assert always.counts.share_in_full == 1.0


def test_what_pkilint_refuses_is_refused_again_and_again() -> None:
    def refusing(_der: bytes, _lint: Lint) -> list[Finding]:
        return [Finding("pkilint", "pkix.some_rule", "words about Chan Sokha")]

    hierarchy = readable_hierarchy()
    one = Linter(profiles=hierarchy.profiles, settings=SETTINGS, external=refusing)
    for _ in range(2):
        with pytest.raises(LintRefused) as refusal:
            one.lint(hierarchy.plan("person-signing"))
    assert refusal.value.data["codes"] == ["pkix.some_rule"]
    assert "Chan" not in refusal.value.detail
    assert refusal.value.findings[0].detail == "words about Chan Sokha"


@pytest.mark.parametrize("code", BAD)
def test_a_defect_in_a_field_is_caught_after_its_skeleton_was_proven(code: str) -> None:
    profile, surgery = BAD[code]
    one, certificate = linter(), good(profile)
    one.lint(certificate.plan)
    with pytest.raises(LintRefused):
        one.lint(tampered_plan(surgery(certificate)))
    assert one.lint(certificate.plan).authority == certificate.plan.authority


def test_no_octet_of_the_signed_part_can_change_unseen() -> None:
    """Every octet, one bit at a time: refused, unreadable, or linted in full again."""
    certificate = good()
    proven = skeleton_of(certificate.candidate)
    unseen: list[int] = []
    tbs = bytearray(certificate.tbs_der)
    for place in range(len(tbs)):
        tbs[place] ^= 0x01
        if looks_the_same(certificate, bytes(tbs), proven):
            unseen.append(place)
        tbs[place] ^= 0x01
    names = certificate.fields["subject"]
    start = certificate.tbs_der.index(names)
    # What may vary under one skeleton are the letters of names, and nothing else.
    assert unseen
    assert all(start <= place < start + len(names) for place in unseen)


def looks_the_same(certificate: Opened, tbs_der: bytes, proven: object) -> bool:
    try:
        changed = read_candidate(certificate.plan, certificate.profile, tbs_der)
    except NotDer:
        return False
    return not findings_of(changed) and skeleton_of(changed) == proven


NAMES = st.one_of(
    st.text(min_size=1, max_size=70),
    st.text("abcXYZ កខគឃ'-.,&/<>()0123456789éŁ\u17d2\u17b6", min_size=1, max_size=70),
    st.from_regex(r"[A-Z][a-z]{1,20}( [A-Z][a-z]{1,20})?", fullmatch=True),
    st.sampled_from(["N/A", "-", "none", "NTRKH-1", "null", "www.gov.kh", "KH", "1"]),
)
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
HOSTS = st.builds(
    lambda labels, top: ".".join([*labels, top]),
    st.lists(LABELS, min_size=1, max_size=4),
    st.sampled_from(["kh", "com", "internal", "local", "test", "example", "onion", "arpa", "zz"]),
)


@pytest.fixture(scope="module")
def warm() -> Linter:
    one = linter()
    for profile in ("person-mail-signing", "organization-seal", "tls-server"):
        one.lint(readable_hierarchy().plan(profile))
    return one


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    profile=st.sampled_from(["person-mail-signing", "organization-seal", "tls-server"]),
    names=st.tuples(NAMES, NAMES, NAMES),
    hosts=st.lists(HOSTS, min_size=1, max_size=3, unique=True),
)
def test_reusing_a_result_never_accepts_what_a_full_lint_refuses(
    warm: Linter, profile: str, names: tuple[str, str, str], hosts: list[str]
) -> None:
    facts = facts_for(profile) | {
        "surname": names[0],
        "given_name": names[1],
        "organization_name": names[2],
        "email": f"a.b@{hosts[0]}",
        "server_name": hosts[0],
        "dns_names": tuple(hosts),
    }
    if profile == "organization-seal":
        facts["common_name"] = names[0]
    try:
        plan = readable_hierarchy().plan(profile, facts=facts)
    except Unacceptable as refusal:
        assert refusal.problem.startswith("name-")
        return
    try:
        warm.lint(plan)
    except LintRefused:
        return
    warm.lint(plan, in_full=True)


def test_an_internal_name_passes_our_rules_and_is_caught_by_pkilint() -> None:
    one, hierarchy = linter(), readable_hierarchy()
    one.lint(hierarchy.plan("tls-server"))
    facts = facts_for("tls-server") | {
        "server_name": "www.examples.zz",
        "dns_names": ("www.examples.zz", "examples.gov.kh"),
    }
    with pytest.raises(LintRefused) as refusal:
        one.lint(hierarchy.plan("tls-server", facts=facts))
    assert {finding.source for finding in refusal.value.findings} == {"pkilint"}


def test_localhost_and_the_example_arc_are_replaced_in_pkilints_copy_alone() -> None:
    development = CaSettings(publication_url="http://localhost:8080")
    hierarchy = build_hierarchy(development)
    watching = Watching()
    one = Linter(profiles=hierarchy.profiles, settings=development, external=watching)
    linted = one.lint(hierarchy.plan("person-signing"))
    assert b"http://localhost:8080/ocsp" in linted.tbs_der
    assert b"localhost:8080" not in watching.seen[0]
    assert len(x509.load_der_x509_certificate(watching.seen[0]).tbs_certificate_bytes) == len(
        linted.tbs_der
    )


def test_a_wildcard_does_not_even_become_a_plan() -> None:
    facts = facts_for("tls-server") | {"dns_names": ("*.examples.gov.kh",)}
    with pytest.raises(NameFormRefused):
        readable_hierarchy().plan("tls-server", facts=facts)


def test_a_version_out_of_place_is_no_certificate() -> None:
    certificate = open_plan(
        readable_hierarchy().plan("person-signing"),
        readable_hierarchy().profiles["person-signing"],
    )
    with pytest.raises(LintRefused) as refusal:
        linter().lint(tampered_plan(certificate.put("version", b"\x02\x01\x02")))
    assert refusal.value.data["codes"] == ["x690.der"]


@pytest.mark.filterwarnings("ignore:Attribute's length")
def test_a_khmer_name_may_have_as_many_letters_as_a_latin_one() -> None:
    """64 letters are 192 octets in UTF-8; the limit of RFC 5280 is one of characters."""
    facts = facts_for("person-signing") | {"surname": "ស" * 31, "given_name": "ខ" * 32}
    plan = readable_hierarchy().plan("person-signing", facts=facts)
    assert linter().lint(plan, in_full=True).tbs_der
    with pytest.raises(Unacceptable) as refusal:
        readable_hierarchy().plan("person-signing", facts=facts | {"given_name": "ខ" * 33})
    assert refusal.value.problem == "name-too-long"
