"""The steps of the demonstration in which a letter goes round between two people."""

from __future__ import annotations

import io
import json
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ca.csr import VerifiedCsr, verify_csr
from ca.plan import CertificateRequest
from camtrust.demo.letter import letter
from camtrust.demo.software_passkey import SoftwarePasskey
from camtrust.demo.stage import Stage, StepFailed
from camtrust.wiring import Services
from core.access import Principal, Role
from core.idempotency import new_act_id
from enrollment.institutions.institution import InstitutionDetails, InstitutionKind
from enrollment.passkeys.credentials import read_new_credential
from enrollment.people.person import PersonDetails, PersonName, Place
from hsm.keys import KeyAlgorithm, KeyState
from hsm.private_keys import as_private_key, hash_for
from hsm.settings import SEALS_TOKEN
from signing.approval.approval import Approval, ApprovalState, ParticipantRole
from signing.approval.starting import Asked, Circulation, Step
from signing.credentials.credential import Holder, HolderKind

MINISTRY = "ministry-of-demonstration"
SEAL = "demonstration-seal"
PROGRAM = Principal("demonstration-documents", Role.SERVICE, MINISTRY)
PIN = "27190463"
# Until the service's scheduler has sealed it.
SEALED_WITHIN_SECONDS = 90


@dataclass(frozen=True)
class _Signer:
    person: str
    passkey: SoftwarePasskey


def circulate_letter(stage: Stage) -> str:
    """Let one sign, and another sign on behalf of a third; the running service seals."""
    with closing(Services(home=stage.home)) as services:
        _make_ministry(services)
        signers = [
            _make_signer(services, number, surname, given)
            for number, (surname, given) in enumerate(
                (("Sok", "Sothea"), ("Chan", "Rithy"), ("Kim", "Leakena")), start=1
            )
        ]
        started = _start(services)
        _name_deputy(services, signers[1], "3")
        _sign(services, started, 1, signers[0])
        _sign(services, started, 2, signers[2])
        sealed = _wait(services, started)
        document = services.approval.desk.document(sealed)
        (stage.folder / "circulated.pdf").write_bytes(document.read_bytes())
    return f"{stage.folder / 'circulated.pdf'}: signed, signed by a deputy, and sealed at B-LTA"


def confirm_circulation(stage: Stage) -> str:
    """Have pdfsig and our own validator judge the letter that went round."""
    said = stage.run("pdfsig", "circulated.pdf", expect=None)
    if said.count("Signature is Valid.") != 3:
        raise StepFailed(said)
    report = json.loads(stage.camtrust("documents", "validate", "--json", "circulated.pdf"))
    if report["verdict"] != "TOTAL_PASSED":
        raise StepFailed(json.dumps(report)[:800])
    return "pdfsig: three signatures are valid; ours: TOTAL_PASSED"


def _make_ministry(services: Services) -> None:
    services.registration.subscribers.institutions.register(
        InstitutionDetails(
            MINISTRY,
            InstitutionKind.MINISTRY,
            "ក្រសួងបង្ហាញសាកល្បង",
            "Ministry of Demonstration",
            mail_domains=("demonstration.example",),
        )
    )
    keys = services.keys
    record = keys.generate(token=SEALS_TOKEN, label=SEAL, algorithm=KeyAlgorithm.EC_P256)
    keys.change_state(record.key_id, KeyState.ACTIVE, reason="seals what went round")
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    key = as_private_key(keys.signing_key(record.key_id))
    csr = builder.sign(key, hash_for(record.algorithm)).public_bytes(Encoding.DER)
    facts = {
        "organization_name": "Ministry of Demonstration",
        "organization_identifier": "NTRKH-TEST0002",
        "common_name": "Ministry of Demonstration Seal",
    }
    _issue(services, "organization-seal", "organization:NTRKH-TEST0002", verify_csr(csr), facts)


def _make_signer(services: Services, number: int, surname: str, given: str) -> _Signer:
    subscribers = services.registration.subscribers
    name = PersonName(surname_latin=surname, given_name_latin=given)
    person = subscribers.people.add(PersonDetails(name)).id
    subscribers.people.employ(person, MINISTRY, Place(staff_number=str(number)))
    subscribers.subscribers.enroll(person)
    side = services.registration.sign_in_parts.public
    passkey = SoftwarePasskey(side.party.origin)
    options = json.loads(side.questions.to_register(person, given, []))
    side.passkeys.register(person, "demonstration", read_new_credential(passkey.create(options)))
    made, request_der = services.remote_signing.making.make(
        Holder(HolderKind.PERSON, person),
        credential_id=new_act_id(services.clock.now()),
        label="signing",
        algorithm=KeyAlgorithm.EC_P256,
        pin=PIN,
    )
    facts = {"surname": surname, "given_name": given, "identifier": f"IDCKH-00000001{number}"}
    _issue(services, "person-signing", f"person:{person}", verify_csr(request_der), facts)
    return _Signer(made.holder.id, passkey)


def _issue(
    services: Services, profile: str, holder: str, csr: VerifiedCsr, facts: dict[str, str]
) -> None:
    services.issuance.issue(
        CertificateRequest(
            profile=profile, csr=csr, holder=holder, facts=facts, institution=MINISTRY
        )
    )


def _start(services: Services) -> Approval:
    deadline = services.clock.now() + timedelta(days=1)
    steps = [Step([Asked(one, ParticipantRole.SIGN)], deadline) for one in ("1", "2")]
    return services.approval.starting.start(
        Circulation("Letter of demonstration", steps, seal=SEAL),
        io.BytesIO(letter()),
        approval_id=new_act_id(services.clock.now()),
        by=PROGRAM,
    )


def _name_deputy(services: Services, signer: _Signer, staff_number: str) -> None:
    now = services.clock.now()
    services.approval.desk.deputies.name(
        deputy_id=new_act_id(now),
        person=signer.person,
        institution=MINISTRY,
        staff_number=staff_number,
        begins_at=now,
        ends_at=now + timedelta(days=1),
    )


def _sign(services: Services, started: Approval, place: int, signer: _Signer) -> None:
    signing = services.approval.signing
    seen = services.approval.sight.seen(started.id, signer.person)
    question = signing.question(started.id, place, signer.person, revision=seen.revision)
    proof = None if question is None else signer.passkey.get(json.loads(question))
    signing.sign(started.id, place, signer.person, pin=PIN, proof=proof)


def _wait(services: Services, started: Approval) -> Approval:
    until = time.monotonic() + SEALED_WITHIN_SECONDS
    while time.monotonic() < until:
        found = services.approval.sight.requested(started.id, PROGRAM.id)
        if found.state is ApprovalState.SEALED:
            return found
        time.sleep(0.5)
    raise StepFailed(f"The circulation is {found.state}: {found.trouble}.")
