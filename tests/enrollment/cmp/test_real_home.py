"""CMP in a founded home: secrets and keys in SoftHSM, on both databases, many at once."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from flask.testing import FlaskClient

from ca.csr import verify_csr
from ca.plan import CertificateRequest
from camtrust.app import create_app
from camtrust.jobs import scheduled_jobs
from camtrust.listeners import Listener
from camtrust.web_parts import app_parts
from core.access import Role
from enrollment.application import Verdict
from enrollment.cmp.certifying import HOLDER
from enrollment.decisions import DecisionToMake
from enrollment.grants.grant import Grant, GrantProposal, GrantProtocol
from enrollment.officers import PROFILES
from hsm.keys import KeyState
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.cmp.client import (
    Client,
    by_pbm,
    by_signature,
    cert_conf,
    cert_request,
    new_key,
    revocation,
)

if TYPE_CHECKING:
    from camtrust.wiring import Services

OFFICERS = ("first", "second", "third")


def _enroll_officers(services: Services) -> None:
    for number, officer in enumerate(OFFICERS):
        issued = services.issuance.issue(
            CertificateRequest(
                profile=PROFILES[Role.RA_OFFICER],
                csr=verify_csr(csr_for(new_key())),
                holder=f"person:{officer}",
                facts={
                    "organization_name": "Ministry of Examples",
                    "surname": "Sok",
                    "given_name": "Dara",
                    "identifier": f"IDCKH-{number:09d}",
                },
            )
        )
        services.registration.officers.enroll(
            officer_id=officer,
            role=Role.RA_OFFICER,
            certificate=x509.load_der_x509_certificate(issued.certificate_der),
        )


def _grant(services: Services) -> Grant:
    proposal = GrantProposal(
        protocol=GrantProtocol.CMP,
        profile="service-client",
        holder="program:billing",
        facts={"organization_name": "Ministry of Examples", "common_name": "billing"},
        dns_names=(),
        preauthorized=(),
        certificates_allowed=5,
        expires_at=services.clock.now() + timedelta(days=30),
    )
    grants, (proposer, *deciders) = services.registration.grants, OFFICERS
    grant = grants.propose(proposal, proposed_by=proposer, grant_id=f"{1:032x}")
    for number, officer in enumerate(deciders[: grant.approvals_needed], 2):
        decision = DecisionToMake(f"{number:032x}", officer, Verdict.APPROVED)
        grant = grants.decide(grant.id, decision)
    return grant


def _client(services: Services, http: FlaskClient, grant: Grant) -> Client:
    _, text = services.registration.grant_secrets.hand_over(grant.id, officer="first")
    secret = text.encode()
    return Client(services, http, by_pbm(grant.id.encode(), secret), secret)


def test_a_home_serves_cmp_with_keys_in_its_tokens(initialised: Services) -> None:
    services = initialised
    _enroll_officers(services)
    grant = _grant(services)
    http = create_app(app_parts(services), Listener.OFFICERS).test_client()
    client = _client(services, http, grant)
    [renewal] = [job for job in scheduled_jobs(services) if job.name == "cmp-server"]
    renewal.run()
    key = new_key()
    first = client.ask(cert_request(key))
    assert client.go_on(first, cert_conf(first.certificate)).kind == "pkiconf"
    signed = Client(
        services,
        http,
        by_signature(first.certificate, key),
        certificates=[first.certificate],
    )
    answer = signed.ask(revocation(first.certificate, reason=5))
    assert (answer.kind, answer.status) == ("rp", 0)
    now = services.clock.now()
    [held] = services.statuses.good_certificates_of(HOLDER, at=now)
    assert held.certificate_der == answer.extra_certs[0].public_bytes(Encoding.DER)
    record = services.keys.record(held.key_id)
    assert (record.token, record.state) == ("status", KeyState.ACTIVE)


def test_one_message_sent_many_times_at_once_is_one_certificate(initialised: Services) -> None:
    services = initialised
    _enroll_officers(services)
    grant = _grant(services)
    app = create_app(app_parts(services), Listener.PUBLIC)
    client = _client(services, app.test_client(), grant)
    client.begin()
    data = client.message(cert_request(new_key()))
    answers: list[Any] = []

    def send() -> None:
        own = Client(services, app.test_client(), client.protect, client.secret)
        answers.append(own.send(data))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    kinds = sorted(one.kind for one in answers)
    assert kinds == ["error"] * 5 + ["ip"]
    assert {one.failure for one in answers if one.kind == "error"} == {"transactionIdInUse"}
    assert services.registration.grants.find(grant.id).certificates_used == 1
