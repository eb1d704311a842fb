"""The steps of the demonstration, in their order. Each returns what it saw, in a few words."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509

from camtrust.demo.circulation_steps import circulate_letter, confirm_circulation
from camtrust.demo.document_steps import confirm_document, sign_document
from camtrust.demo.pass_steps import confirm_pass, issue_pass
from camtrust.demo.stage import Stage, StepFailed, beside_python
from camtrust.demo.stamping import stamp

# Synthetic people. Their numbers are of no form that a real card has.
SUBSCRIBER = "/C=KH/SN=SOK/GN=Dara/serialNumber=IDCKH-000000001/CN=SOK Dara"
OTHER = "/C=KH/SN=CHAN/GN=Bopha/serialNumber=IDCKH-000000002/CN=CHAN Bopha"
ETSI_TYPE = "NCP-NATURAL-PERSON-CERTIFICATE"

# The follower signs what is new within a second or so, once it has begun.
ATTEMPTS = 60

Step = Callable[[Stage], str]


def found_hierarchy(stage: Stage) -> str:
    """Create tokens, database, log and all authorities by a development ceremony."""
    stage.camtrust("init")
    authorities = json.loads(stage.camtrust("ca", "list", "--json"))
    stage.camtrust("ca", "verify-transcript", stage.home.absolute() / "ceremonies" / "development")
    return f"{len(authorities)} authorities in SoftHSM tokens; transcript verified"


def enrol_officers(stage: Stage) -> str:
    """Give two officers and a ministry's system their certificates, and enrol them."""
    people = {
        "officer-a": ("ra-officer", "/C=KH/O=Test Registration Office/SN=KEO/GN=Vanna"),
        "officer-b": ("ra-officer", "/C=KH/O=Test Registration Office/SN=PICH/GN=Sophea"),
        "ministry": ("service-client", "/C=KH/O=Test Ministry/CN=enrolment.ministry.example"),
    }
    for person, (profile, subject) in people.items():
        request(stage, person, subject)
        leaf, chain = stage.work / f"{person}.crt", stage.folder / "chain.pem"
        stage.camtrust(
            *("cert", "issue", "--profile", profile, "--csr", f"people/{person}.csr"),
            *("--out", f"people/{person}.crt", "--chain", "chain.pem"),
        )
        # nginx is shown the issuer too; the anchor it has.
        (stage.work / f"{person}.pem").write_bytes(leaf.read_bytes() + _first(chain))
        role = "service" if profile == "service-client" else "ra-officer"
        stage.camtrust(
            "enroll", "officer", person, "--role", role, "--certificate", leaf.absolute()
        )
    (stage.folder / "root.pem").write_bytes(_last(stage.folder / "chain.pem"))
    return "2 officers and 1 ministry system enrolled"


def start(stage: Stage) -> str:
    """Start the service: public listener, officers' mutual TLS, scheduler."""
    stage.start_service()
    return f"http://localhost:{stage.port}, officers on port {stage.officers_port}"


def apply(stage: Stage) -> str:
    """Let `openssl req` make a civil servant's request, and the ministry submit it."""
    stage.facts["application"] = _apply(stage, "subscriber", SUBSCRIBER, "person-signing")
    return f"application {stage.facts['application']}"


def decide(stage: Stage) -> str:
    """Two officers approve; one officer twice, and the applicant, are refused."""
    path = f"/applications/{stage.facts['application']}"
    _expect(stage, 200, "officer-a", f"{path}/approval")
    _expect(stage, 409, "officer-a", f"{path}/approval")
    _expect(stage, 403, "ministry", f"{path}/approval")
    _expect(stage, 200, "officer-b", f"{path}/approval")
    issued = _collect(stage, "subscriber", stage.facts["application"])
    (stage.folder / "subscriber.pem").write_text(issued["certificate"])
    (stage.folder / "chain.pem").write_text("".join(issued["chain"]))
    stage.facts["serial"] = issued["serial_number"]
    stage.facts["log_index"] = str(issued["log"]["index"])
    return f"issued {issued['serial_number']} by {issued['authority']}"


def confirm_certificate(stage: Stage) -> str:
    """Have openssl verify the chain, and pkilint the certificate."""
    said = stage.run(
        *("openssl", "verify", "-x509_strict", "-CAfile", "root.pem"),
        *("-untrusted", "chain.pem", "subscriber.pem"),
    )
    _pkilint(stage, "lint_etsi_cert", "subscriber.pem", "-t", ETSI_TYPE)
    return f"openssl: {said.strip()}; pkilint: no finding"


def confirm_crl(stage: Stage) -> str:
    """Fetch the CRL that the certificate points to; openssl verifies with it."""
    _fetch_crl(stage, "subscriber.pem", "crl.der")
    _pkilint(stage, "lint_crl", "crl.der", "-t", "CRL", "-p", "PKIX")
    said = _verify_with_crl(stage, "subscriber.pem", "crl.der", expect=0)
    return f"openssl: {said.strip()}"


def confirm_status(stage: Stage) -> str:
    """Ask the responder with `openssl ocsp`: the certificate is good."""
    said = _ask_status(stage, "subscriber.pem", "ocsp.der")
    if "subscriber.pem: good" not in said:
        raise StepFailed(said)
    _pkilint(stage, "lint_ocsp_response", "ocsp.der")
    return "openssl ocsp: good, response verified; pkilint: no finding"


def confirm_signed_ahead(stage: Stage) -> str:
    """Ask without a nonce until two answers have one signature: it was made ahead."""
    files = [stage.work / "first.der", stage.work / "second.der"]
    for _ in range(ATTEMPTS):
        for file in files:
            _ask_status(stage, "subscriber.pem", f"people/{file.name}", "-no_nonce")
        first, second = (file.read_bytes() for file in files)
        # ECDSA has a random number in it: signed anew, the two would differ.
        if first == second:
            stored = json.loads(stage.camtrust("ocsp", "stored", "--json"))
            return f"one signature for two questions; {stored['certificates']} certificates stored"
        time.sleep(0.5)
    raise StepFailed("Each answer was signed anew: none was signed ahead.")


def revoke_another(stage: Stage) -> str:
    """Issue a second certificate, and revoke it: its key was compromised."""
    application = _apply(stage, "other", OTHER, "person-authentication")
    # One approval is enough for a certificate that signs nothing.
    _expect(stage, 200, "officer-a", f"/applications/{application}/approval")
    issued = _collect(stage, "other", application)
    (stage.folder / "revoked.pem").write_text(issued["certificate"])
    _expect(
        stage, 200, "officer-b", f"/applications/{application}/revocation", reason="keyCompromise"
    )
    return f"revoked {issued['serial_number']}"


def confirm_revocation(stage: Stage) -> str:
    """Publish, and see openssl refuse the revoked certificate by OCSP and by CRL."""
    for _ in range(ATTEMPTS):
        # The follower takes the answer back within a second or so; a busy machine takes longer.
        said = _ask_status(stage, "revoked.pem", "ocsp-revoked.der")
        if "revoked.pem: revoked" in said and "keyCompromise" in said:
            break
        time.sleep(0.5)
    else:
        raise StepFailed(said)
    stage.camtrust("crl", "issue", "--authority", "people-1")
    _fetch_crl(stage, "revoked.pem", "crl-revoked.der")
    said = _verify_with_crl(stage, "revoked.pem", "crl-revoked.der", expect=2)
    if "certificate revoked" not in said:
        raise StepFailed(said)
    # The subscriber's CRL may have been of the same shard.
    _fetch_crl(stage, "subscriber.pem", "crl.der")
    return "openssl: revoked, by OCSP and by CRL"


def prove(stage: Stage) -> str:
    """Verify offline that the issuance is in the transparency log; compare log and database."""
    stage.camtrust("log", "publish")
    (stage.folder / "log-key.vkey").write_text(stage.camtrust("log", "key"))
    stage.camtrust("log", "proof", stage.facts["log_index"], "--out", "proof.tlog-proof")
    said = stage.camtrust("log", "verify", "proof.tlog-proof", "--key", "log-key.vkey")
    stage.camtrust("log", "monitor")
    return f"{said.splitlines()[0]} Entry {stage.facts['log_index']}; log and database agree"


def examine(stage: Stage) -> str:
    """Let `camtrust doctor` look at everything."""
    return f"{len(stage.camtrust('doctor').splitlines())} findings, none of them a fault"


JOURNEY: tuple[tuple[str, Step], ...] = (
    ("Found the hierarchy", found_hierarchy),
    ("Enrol officers", enrol_officers),
    ("Start the service", start),
    ("Apply for a certificate", apply),
    ("Two officers decide", decide),
    ("Confirm the certificate", confirm_certificate),
    ("Confirm the CRL", confirm_crl),
    ("Confirm the status", confirm_status),
    ("Confirm it was signed ahead", confirm_signed_ahead),
    ("Stamp it with the time", stamp),
    ("Revoke another", revoke_another),
    ("Confirm the revocation", confirm_revocation),
    ("Sign a document", sign_document),
    ("Confirm the document", confirm_document),
    ("Send a letter round", circulate_letter),
    ("Confirm the letter", confirm_circulation),
    ("Issue a pass", issue_pass),
    ("Confirm the pass", confirm_pass),
    ("Prove it from the log", prove),
    ("Examine the home", examine),
)


def request(stage: Stage, person: str, subject: str) -> None:
    """Make a key and a PKCS #10 request with openssl, as a person would."""
    key, csr = f"people/{person}.key", f"people/{person}.csr"
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    stage.run(
        *("openssl", "req", "-new", *curve, "-nodes", "-utf8"),
        *("-keyout", key, "-out", csr, "-subj", subject),
    )


def _apply(stage: Stage, person: str, subject: str, profile: str) -> str:
    request(stage, person, subject)
    names = dict(part.split("=") for part in subject.strip("/").split("/"))
    status, answer = stage.ask(
        "ministry",
        "POST",
        "/applications",
        {
            "profile": profile,
            "csr": (stage.work / f"{person}.csr").read_text(),
            "holder": f"person:{names['serialNumber']}",
            "facts": {
                "surname": names["SN"],
                "given_name": names["GN"],
                "identifier": names["serialNumber"],
            },
        },
    )
    if status != 201:
        raise StepFailed(f"The application was answered {status}: {json.dumps(answer)}")
    return str(answer["id"])


def _expect(stage: Stage, status: int, person: str, path: str, **body: str) -> None:
    found, answer = stage.ask(person, "POST", path, body)
    if found != status:
        raise StepFailed(f"{person} at {path}: {found} instead of {status}: {json.dumps(answer)}")


def _collect(stage: Stage, person: str, application: str) -> dict[str, Any]:
    status, answer = stage.ask("ministry", "GET", f"/applications/{application}/certificate")
    if status != 200:
        raise StepFailed(f"{person}'s certificate: {status}: {json.dumps(answer)}")
    return answer


def _fetch_crl(stage: Stage, certificate: str, out: str) -> None:
    parsed = x509.load_pem_x509_certificate((stage.folder / certificate).read_bytes())
    points = parsed.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    [name] = points[0].full_name or []
    (stage.folder / out).write_bytes(stage.fetch(urlsplit(name.value).path))


def _verify_with_crl(stage: Stage, certificate: str, crl: str, *, expect: int) -> str:
    pem = f"{crl}.pem"
    stage.run("openssl", "crl", "-inform", "DER", "-in", crl, "-out", pem)
    return stage.run(
        *("openssl", "verify", "-crl_check", "-CRLfile", pem, "-CAfile", "root.pem"),
        *("-untrusted", "chain.pem", certificate),
        expect=expect,
    )


def _ask_status(stage: Stage, certificate: str, out: str, *options: str) -> str:
    return stage.run(
        *("openssl", "ocsp", "-issuer", "chain.pem", "-cert", certificate),
        *("-url", f"http://localhost:{stage.port}/ocsp", "-respout", out),
        *("-CAfile", "root.pem", "-verify_other", "chain.pem"),
        *options,
    )


def _pkilint(stage: Stage, linter: str, file: str, *options: str) -> None:
    stage.run(beside_python(linter), "lint", *options, "-s", "WARNING", file)


def _first(chain: Path) -> bytes:
    return _certificates(chain)[0]


def _last(chain: Path) -> bytes:
    return _certificates(chain)[-1]


def _certificates(chain: Path) -> list[bytes]:
    end = b"-----END CERTIFICATE-----\n"
    return [part + end for part in chain.read_bytes().split(end) if part.strip()]
