"""Certificate requests as they stand when officers have decided them: one person, one key."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ca.csr import verify_csr
from ca.plan import CertificateRequest
from core.idempotency import new_act_id

# The certificate that most people get: eight extensions, among them QCStatements.
PROFILE = "person-signing"

# Invented; of both scripts and several lengths, so that skeletons differ as they do in truth.
_SURNAMES = ("Sok", "Chan", "Keo", "សុខ", "ចាន់", "Nhem")
_GIVEN_NAMES = ("Dara", "Sreymom", "Bopha", "ដារ៉ា", "បុប្ផា", "Visal", "Rithy Vuth")


def decided_requests(count: int, *, authority: str | None) -> list[CertificateRequest]:
    """Return requests for ``count`` new persons, each with a new P-256 key."""
    return [_request(authority) for _ in range(count)]


def _request(authority: str | None) -> CertificateRequest:
    person = uuid4()
    number = person.int % 10**9
    return CertificateRequest(
        profile=PROFILE,
        csr=verify_csr(_csr_der()),
        holder=f"person:{person}",
        facts={
            "surname": _SURNAMES[number % len(_SURNAMES)],
            "given_name": _GIVEN_NAMES[number % len(_GIVEN_NAMES)],
            "identifier": f"IDCKH-{number:09d}",
        },
        authority=authority,
        # Applications have names that sort by time, and so do their references.
        reference=f"application:{new_act_id(datetime.now(UTC))}",
    )


def _csr_der() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "requester")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
