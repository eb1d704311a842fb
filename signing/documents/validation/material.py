"""Certificates and evidence that came with a document (PAdES DSS, CAdES attributes, CMS fields)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asn1crypto import core, x509
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.rw_common import PdfHandler

from signing.documents.validation.bounds import Bounds
from signing.documents.validation.evidence import EvidencePool
from signing.documents.validation.opening import entry, guarded
from signing.documents.validation.signed_message import SignedMessage


@dataclass(frozen=True)
class Material:
    """What may help to judge; nothing of it is trusted.

    ``poe`` has, by SHA-256 of a piece of evidence, the time by which it is proven to have existed.
    """

    certificates: tuple[x509.Certificate, ...] = ()
    pool: EvidencePool = field(default_factory=EvidencePool)
    poe: dict[bytes, datetime] = field(default_factory=dict)

    def __add__(self, other: Material) -> Material:
        return Material(
            self.certificates + other.certificates,
            self.pool + other.pool,
            {**self.poe, **other.poe},
        )


NOTHING = Material()


def material_of_dss(handler: PdfHandler, bounds: Bounds) -> Material:
    """Return what the document security store of a revision holds (ISO 32000-2, 12.8.4.3)."""
    with guarded("document security store"):
        dss = entry(handler.root, "/DSS")
        if dss is None:
            return NOTHING
        return Material(
            certificates=tuple(
                x509.Certificate.load(der)
                for der in _streams(dss, "/Certs", DecodePurpose.CERTIFICATE, bounds)
            ),
            pool=EvidencePool(
                crls=tuple(_streams(dss, "/CRLs", DecodePurpose.CRL, bounds)),
                ocsp_responses=tuple(_streams(dss, "/OCSPs", DecodePurpose.OCSP_RESPONSE, bounds)),
            ),
        )


def material_of_message(message: SignedMessage) -> Material:
    """Return what a signature carries itself: certificates, CRLs and OCSP answers."""
    with guarded("signature"):
        crls, answers = list[bytes](), list[bytes]()
        for choice in message.signed_data["crls"] or ():
            _sort_revocation_choice(choice, crls, answers)
        # Adobe's attribute (signed), and CAdES revocation-values (unsigned).
        archived = message.signed_attribute("adobe_revocation_info_archival")
        for one in [archived, *message.unsigned_values("1.2.840.113549.1.9.16.2.24")]:
            _read_archive(one, crls, answers)
        return Material(message.certificates, EvidencePool(tuple(crls), tuple(answers)))


def _sort_revocation_choice(choice: Any, crls: list[bytes], answers: list[bytes]) -> None:
    if choice.name == "crl":
        crls.append(choice.chosen.dump())
    elif (
        choice.name == "other" and choice.chosen["other_rev_info_format"].native == "ocsp_response"
    ):
        # RFC 5940, Section 2.1: an OCSPResponse; asn1crypto gives it parsed, or as ANY.
        found = choice.chosen["other_rev_info"]
        answers.append((found.parsed if isinstance(found, core.Any) else found).dump())


def _read_archive(archive: Any, crls: list[bytes], answers: list[bytes]) -> None:
    if archive is None or not hasattr(archive, "native") or not isinstance(archive.native, dict):
        return
    crls += [one.dump() for one in archive["crl"] or ()]
    answers += [one.dump() for one in archive["ocsp"] or ()]


def _streams(dss: Any, name: str, purpose: DecodePurpose, bounds: Bounds) -> Iterator[bytes]:
    listed = entry(dss, name, ())
    bounds.check_count(f"entries in {name} of its security store", len(listed), bounds.evidence)
    for one in listed:
        yield one.get_object().read_data(purpose)


def merged(parts: Iterable[Material]) -> Material:
    """Return all parts as one."""
    total = NOTHING
    for one in parts:
        total = total + one
    return total
