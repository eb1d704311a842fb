"""A file is validated: what it is, its signatures, its report (ETSI EN 319 102-1).

1. What the file is: a PDF, or a CMS signature with its content.
2. Bounds: size, number of things, time.
3. Each signature: integrity (`integrity.py`), then trust (`judging.py`).
4. The report: no better than its worst signature, nor than an altered time-stamp.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import BinaryIO

from core.clock import Clock
from signing.documents.errors import PdfHybrid
from signing.documents.validation.bounds import Bounds, Deadline, release, watched
from signing.documents.validation.cms_file import CmsSignatures, read_cms_file
from signing.documents.validation.errors import DocumentUnreadable
from signing.documents.validation.evidence import EvidenceReader
from signing.documents.validation.indications import Integrity, SubIndication, Verdict, worst
from signing.documents.validation.judging import SignatureJudge
from signing.documents.validation.opening import guarded, looks_like_pdf, open_pdf
from signing.documents.validation.pdf import PdfSignatures
from signing.documents.validation.report import (
    SignatureReport,
    TimeStampReport,
    ValidationReport,
)
from signing.documents.validation.revocation import StatusRegister
from signing.documents.validation.salvage import salvage
from signing.documents.validation.strengths import ValidationPolicy, load_policy
from signing.documents.validation.time_stamps import TimeStampJudge
from signing.documents.validation.trust import Trust
from signing.documents.validation.use import KeyUse


@dataclass(frozen=True)
class Question:
    """A file to validate. ``at`` is the time that is asked about; None is now.

    ``content`` is what a detached signature signs; ``password`` opens an encrypted PDF.
    """

    file: BinaryIO
    name: str
    at: datetime | None = None
    content: BinaryIO | None = None
    password: str | None = None


class DocumentValidator:
    """Validates documents against one trust, within bounds; safe in many threads."""

    def __init__(
        self,
        *,
        trust: Trust,
        clock: Clock,
        register: StatusRegister | None = None,
        policy: ValidationPolicy | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self._clock = clock
        self._bounds = bounds or Bounds()
        self._policy = policy or load_policy()
        self._reader = EvidenceReader(policy=self._policy)
        uses = KeyUse(trust=trust, register=register, policy=self._policy)
        self._time_stamps = TimeStampJudge(uses=uses, policy=self._policy)
        self._judge = SignatureJudge(uses=uses, time_stamps=self._time_stamps, policy=self._policy)

    def validate(self, question: Question) -> ValidationReport:
        """Return the report.

        Raises DocumentUnreadable, DocumentTooLarge, DocumentOverBounds, ValidationTooLong,
        SignedContentMissing, and what an encrypted PDF is refused for.
        """
        deadline = Deadline(self._bounds.duration)
        validated_at = question.at or self._clock.now()
        stream = watched(question.file, bounds=self._bounds, deadline=deadline)
        try:
            blank = self._blank(stream, question.name, validated_at)
            if looks_like_pdf(stream):
                with guarded("PDF"):
                    return self._validate_pdf(stream, question, blank, deadline)
            return self._validate_cms(stream, question, blank, deadline)
        finally:
            release(stream)

    def _validate_pdf(
        self,
        stream: io.BufferedReader,
        question: Question,
        blank: ValidationReport,
        deadline: Deadline,
    ) -> ValidationReport:
        try:
            with deadline.interrupts():
                document = open_pdf(
                    stream, bounds=self._bounds, deadline=deadline, password=question.password
                )
                found = PdfSignatures(
                    judge=self._judge,
                    time_stamps=self._time_stamps,
                    reader=self._reader,
                    document=document,
                    validated_at=blank.validated_at,
                )
        except (DocumentUnreadable, PdfHybrid) as error:
            salvaged = salvage(stream, error.detail, at_most=self._bounds.signatures)
            if not salvaged:
                raise
            return _concluded(replace(blank, kind="PDF"), salvaged, ())
        signatures, time_stamps = found.reports()
        revisions = document.reader.xrefs.total_revisions
        return _concluded(replace(blank, kind="PDF", revisions=revisions), signatures, time_stamps)

    def _validate_cms(
        self,
        stream: io.BufferedReader,
        question: Question,
        blank: ValidationReport,
        deadline: Deadline,
    ) -> ValidationReport:
        content: io.BufferedReader | None = None
        if question.content is not None:
            content = watched(question.content, bounds=self._bounds, deadline=deadline)
        try:
            with guarded("signature"):
                found = CmsSignatures(
                    judge=self._judge,
                    reader=self._reader,
                    signed_data=read_cms_file(stream),
                    content=content,
                    bounds=self._bounds,
                    validated_at=blank.validated_at,
                )
                return _concluded(replace(blank, kind="CMS"), found.reports(), ())
        finally:
            if content is not None:
                release(content)

    def _blank(
        self, stream: io.BufferedReader, name: str, validated_at: datetime
    ) -> ValidationReport:
        digest, octets = sha256(), 0
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
            octets += len(chunk)
        return ValidationReport(
            name=name,
            sha256=digest.hexdigest(),
            octets=octets,
            kind="",
            policy=self._policy.name,
            validated_at=validated_at,
            verdict=Verdict.INDETERMINATE,
            sub_indication=SubIndication.NO_SIGNATURE_FOUND,
            reason="The document has no signature.",
            signatures=(),
        )


def _concluded(
    blank: ValidationReport,
    signatures: Sequence[SignatureReport],
    time_stamps: Sequence[TimeStampReport],
) -> ValidationReport:
    report = replace(blank, signatures=tuple(signatures), time_stamps=tuple(time_stamps))
    if not signatures:
        if time_stamps:
            return replace(report, reason="The document has a time-stamp, but no signature.")
        return report
    verdict = worst([one.verdict for one in signatures])
    decisive = next((one for one in signatures if one.verdict is verdict), signatures[0])
    stamps = [*time_stamps, *(stamp for one in signatures for stamp in one.time_stamps)]
    altered = [one for one in stamps if one.finding.integrity is not Integrity.INTACT]
    if verdict is Verdict.TOTAL_PASSED and altered:
        # The signatures hold, and yet something in the document is not what it says it is.
        return replace(
            report,
            verdict=Verdict.INDETERMINATE,
            sub_indication=SubIndication.GENERIC,
            reason=f"A time-stamp of the document fails: {altered[0].finding.reason}",
        )
    return replace(
        report,
        verdict=verdict,
        sub_indication=decisive.sub_indication,
        reason=decisive.reason,
    )
