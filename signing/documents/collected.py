"""What was collected for a document: DER objects, each once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signing.documents.ports import Evidence


@dataclass
class Collected:
    """Certificates, OCSP responses and CRLs in DER, in the order of collection."""

    certificates: dict[bytes, None] = field(default_factory=dict)
    ocsp_responses: dict[bytes, None] = field(default_factory=dict)
    crls: dict[bytes, None] = field(default_factory=dict)

    def add_certificates(self, certificates: Iterable[x509.Certificate]) -> None:
        """Add certificates."""
        self.certificates.update((one.public_bytes(Encoding.DER), None) for one in certificates)

    def add(self, evidence: Evidence) -> None:
        """Add an answer."""
        (self.crls if evidence.is_crl else self.ocsp_responses)[evidence.der] = None
