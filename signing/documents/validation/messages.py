"""What goes over the wire of ``/signing/v1/validate``."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from signing.documents.validation.indications import Integrity, SubIndication, Verdict
from signing.documents.validation.levels import Level
from signing.documents.validation.report import ValidationReport
from signing.documents.validation.time_stamps import Kind
from signing.documents.validation.words import in_both, words_of_report, words_of_signature


class View(BaseModel):
    """A part of the report."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WordsView(View):
    """The same in words for people."""

    en: str
    km: str


class PersonView(View):
    """Whom a certificate names."""

    name: str
    organization: str | None
    subject: str
    issuer: str
    serial_number: str = Field(description="Hexadecimal.")
    not_before: str | None
    not_after: str | None
    certificate_sha256: str


class ChainView(View):
    """By whom somebody is vouched for. ``source`` is `own`, or the file that named the anchor."""

    certificates: tuple[str, ...]
    anchor: str
    anchor_sha256: str
    source: str


class ChangeView(View):
    """What a later version of the document added."""

    revision: int
    kind: str = Field(description="VALIDATION_DATA, SIGNATURE or FORM_FILLED.")
    fields: tuple[str, ...]


class TimeStampView(View):
    """A time-stamp; it counts when `proves` is true."""

    kind: Kind
    time: str | None
    authority: PersonView | None
    proves: bool
    integrity: Integrity
    sub_indication: SubIndication | None
    reason: str | None
    field: str | None
    revision: int | None
    changes: tuple[ChangeView, ...]
    chain: ChainView | None


class RevocationView(View):
    """What is known of a certificate's revocation, and from where."""

    certificate: str
    sub_indication: SubIndication | None
    source: str | None = Field(description="OCSP, CRL, or REGISTER for our own register.")
    issued_at: str | None
    revoked_at: str | None
    reason: str | None


class PermissionsView(View):
    """What a signature lets others do (DocMDP, FieldMDP)."""

    doc_mdp: int | None
    field_mdp: dict[str, Any] | None


class SignatureView(View):
    """One signature."""

    field: str | None
    revision: int | None
    format: str = Field(description="PAdES, PKCS7, CAdES or CMS.")
    level: Level | None
    verdict: Verdict
    sub_indication: SubIndication | None
    reason: str | None
    integrity: Integrity = Field(description="Judged apart from trust.")
    integrity_reason: str | None
    signer: PersonView | None
    claimed_time: str | None
    proven_time: str | None
    time_stamps: tuple[TimeStampView, ...]
    covers_whole_file: bool
    permissions: PermissionsView | None
    changes: tuple[ChangeView, ...]
    chain: ChainView | None
    revocation: tuple[RevocationView, ...]
    stated: dict[str, str] = Field(description="What the signature says of itself, unchecked.")
    words: WordsView


class DocumentView(View):
    """What was validated."""

    name: str
    kind: str
    sha256: str
    octets: int
    revisions: int | None


class ReportView(View):
    """The report: `verdict` is no better than that of its worst signature."""

    verdict: Verdict
    sub_indication: SubIndication | None
    reason: str | None
    validated_at: str
    policy: str
    document: DocumentView
    signatures: tuple[SignatureView, ...]
    time_stamps: tuple[TimeStampView, ...]
    words: WordsView


def view_of_report(report: ValidationReport) -> dict[str, Any]:
    """Return the report as JSON has it, with the words in both languages."""
    facts = report.facts()
    for one, written in zip(report.signatures, facts["signatures"], strict=True):
        written["words"] = in_both(words_of_signature(one))
    return facts | {"words": in_both(words_of_report(report))}
