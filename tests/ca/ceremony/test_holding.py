"""Ceremonies held on SoftHSM: what comes to be, and what is refused."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import OCSPRequestBuilder
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ca.authorities import AuthorityNotIssuing
from ca.ceremony.acts import AuthorityStandsInTheWay, CertificatesAlive
from ca.ceremony.admission import (
    AnotherHierarchy,
    AnotherScript,
    CeremonyNotNow,
    NoInitialCeremony,
    QuorumTooSmall,
)
from ca.ceremony.custodians import ApprovalRefused, QuorumMissing
from ca.ceremony.script import parse_script
from ca.ceremony.verification import verify_folder
from ca.revocation.reasons import RevocationReason
from core.database import Database
from hsm.keys import KeyState
from tests.ca.ceremony.conftest import (
    FOUNDING,
    TWO,
    World,
    approve,
    copy_home,
    enrolment,
    open_world,
    step,
)
from tests.conftest import SettableClock


def openssl_verifies(openssl: str, chain: list[x509.Certificate], folder: Path) -> None:
    files = []
    for place, certificate in enumerate(chain):
        file = folder / f"{place}.pem"
        file.write_bytes(certificate.public_bytes(Encoding.PEM))
        files.append(str(file))
    subprocess.run(
        [openssl, "verify", "-x509_strict", "-no_check_time", "-trusted", files[-1], files[0]],
        check=True,
        capture_output=True,
    )


def test_openssl_verifies_the_chain_that_an_initial_ceremony_makes(
    founded: World, tmp_path: Path, require: Callable[[str], str]
) -> None:
    chain = founded.authorities.chain("people-1")
    assert [one.subject.rfc4514_string() for one in chain] == [
        "CN=People CA 1,O=Example PKI,C=KH", "CN=Root 1,O=Example PKI,C=KH",
    ]  # fmt: skip
    openssl_verifies(require("openssl"), chain, tmp_path)


def test_a_ceremony_is_held_and_recorded_alike_on_either_database(
    home: Path, database: Database, clock: SettableClock, tokens_template: Path
) -> None:
    copy_home(tokens_template, home)
    for world in open_world(home, database, clock):
        script = world.script("initial", enrolment() + FOUNDING)
        held = world.hold(script, *TWO)
        assert verify_folder(world.folder("initial")).passed
        assert world.hold(script).transcript.sha256 == held.transcript.sha256
        ending = step("terminate-authority", "people-1", reason="over")
        world.hold(world.script("termination", ending), *TWO)
        assert verify_folder(world.folder("termination")).passed
        assert [one.id for one in world.ceremonies.all_held()] == ["initial", "termination"]


def test_each_key_lives_in_the_token_that_the_hierarchy_names(founded: World) -> None:
    by_label = {record.label: record for record in founded.keys.records()}
    assert by_label["root-1"].token == "root"
    assert by_label["people-1"].token == "issuing"
    assert by_label["ocsp-root-1-initial"].token == "status"
    assert {record.state for record in by_label.values()} == {KeyState.ACTIVE}


def test_the_roots_responder_lives_for_thirteen_months_and_needs_no_status(founded: World) -> None:
    file = founded.folder("initial") / "certificates" / "ocsp-root-1-initial.cer"
    responder = x509.load_der_x509_certificate(file.read_bytes())
    lifetime = responder.not_valid_after_utc - responder.not_valid_before_utc
    assert timedelta(days=395) <= lifetime <= timedelta(days=397)
    assert responder.extensions.get_extension_for_class(x509.OCSPNoCheck)
    usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.OCSP_SIGNING]
    responder.verify_directly_issued_by(founded.authorities.authority("root-1").certificate)


def test_the_root_publishes_its_first_crl(founded: World) -> None:
    crl = x509.load_der_x509_crl(founded.crls.newest("root-1", 0).crl_der)
    root = founded.authorities.authority("root-1").certificate
    assert crl.is_signature_valid(root.public_key())  # type: ignore[arg-type]
    assert (founded.folder("initial") / "crls" / "root-1-0.crl").is_file()


def test_an_authority_is_found_by_its_ocsp_certid(founded: World) -> None:
    root = founded.authorities.authority("root-1").certificate
    below = founded.authorities.authority("people-1").certificate
    for algorithm in (hashes.SHA1(), hashes.SHA256()):
        builder = OCSPRequestBuilder().add_certificate(below, root, algorithm)
        request = builder.build()
        found = founded.authorities.issuer_by_certid(
            request.issuer_name_hash, request.issuer_key_hash
        )
        assert found.authority == "root-1"


def test_a_ceremony_is_held_once_and_running_it_again_changes_nothing(founded: World) -> None:
    script = founded.ceremonies.script_of("initial")
    assert script is not None
    [held] = founded.ceremonies.all_held()
    again = founded.ceremonies.hold(script, [], founded.hierarchy)
    assert again.transcript.sha256 == held.transcript.sha256
    assert len(founded.keys.records()) == 3


def test_one_custodian_too_few_and_nothing_is_done(world: World) -> None:
    script = world.script("initial", enrolment() + FOUNDING)
    with pytest.raises(QuorumMissing):
        world.hold(script, "custodian-2")
    assert world.keys.records() == []
    assert world.ceremonies.unfinished() == []


def test_a_custodian_who_approves_twice_is_refused(world: World) -> None:
    with pytest.raises(ApprovalRefused):
        world.hold(world.script("initial", enrolment() + FOUNDING), *TWO[:1], *TWO[:1])


def test_approvals_of_one_ceremony_are_none_of_another(founded: World) -> None:
    first = founded.script("root-crl", step("publish-crl", "root-1"), name="crl-1")
    second = founded.script("root-crl", step("publish-crl", "root-1"), name="crl-2")
    with pytest.raises(ApprovalRefused):
        founded.ceremonies.hold(second, [approve(first, name) for name in TWO], founded.hierarchy)


def test_a_later_script_cannot_bring_its_own_custodians(founded: World) -> None:
    with pytest.raises(NoInitialCeremony):
        founded.hold(founded.script("initial", enrolment(1) + FOUNDING, name="coup"), "custodian-1")


def test_custodians_change_only_by_a_ceremony_of_those_in_office(founded: World) -> None:
    script = founded.script("custodians", enrolment(3))
    with pytest.raises(QuorumMissing):
        founded.hold(script, "custodian-1")
    founded.hold(script, *TWO)
    crl = founded.script("root-crl", step("publish-crl", "root-1"))
    with pytest.raises(QuorumMissing, match="3 have to"):
        founded.hold(crl, *TWO)
    assert founded.hold(crl, *TWO, "custodian-3").kind == "root-crl"


def test_the_first_ceremony_is_an_initial_one(world: World) -> None:
    with pytest.raises(NoInitialCeremony):
        world.hold(world.script("root-crl", step("publish-crl", "root-1")), *TWO)


def test_production_refuses_a_quorum_of_fewer_than_two(world: World) -> None:
    world.production = True
    with pytest.raises(QuorumTooSmall):
        world.hold(world.script("initial", enrolment(1) + FOUNDING), "custodian-1")
    assert world.keys.records() == []


def test_a_script_is_begun_in_its_time_only(world: World, clock: SettableClock) -> None:
    clock.instant = datetime(2040, 1, 1, tzinfo=UTC)
    with pytest.raises(CeremonyNotNow):
        world.hold(world.script("initial", enrolment() + FOUNDING), *TWO)


def test_a_script_for_another_hierarchy_is_refused(world: World) -> None:
    script = world.script("initial", enrolment() + FOUNDING)
    source = script.source.replace(world.hierarchy.sha256.encode(), b"0" * 64)
    with pytest.raises(AnotherHierarchy):
        world.hold(parse_script(source), *TWO)


def test_an_id_is_used_for_one_script_only(founded: World) -> None:
    with pytest.raises(AnotherScript):
        founded.hold(
            founded.script("root-crl", step("publish-crl", "root-1"), name="initial"), *TWO
        )


def test_an_authority_is_made_once(founded: World) -> None:
    script = founded.script("new-authority", step("create-authority", "people-1"))
    with pytest.raises(AuthorityStandsInTheWay):
        founded.hold(script, *TWO)
    assert len(founded.keys.records()) == 3


def test_a_renewal_keeps_key_and_name(
    founded: World, clock: SettableClock, tmp_path: Path, require: Callable[[str], str]
) -> None:
    before = founded.authorities.authority("people-1")
    clock.advance(timedelta(days=300))
    founded.hold(founded.script("renewal", step("renew-authority", "people-1")), *TWO)
    after = founded.authorities.authority("people-1")
    assert after.key_id == before.key_id
    assert after.certificate.subject == before.certificate.subject
    assert after.certificate.not_valid_after_utc > before.certificate.not_valid_after_utc
    assert after.earlier == (before.certificate,)
    openssl_verifies(require("openssl"), founded.authorities.chain("people-1"), tmp_path)


def test_a_root_renews_its_own_certificate(founded: World, clock: SettableClock) -> None:
    clock.advance(timedelta(days=300))
    founded.hold(founded.script("renewal", step("renew-authority", "root-1")), *TWO)
    root = founded.authorities.authority("root-1")
    root.certificate.verify_directly_issued_by(root.earlier[0])
    assert verify_folder(founded.folder("renewal")).passed


def test_after_a_re_key_the_successor_issues_and_the_predecessor_signs_crls(
    founded: World, tmp_path: Path, require: Callable[[str], str]
) -> None:
    script = founded.script("re-key", step("re-key-authority", "people-1", successor="people-2"))
    founded.hold(script, *TWO)
    assert founded.authorities.issuer_for_role("people").authority == "people-2"
    with pytest.raises(AuthorityNotIssuing):
        founded.authorities.issuer("people-1")
    assert founded.crls.issue("people-1", 0).entries == 0
    openssl_verifies(require("openssl"), founded.authorities.chain("people-2"), tmp_path)


def test_an_authority_cannot_be_succeeded_by_one_of_another_role(founded: World) -> None:
    script = founded.script("re-key", step("re-key-authority", "people-1", successor="root-2"))
    with pytest.raises(AuthorityStandsInTheWay, match="differ in role"):
        founded.hold(script, *TWO)


def test_an_old_root_certifies_a_new_one(
    founded: World, tmp_path: Path, require: Callable[[str], str]
) -> None:
    founded.hold(founded.script("new-authority", step("create-authority", "root-2")), *TWO)
    crossing = step("cross-certify", "root-1", subject="root-2")
    founded.hold(founded.script("cross-certification", crossing), *TWO)
    new = founded.authorities.authority("root-2")
    [crossed] = new.crossed
    assert crossed.subject == new.certificate.subject
    assert crossed.public_key() == new.certificate.public_key()
    openssl_verifies(
        require("openssl"), [crossed, founded.authorities.chain("root-1")[0]], tmp_path
    )
    assert verify_folder(founded.folder("cross-certification")).passed


def test_a_foreign_authority_is_certified_from_its_own_request(founded: World) -> None:
    names = {
        NameOID.COUNTRY_NAME: "TH",
        NameOID.ORGANIZATION_NAME: "Neighbour",
        NameOID.COMMON_NAME: "Neighbour Root CA",
    }
    subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in names.items()])
    key = ec.generate_private_key(ec.SECP384R1())
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA384())
    pem = csr.public_bytes(Encoding.PEM).decode()
    crossing = step("cross-certify", "root-1", request=pem, name="neighbour")
    founded.hold(founded.script("cross-certification", crossing), *TWO)
    file = founded.folder("cross-certification") / "certificates" / "neighbour-by-root-1.cer"
    certificate = x509.load_der_x509_certificate(file.read_bytes())
    assert certificate.subject == subject
    assert certificate.public_key() == key.public_key()
    certificate.verify_directly_issued_by(founded.authorities.authority("root-1").certificate)


def test_an_authority_with_living_certificates_does_not_end(founded: World) -> None:
    script = founded.script("termination", step("terminate-authority", "root-1", reason="over"))
    with pytest.raises(CertificatesAlive) as refusal:
        founded.hold(script, *TWO)
    assert refusal.value.data["living"] == 2
    assert founded.authorities.authority("root-1").state == "active"


def test_a_terminated_authority_leaves_a_last_crl_and_no_key(founded: World) -> None:
    script = founded.script("termination", step("terminate-authority", "people-1", reason="over"))
    founded.hold(script, *TWO)
    ended = founded.authorities.authority("people-1")
    assert ended.state == "terminated"
    assert founded.keys.record(ended.key_id).state is KeyState.DESTROYED
    for shard in range(2):
        file = founded.folder("termination") / "crls" / f"people-1-{shard}.crl"
        crl = x509.load_der_x509_crl(file.read_bytes())
        assert crl.next_update_utc == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    with pytest.raises(AuthorityNotIssuing):
        founded.authorities.issuer("people-1")
    assert verify_folder(founded.folder("termination")).passed


def test_a_root_ends_when_all_below_it_is_revoked(founded: World) -> None:
    file = founded.folder("initial") / "certificates" / "ocsp-root-1-initial.cer"
    responder = x509.load_der_x509_certificate(file.read_bytes())
    below = founded.authorities.authority("people-1").certificate
    for certificate in (responder, below):
        founded.revocation.revoke(
            serial_number=certificate.serial_number,
            authority="root-1",
            reason=RevocationReason.CESSATION_OF_OPERATION,
        )
    script = founded.script("termination", step("terminate-authority", "root-1", reason="over"))
    founded.hold(script, *TWO)
    crl = x509.load_der_x509_crl(
        (founded.folder("termination") / "crls" / "root-1-0.crl").read_bytes()
    )
    assert {entry.serial_number for entry in crl} == {
        responder.serial_number, below.serial_number,
    }  # fmt: skip
