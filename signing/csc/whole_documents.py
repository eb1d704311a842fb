"""Documents that come whole with ``signatures/signDoc``, and the port to what signs documents.

CSC 2.0, Section 11.11. The hash that has to be authorized for a document is that of its octets as
they were sent, by the hash function of the signature. The engine appends a signature to it, or
wraps it; the room of keys sees to it that the document is in there unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, Protocol

from cryptography import x509

from hsm.keys import KeyAlgorithm
from signing.credentials.contents import Content
from signing.csc.errors import CscNotOffered, CscRequestRefused
from signing.csc.fields import Fields
from signing.csc.signature_objects import SignatureFormat

LONGEST_WORDS = 200
# CSC 2.0, Section 11.11: for each format the first one is meant where none is named.
ENVELOPES = {
    SignatureFormat.PADES: ("Certification", "Revision"),
    SignatureFormat.CADES: ("Attached", "Detached"),
}
_PROPERTIES = ("Reason", "Location")


class ConformanceLevel(StrEnum):
    """The levels of ETSI EN 319 142-1 and EN 319 122-1, as CSC 2.0, Section 11.11 has them."""

    B_B = "AdES-B-B"
    B_T = "AdES-B-T"
    B_LT = "AdES-B-LT"
    B_LTA = "AdES-B-LTA"


@dataclass(frozen=True)
class DocumentWishes:
    """How a document is to be signed.

    ``envelope`` is one of :data:`ENVELOPES`. ``reason`` and ``location`` are a PDF's alone, and the
    program's words: the signer confirmed a hash, and not them.
    """

    form: SignatureFormat
    level: ConformanceLevel
    envelope: str
    reason: str | None = None
    location: str | None = None


@dataclass(frozen=True)
class KeyIdentity:
    """Whose key signs: its certificate, the issuers up to the anchor, and its type."""

    certificate: x509.Certificate
    chain: Sequence[x509.Certificate]
    algorithm: KeyAlgorithm


@dataclass(frozen=True)
class ValidationInfo:
    """What proves a signature later, each in DER, as ``validationInfo`` has it."""

    ocsp: tuple[bytes, ...] = ()
    crl: tuple[bytes, ...] = ()
    certificates: tuple[bytes, ...] = ()

    def __add__(self, other: ValidationInfo) -> ValidationInfo:
        return ValidationInfo(
            _each_once(*self.ocsp, *other.ocsp),
            _each_once(*self.crl, *other.crl),
            _each_once(*self.certificates, *other.certificates),
        )


@dataclass(frozen=True)
class FinishedDocument:
    """A signed document, or where ``is_signature_alone`` the signature beside it."""

    octets: bytes
    is_signature_alone: bool
    info: ValidationInfo


class PreparedDocument(Protocol):
    """A document that waits for its signature."""

    @property
    def content(self) -> Content:
        """What is to be signed."""

    def finish(self, signature: bytes) -> FinishedDocument:
        """Put the signature in its place, and what its level takes.

        Raises Unavailable where time-stamps or certificates' standings are not to be had.
        """


class DocumentEngine(Protocol):
    """Signs documents; ``camtrust/`` connects the room of documents."""

    def prepare(
        self, content: BinaryIO, key: KeyIdentity, wishes: DocumentWishes
    ) -> PreparedDocument:
        """Read a document and prepare its signature. Raises what refuses it; nothing is used up."""

    def evidence(self, key: KeyIdentity, signature: bytes, token_der: bytes) -> ValidationInfo:
        """Return what proves a signature and its time-stamp (over SHA-256). Raises Unavailable."""


def wishes_of(fields: Fields) -> DocumentWishes:
    """Read how a document is to be signed. Raises CscRequestRefused, CscNotOffered."""
    form = form_of(fields)
    envelope = fields.optional_text("signed_envelope_property") or ENVELOPES[form][0]
    if envelope not in ENVELOPES[form]:
        raise CscNotOffered(
            "Invalid parameter signed_envelope_property: for this signature_format it is "
            f"{' or '.join(ENVELOPES[form])}."
        )
    properties = _properties(fields.objects("signed_props"), form)
    return DocumentWishes(
        form=form,
        level=level_of(fields),
        envelope=envelope,
        reason=properties.get("Reason"),
        location=properties.get("Location"),
    )


def form_of(fields: Fields) -> SignatureFormat:
    """Read ``signature_format``. Raises CscRequestRefused, CscNotOffered."""
    named = fields.text("signature_format")
    if named not in set(SignatureFormat):
        raise CscNotOffered("signature_format is P (PAdES) or C (CAdES).")
    return SignatureFormat(named)


def level_of(fields: Fields) -> ConformanceLevel:
    """Read ``conformance_level``. Raises CscRequestRefused, CscNotOffered."""
    named = fields.optional_text("conformance_level") or ConformanceLevel.B_B
    # The letters differ between versions 1 and 2 of the specification, and Ada- is printed too.
    wanted = named.lower().replace("ada-", "ades-", 1)
    for one in ConformanceLevel:
        if wanted == one.lower():
            return one
    raise CscNotOffered(
        f"Invalid parameter conformance_level: it is one of {', '.join(ConformanceLevel)}."
    )


def _properties(listed: list[Fields], form: SignatureFormat) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in listed:
        name = one.text("attribute_name")
        if form is not SignatureFormat.PADES or name not in _PROPERTIES:
            raise CscNotOffered(
                "Invalid parameter signed_props: a PDF takes Reason and Location. Other signed "
                "attributes are those of the baseline profiles, and not chosen."
            )
        value = one.text("attribute_value")
        if len(value) > LONGEST_WORDS or not value.isprintable() or name in found:
            raise CscRequestRefused(
                f"Invalid parameter signed_props: {name} stands once, and has at most "
                f"{LONGEST_WORDS} printable characters."
            )
        found[name] = value
    return found


def _each_once(*octets: bytes) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(octets))


def total(infos: Iterable[ValidationInfo]) -> ValidationInfo:
    """Return all of them as one."""
    found = ValidationInfo()
    for one in infos:
        found = found + one
    return found
