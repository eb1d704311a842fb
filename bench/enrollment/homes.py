"""A home in which an ACME client may enrol: founded, with officers who decided a grant."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from bench.enrollment.names import DOMAIN
from bench.enrollment.stored_applications import fill
from bench.issuance.homes import HomeNotMade
from ca.csr import verify_csr
from ca.plan import CertificateRequest
from camtrust.founding import found
from camtrust.wiring import Services
from core.access import Role
from core.idempotency import new_act_id
from enrollment.acme.external_binding import PURPOSE
from enrollment.application import Verdict
from enrollment.decisions import DecisionToMake
from enrollment.grants.grant import GrantProposal, GrantProtocol
from enrollment.grants.secrets import as_text
from enrollment.officers import PROFILES

PROFILE = "tls-server"
OFFICERS = ("officer-1", "officer-2", "officer-3")
MOST_CERTIFICATES = 10_000


@dataclass(frozen=True)
class EnrolmentHome:
    """A home, the key of its grant, and its officers' certificates as PEM."""

    folder: Path
    kid: str
    secret: str
    officers: tuple[str, ...]


def enrolment_home(folder: Path, *, stored: int = 0) -> EnrolmentHome:
    """Make a home in a process of its own, with ``stored`` applications. Raises HomeNotMade."""
    command = [sys.executable, "-m", "bench.enrollment.homes", str(folder), str(stored)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise HomeNotMade(f"{folder}: {done.stderr.strip()[-1000:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    return EnrolmentHome(folder, told["kid"], told["secret"], tuple(told["officers"]))


def _enroll(services: Services, officer_id: str, number: int) -> str:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    csr = builder.sign(ec.generate_private_key(ec.SECP256R1()), SHA256())
    issued = services.issuance.issue(
        CertificateRequest(
            profile=PROFILES[Role.RA_OFFICER],
            csr=verify_csr(csr.public_bytes(Encoding.DER)),
            holder=f"person:{officer_id}",
            facts={
                "organization_name": "Ministry of Examples",
                "surname": "Sok",
                "given_name": "Dara",
                "identifier": f"IDCKH-{number:09d}",
            },
        )
    )
    certificate = x509.load_der_x509_certificate(issued.certificate_der)
    services.registration.officers.enroll(
        officer_id=officer_id, role=Role.RA_OFFICER, certificate=certificate
    )
    return certificate.public_bytes(Encoding.PEM).decode()


def _grant(services: Services) -> str:
    now = services.clock.now()
    proposal = GrantProposal(
        protocol=GrantProtocol.ACME,
        profile=PROFILE,
        holder="organization:NTRKH-00012345",
        facts={
            "organization_name": "Ministry of Examples",
            "organization_identifier": "NTRKH-00012345",
        },
        dns_names=(f"*.{DOMAIN}",),
        preauthorized=(),
        certificates_allowed=MOST_CERTIFICATES,
        expires_at=now + timedelta(days=30),
    )
    grants, (proposer, *deciders) = services.registration.grants, OFFICERS
    grant = grants.propose(proposal, proposed_by=proposer, grant_id=new_act_id(now))
    for officer in deciders[: grant.approvals_needed]:
        grant = grants.decide(grant.id, DecisionToMake(new_act_id(now), officer, Verdict.APPROVED))
    return grant.id


def _main() -> None:
    services = Services(home=Path(sys.argv[1]))
    for line in found(services):
        print(line)
    officers = [_enroll(services, one, number) for number, one in enumerate(OFFICERS)]
    grant_id = _grant(services)
    secret = services.registration.grant_secrets.secret_of(grant_id, PURPOSE)
    if stored := int(sys.argv[2]):
        fill(services, stored, applicant=OFFICERS[0])
    print(json.dumps({"kid": grant_id, "secret": as_text(secret), "officers": officers}))


if __name__ == "__main__":
    _main()
