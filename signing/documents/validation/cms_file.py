"""CMS and CAdES signatures over any file (RFC 5652; ETSI EN 319 122-1), detached or enclosing."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Callable
from datetime import datetime

from asn1crypto import cms
from pyhanko.sign.validation.generic_cms import extract_self_reported_ts

from signing.documents.portions import check_size
from signing.documents.validation.bounds import Bounds
from signing.documents.validation.errors import SignedContentMissing
from signing.documents.validation.evidence import EvidenceReader
from signing.documents.validation.indications import Integrity, SubIndication
from signing.documents.validation.judging import Setting, SignatureJudge
from signing.documents.validation.levels import level_of
from signing.documents.validation.material import material_of_message
from signing.documents.validation.opening import UNCHANGED, guarded
from signing.documents.validation.report import SignatureReport, TimeStampReport
from signing.documents.validation.signed_message import (
    Mathematics,
    SignatureMalformed,
    SignedMessage,
    check_mathematics,
    read_messages,
    read_signed_data,
)

# A signature encloses small files only; large ones are signed beside.
LARGEST_CMS = 64 << 20
_PEM = re.compile(rb"-----BEGIN (?:CMS|PKCS7)-----(.+?)-----END (?:CMS|PKCS7)-----", re.DOTALL)

# Over what begins as attributes do, the two kinds of signature (RFC 5652, Section 5.4) are the same
# octets: the signed attributes of any signature would pass as a file that its signer signed.
# ETSI EN 319 122-1, Section 6.3 asks for signed attributes.
_WITHOUT_ATTRIBUTES = Mathematics(
    Integrity.NOT_COVERED,
    SubIndication.SIG_CONSTRAINTS_FAILURE,
    "The signature has no signed attributes, so that it may have been made over something else.",
)


def read_cms_file(stream: io.BufferedReader) -> cms.SignedData:
    """Read a CMS file, DER or PEM. Raises SignatureMalformed, DocumentTooLarge."""
    stream.seek(0)
    octets = stream.read(LARGEST_CMS + 1)
    check_size(len(octets), largest_octets=LARGEST_CMS)
    armored = _PEM.search(octets[:200] + octets[200:]) if octets[:1] == b"-" else None
    with guarded("file"):
        der = base64.b64decode(armored.group(1)) if armored else octets
        if der[:1] != b"\x30":
            raise SignatureMalformed(
                "The file is neither a PDF nor a signature (CMS, PKCS #7).", kept=UNCHANGED
            )
    return read_signed_data(der)


class CmsSignatures:
    """Judges every signer of one CMS message."""

    def __init__(
        self,
        *,
        judge: SignatureJudge,
        reader: EvidenceReader,
        signed_data: cms.SignedData,
        content: io.BufferedReader | None,
        bounds: Bounds,
        validated_at: datetime,
    ) -> None:
        self._judge = judge
        self._reader = reader
        self._messages = read_messages(signed_data)
        bounds.check_count("signers", len(self._messages), bounds.signatures)
        self._content = content
        self._validated_at = validated_at
        self._digests: dict[str, bytes] = {}

    def reports(self) -> list[SignatureReport]:
        """Return a report for each signer. Raises SignedContentMissing."""
        return [self._report(one) for one in self._messages]

    def _report(self, message: SignedMessage) -> SignatureReport:
        digest_of = self._digest_of(message)
        mathematics = check_mathematics(message, digest_of, expects=message.content_type)
        if mathematics.integrity is Integrity.INTACT and not message.has_signed_attributes:
            mathematics = _WITHOUT_ATTRIBUTES
        setting = Setting(material_of_message(message), self._validated_at)
        finding = self._judge.judge(
            message,
            integrity=mathematics.integrity,
            problem=mathematics.problem,
            reason=mathematics.reason,
            setting=setting,
            digest_of=digest_of,
        )
        level = level_of(
            message,
            finding,
            is_baseline_format=True,
            embedded=setting.material,
            covered_by=(),
            reader=self._reader,
        )
        return SignatureReport(
            format="CAdES" if level else "CMS",
            message=message,
            verdict=finding.verdict,
            sub_indication=finding.sub_indication,
            reason=finding.reason,
            integrity=mathematics.integrity,
            integrity_reason=mathematics.reason,
            claimed_at=_claimed_at(message),
            proven_at=finding.proven_at,
            level=level,
            # Of what a CMS signature covers, everything is covered or nothing is.
            covers_whole_file=mathematics.integrity is Integrity.INTACT,
            time_stamps=tuple(TimeStampReport(one) for one in finding.time_stamps),
            chain=finding.use.chain if finding.use else None,
            revocation=finding.use.revocation if finding.use else (),
        )

    def _digest_of(self, message: SignedMessage) -> Callable[[str], bytes]:
        enclosed = message.enclosed_content
        if enclosed is not None:
            return lambda name: hashlib.new(name, enclosed).digest()
        if self._content is None:
            raise SignedContentMissing(
                "The signature stands beside the file that it signs. Give that file too.",
                kept=UNCHANGED,
            )
        return self._digest

    def _digest(self, name: str) -> bytes:
        if self._content is not None and name not in self._digests:
            digest = hashlib.new(name)
            self._content.seek(0)
            while chunk := self._content.read(1 << 20):
                digest.update(chunk)
            self._digests[name] = digest.digest()
        return self._digests[name]


def _claimed_at(message: SignedMessage) -> datetime | None:
    with guarded("claimed time"):
        return extract_self_reported_ts(message.signer_info)
