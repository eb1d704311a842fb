"""The signatures of a PDF, one by one, and its document time-stamps from the last to the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.rw_common import PdfHandler
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.general import byte_range_digest
from pyhanko.sign.validation.generic_cms import extract_self_reported_ts
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature, extract_contents

from core.errors import Malformed
from signing.documents.validation.coverage import BadByteRange, read_byte_range
from signing.documents.validation.errors import DocumentUnreadable
from signing.documents.validation.evidence import EvidenceReader
from signing.documents.validation.indications import Integrity, SubIndication
from signing.documents.validation.integrity import IntegrityFinding, find_integrity
from signing.documents.validation.judging import Setting, SignatureJudge
from signing.documents.validation.levels import level_of
from signing.documents.validation.material import (
    NOTHING,
    Material,
    material_of_dss,
    material_of_message,
)
from signing.documents.validation.opening import OpenedPdf, entry, guarded
from signing.documents.validation.report import SignatureReport, TimeStampReport
from signing.documents.validation.signed_message import (
    Mathematics,
    SignatureUnsupported,
    SignedMessage,
    check_mathematics,
    read_messages,
    read_signed_data,
)
from signing.documents.validation.time_stamps import (
    Kind,
    TimeStampFinding,
    TimeStampJudge,
    Token,
    read_token,
    unreadable,
)

# ISO 32000-2, Table 255, and ETSI EN 319 142-1, Section 5.
_PADES = "/ETSI.CAdES.detached"
_PKCS7 = "/adbe.pkcs7.detached"
_TIME_STAMP = "/ETSI.RFC3161"


@dataclass(frozen=True)
class _Found:
    """A signature field with a value, read as far as it can be."""

    name: str
    signature: EmbeddedPdfSignature | None
    contents: bytes
    sub_filter: str
    reason: str | None = None
    is_unsupported: bool = False

    @property
    def revision(self) -> int:
        return self.signature.signed_revision if self.signature is not None else -1

    @property
    def is_time_stamp(self) -> bool:
        return self.sub_filter == _TIME_STAMP


class PdfSignatures:
    """Judges everything that is signed in one PDF."""

    def __init__(
        self,
        *,
        judge: SignatureJudge,
        time_stamps: TimeStampJudge,
        reader: EvidenceReader,
        document: OpenedPdf,
        validated_at: datetime,
    ) -> None:
        self._judge = judge
        self._time_stamps = time_stamps
        self._reader = reader
        self._document = document
        self._validated_at = validated_at
        self._found = _find(document)
        self._embedded = self._store(document.reader)

    def reports(self) -> tuple[list[SignatureReport], list[TimeStampReport]]:
        """Return the signatures and the document time-stamps, both in the order of revisions."""
        stamps = self._judge_time_stamps()
        signatures = [
            self._judge_signature(one, stamps) for one in self._found if not one.is_time_stamp
        ]
        return signatures, stamps

    def _judge_time_stamps(self) -> list[TimeStampReport]:
        # ETSI EN 319 102-1, Section 5.6.3: the newest is judged now, each older one by the time
        # that the next one proves.
        judged: list[TimeStampReport] = []
        for one in sorted(
            (found for found in self._found if found.is_time_stamp),
            key=lambda found: found.revision,
            reverse=True,
        ):
            self._document.deadline.check()
            setting = self._setting(one.revision, judged)
            judged.insert(0, self._judge_time_stamp(one, setting))
        return judged

    def _judge_time_stamp(self, one: _Found, setting: Setting) -> TimeStampReport:
        signature = one.signature
        if signature is None:
            return TimeStampReport(unreadable(Kind.DOCUMENT, one.reason or ""), one.name)
        tokens: list[Token] = []

        def check(digest_of: Callable[[str], bytes]) -> Mathematics:
            tokens.append(read_token(signature.signed_data, Kind.DOCUMENT, digest_of))
            return tokens[0].mathematics

        try:
            integrity = find_integrity(self._document, signature, one.contents, check)
            token = (
                tokens[0]
                if tokens
                else read_token(signature.signed_data, Kind.DOCUMENT, lambda _: b"")
            )
        except Malformed as error:
            finding = unreadable(Kind.DOCUMENT, error.detail)
            return TimeStampReport(finding, one.name, one.revision)
        if integrity.integrity is Integrity.INTACT:
            finding = self._time_stamps.judge(
                token,
                material=setting.material,
                proven_by=setting.proven_by,
                validated_at=self._validated_at,
            )
        else:
            finding = TimeStampFinding(
                Kind.DOCUMENT,
                token.time,
                token.authority,
                integrity.integrity,
                integrity.problem,
                integrity.reason,
            )
        return TimeStampReport(finding, one.name, one.revision, integrity.changes)

    def _judge_signature(self, one: _Found, stamps: Sequence[TimeStampReport]) -> SignatureReport:
        self._document.deadline.check()
        signature = one.signature
        if signature is None:
            return _unreadable_signature(one, one.reason or "The signature cannot be read.")
        try:
            messages = read_messages(signature.signed_data)
        except Malformed as error:
            return _unreadable_signature(one, error.detail)
        if len(messages) != 1:
            # ETSI EN 319 142-1, Section 5.2: one signer in each signature of a PDF.
            return _unreadable_signature(one, "The signature does not have exactly one signer.")
        message = messages[0]
        integrity = find_integrity(
            self._document,
            signature,
            one.contents,
            lambda digest_of: check_mathematics(message, digest_of),
        )
        return self._report(one, signature, message, integrity, stamps)

    def _report(
        self,
        one: _Found,
        signature: EmbeddedPdfSignature,
        message: SignedMessage,
        integrity: IntegrityFinding,
        stamps: Sequence[TimeStampReport],
    ) -> SignatureReport:
        setting = self._setting(one.revision, stamps)
        finding = self._judge.judge(
            message,
            integrity=integrity.integrity,
            problem=integrity.problem,
            reason=integrity.reason,
            setting=setting,
            digest_of=self._digest_of(signature),
        )
        return SignatureReport(
            format="PAdES" if one.sub_filter == _PADES else "PKCS7",
            message=message,
            verdict=finding.verdict,
            sub_indication=finding.sub_indication,
            reason=finding.reason,
            integrity=integrity.integrity,
            integrity_reason=integrity.reason,
            claimed_at=_claimed_at(signature),
            proven_at=finding.proven_at,
            level=level_of(
                message,
                finding,
                is_baseline_format=one.sub_filter == _PADES,
                embedded=self._embedded + material_of_message(message),
                covered_by=setting.covered_by,
                reader=self._reader,
            ),
            field=one.name,
            revision=one.revision,
            covers_whole_file=integrity.covers_whole_file,
            permissions=integrity.permissions,
            changes=integrity.changes,
            time_stamps=tuple(TimeStampReport(stamp) for stamp in finding.time_stamps),
            chain=finding.use.chain if finding.use else None,
            revocation=finding.use.revocation if finding.use else (),
            stated=_stated(signature.sig_object),
        )

    def _setting(self, revision: int, stamps: Sequence[TimeStampReport]) -> Setting:
        later = [one for one in stamps if one.revision is not None and one.revision > revision]
        material = replace(self._embedded, poe=self._poe(later))
        return Setting(material, self._validated_at, tuple(one.finding for one in later))

    def _poe(self, stamps: Sequence[TimeStampReport]) -> dict[bytes, datetime]:
        """Return by when each piece of evidence is proven to have lain in the document."""
        poe: dict[bytes, datetime] = {}
        for one in stamps:
            if not one.finding.proves or one.finding.time is None or one.revision is None:
                continue
            handler = self._document.reader.get_historical_resolver(one.revision)
            for digest in self._store(handler).pool.digests():
                poe[digest] = min(poe.get(digest, one.finding.time), one.finding.time)
        return poe

    def _store(self, handler: PdfHandler) -> Material:
        try:
            return material_of_dss(handler, self._document.bounds)
        except DocumentUnreadable:
            return NOTHING  # A store that cannot be read proves nothing, and alters nothing.

    def _digest_of(self, signature: EmbeddedPdfSignature) -> Callable[[str], bytes] | None:
        try:
            span = read_byte_range(signature.byte_range, self._document.size)
        except BadByteRange:
            return None
        return lambda name: byte_range_digest(self._document.stream, span.as_list(), name)[1]


def _find(document: OpenedPdf) -> list[_Found]:
    with guarded("form of the document"):
        fields = list(enumerate_sig_fields(document.reader, filled_status=True))
    document.bounds.check_count("signatures", len(fields), document.bounds.signatures)
    found = [_read_field(document, name, value, field) for name, value, field in fields]
    return sorted(found, key=lambda one: one.revision)


def _read_field(document: OpenedPdf, name: str, value: Any, field: Any) -> _Found:
    contents, sub_filter = b"", ""
    try:
        with guarded("signature"):
            dictionary = value.get_object()
            sub_filter = str(entry(dictionary, "/SubFilter", ""))
            if sub_filter not in (_PADES, _PKCS7, _TIME_STAMP):
                kind = f"of the kind {sub_filter[1:]}" if sub_filter else "that name no kind"
                raise SignatureUnsupported(f"Signatures {kind} are not examined here.")
            contents = extract_contents(dictionary)
            read_signed_data(contents)
            signature = EmbeddedPdfSignature(document.reader, field, name)
    except Malformed as error:
        unsupported = isinstance(error, SignatureUnsupported)
        return _Found(name, None, contents, sub_filter, error.detail, unsupported)
    return _Found(name, signature, contents, sub_filter)


def _unreadable_signature(one: _Found, reason: str) -> SignatureReport:
    # What is of another kind may be a good signature: nothing is said of it, good or bad.
    problem = SubIndication.GENERIC if one.is_unsupported else SubIndication.FORMAT_FAILURE
    return SignatureReport(
        format="PAdES" if one.sub_filter == _PADES else "PKCS7",
        message=None,
        verdict=problem.verdict,
        sub_indication=problem,
        reason=reason,
        integrity=Integrity.NOT_COVERED if one.is_unsupported else Integrity.ALTERED,
        integrity_reason=reason,
        field=one.name,
        revision=one.revision if one.revision >= 0 else None,
    )


def _claimed_at(signature: EmbeddedPdfSignature) -> datetime | None:
    with guarded("claimed time"):
        claimed = extract_self_reported_ts(signature.signer_info)
    if claimed is not None:
        return claimed
    try:
        with guarded("claimed time"):
            return signature.self_reported_timestamp
    except Malformed:
        return None


def _stated(dictionary: generic.DictionaryObject) -> dict[str, str]:
    """Return what the signature says of itself: ISO 32000-2, Table 255."""
    names = {"/Name": "name", "/Reason": "reason", "/Location": "location"}
    return {
        word: str(dictionary[key])[:500]
        for key, word in names.items()
        if isinstance(entry(dictionary, key), generic.TextStringObject)
    }
