"""pkilint's own programs on every profile, CRL and answer of a founded home.

Nothing at WARNING or above. What a ceremony made is linted as the ceremony made it. URLs are
those of the default settings, as pkilint takes localhost for a mistake.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import load_der_ocsp_response

from ca.ceremony.script import Script, parse_script
from ca.csr import VerifiedCsr
from ca.hierarchy import Hierarchy, load_hierarchy
from ca.plan import CertificateRequest
from ca.profiles import load_profiles
from ca.register import RegisteredCertificate
from ca.revocation.reasons import RevocationReason
from ca.settings import CaSettings
from camtrust.development_seal import HOLDER
from camtrust.wiring import Services
from hsm.softhsm import provision
from signing.passes.issuing.signers import SIGNERS
from signing.timestamps.definitions import UNITS
from tests.ca.software_hierarchy import facts_for
from tests.conftest import Template
from tests.end_to_end.interop.conftest import POLICY_ARC, request_by_openssl, run, shard_of

Require = Callable[[str], str]
PROFILES = load_profiles(CaSettings())
# Made by responders themselves, and by ceremonies.
RESPONDERS = {"ocsp-responder", "ocsp-responder-root"}
APPLIED_FOR = [
    (name, role)
    for name, profile in PROFILES.items()
    if not profile.is_authority and name not in RESPONDERS
    for role in profile.issuer_roles
]
ISSUING = [
    "people-1", "organizations-1", "devices-1", "programs-1", "camdx-1", "health-1", "vds-nc-1",
]  # fmt: skip
ANCHORS = {"root-1", "health-1", "vds-nc-1"}
ANSWERED_FOR = ["root-1", *(one for one in ISSUING if one not in ANCHORS)]


@dataclass
class Issued:
    """A home that has issued under every profile, revoked and published; files of it."""

    services: Services
    folder: Path

    def under(self, profile: str) -> list[RegisteredCertificate]:
        # Not the home's own time-stamping units, document signers and seal: they were founded with
        # policies under 2.999, which pkilint cannot read. Others of their profiles are issued here.
        own = {*(one.holder for one in (*UNITS, *SIGNERS)), HOLDER}
        page = self.services.registration.register.page(limit=1000, profile=profile)
        return [one for one in page if one.holder not in own]

    def by(self, authority: str) -> list[RegisteredCertificate]:
        register = self.services.registration.register
        return [one for one in register.page(limit=1000) if one.authority == authority]

    def first_subscriber(self, authority: str) -> RegisteredCertificate:
        profiles = {name for name, _role in APPLIED_FOR}
        return [one for one in self.by(authority) if one.profile in profiles][-1]

    def write(self, name: str, der: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(der)
        return path


@pytest.fixture(scope="module")
def issued(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issued]:
    folder = tmp_path_factory.mktemp("profiles")
    home = folder / "home"
    shutil.copytree(sqlite_template.home, home)
    (home / "camtrust.toml").write_text(f'[ca]\npolicy_arc = "{POLICY_ARC}"\n')
    provision(home)  # Its configuration names the folder that the tokens are in now.
    services = Services(home=home)
    try:
        outcomes = services.issuance.issue_many(
            [_application(folder, name, role) for name, role in APPLIED_FOR]
        )
        refused = [one for one in outcomes if isinstance(one, Exception)]
        assert refused == []
        services.responder_renewal.renew_due()
        _cross_certify(services, request_by_openssl(folder / "neighbour", "ec-p384", NEIGHBOUR))
        yield Issued(services, folder)
    finally:
        services.close()


@pytest.fixture(scope="module")
def published(issued: Issued) -> Issued:
    """Under each authority one certificate on hold and one revoked, with CRLs that say so."""
    for authority in ISSUING:
        first = issued.first_subscriber(authority)
        issued.services.revocation.hold(serial_number=first.serial_number)
        issued.services.crls.issue(authority, _shard(first))
        issued.services.revocation.revoke(
            serial_number=first.serial_number,
            reason=RevocationReason.KEY_COMPROMISE,
            invalidity_date=datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1),
        )
        if authority not in ANCHORS:
            issued.services.crls.issue_delta(authority, _shard(first))
    return issued


def lint(program: str, *arguments: object) -> tuple[int, str]:
    """Run one of pkilint's programs; return its code and what it found, at WARNING or above."""
    command = [Path(sys.executable).with_name(program), "lint", "-s", "WARNING", *arguments]
    done = run(*command)
    return done.returncode, done.stdout.strip()


def lint_as(profile: str, path: Path) -> tuple[int, str]:
    """Lint a certificate with the program and type that its profile names."""
    named = PROFILES[profile].definition.lint
    if named.linter == "etsi":
        return lint("lint_etsi_cert", "-t", named.type, path)
    return lint("lint_pkix_cert", path)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_certificate_of_each_profile_has_no_finding(issued: Issued, profile: str) -> None:
    certificates = issued.under(profile)
    assert certificates, "none was issued"
    for one in certificates:
        path = issued.write(f"{profile}-{one.number}.der", one.certificate_der)
        assert lint_as(profile, path) == (0, ""), one.authority


def test_every_issuing_authority_has_a_responder_that_was_linted(issued: Issued) -> None:
    responders = [*issued.under("ocsp-responder"), *issued.under("ocsp-responder-root")]
    assert {one.authority for one in responders} == set(ANSWERED_FOR)


def test_the_linter_finds_what_a_certificate_is_not(issued: Issued) -> None:
    [person] = issued.under("person-signing")
    path = issued.write("person.der", person.certificate_der)
    code, found = lint_as("organization-seal", path)
    assert code != 0
    assert "organization_identifier_attribute_absent" in found


@pytest.mark.parametrize("authority", ["root-1", *ISSUING])
def test_crls_have_no_finding(published: Issued, authority: str) -> None:
    revoked = [one for one in published.by(authority) if one.standing != "good"]
    shard = _shard(revoked[0]) if revoked else 0
    crls = published.services.crls
    lists = [crls.newest(authority, shard)]
    if authority not in ANCHORS:
        lists.append(crls.newest(authority, shard, delta=True))
    for one in lists:
        assert len(x509.load_der_x509_crl(one.crl_der)) == len(revoked)
        path = published.write(f"{authority}-{one.number}.crl", one.crl_der)
        assert lint("lint_crl", "-t", "CRL", "-p", "PKIX", path) == (0, "")


@pytest.mark.parametrize("authority", ANSWERED_FOR)
def test_answers_have_no_finding(require: Require, published: Issued, authority: str) -> None:
    issuer = published.services.authorities.authority(authority).certificate
    issuer_path = published.folder / f"{authority}.pem"
    issuer_path.write_bytes(issuer.public_bytes(Encoding.PEM))
    known = published.by(authority)
    asked, answered = published.folder / "asked", published.folder / "answer"
    for number, serials in enumerate([[known[-1]], [known[0]], known[:3]]):
        done = run(
            require("openssl"), "ocsp", "-issuer", issuer_path, "-sha256", "-reqout", asked,
            *(part for one in serials for part in ("-serial", f"0x{one.serial_number:x}")),
            *(("-nonce",) if number else ("-no_nonce",)),
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        answered.write_bytes(published.services.ocsp.answer(asked.read_bytes()).der)
        assert load_der_ocsp_response(answered.read_bytes()).certificates
        assert lint("lint_ocsp_response", answered) == (0, "")


def _application(folder: Path, profile: str, role: str) -> CertificateRequest:
    key_type = PROFILES[profile].key_types(role)[0]
    return CertificateRequest(
        profile=profile,
        csr=request_by_openssl(folder / f"{profile}-{role}", key_type),
        holder=f"test:{profile}-{role}",
        facts=facts_for(profile),
        authority=f"{role}-1",
    )


NEIGHBOUR = "/C=TH/O=Example Neighbour/CN=Example Neighbour Root CA"


def _cross_certify(services: Services, csr: VerifiedCsr) -> None:
    hierarchy = load_hierarchy(services.home)
    services.ceremonies.hold(_crossing(hierarchy, csr, services.clock.now()), [], hierarchy)


def _crossing(hierarchy: Hierarchy, csr: VerifiedCsr, now: datetime) -> Script:
    pem = x509.load_der_x509_csr(csr.csr_der).public_bytes(Encoding.PEM).decode()
    opens = now.replace(microsecond=0)
    return parse_script(
        f'''
format = "camtrust-ceremony-1"
id = "crossing"
kind = "cross-certification"
purpose = "A neighbour's root, for tests."
place = "here"
opens = {opens.isoformat()}
closes = {(opens + timedelta(hours=1)).isoformat()}
hierarchy_sha256 = "{hierarchy.sha256}"

[[step]]
act = "cross-certify"
authority = "root-1"
name = "neighbour"
request = """
{pem}"""
'''.encode()
    )


def _shard(one: RegisteredCertificate) -> int:
    return shard_of(x509.load_der_x509_certificate(one.certificate_der))
