"""Evidence kept in a PDF, and its time-stamp: made once, and renewed before it decays.

ETSI EN 319 142-1, Sections 5.4.2 and 5.4.3. A time-stamp holds as long as its unit's certificate
and its algorithms do; a newer one over it, with what proves the older one, holds on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from pyhanko.pdf_utils.generic import EncryptedObjAccess
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import enumerate_sig_fields

from signing.documents.collected import Collected
from signing.documents.entries import entry
from signing.documents.errors import UNHARMED, NothingToRenew
from signing.documents.evidence import EvidenceCollector
from signing.documents.reading import open_pdf, reading
from signing.documents.revisions import append_timestamp
from signing.documents.security_store import keep_in_document
from signing.documents.settings import DocumentSettings
from signing.documents.tokens import Timestamps, Token, read_embedded
from signing.documents.working_copy import WorkingCopy

# A renewal is what strengthens an old document, so it takes more than today needs.
RENEWAL_HASH = "sha512"


@dataclass(frozen=True)
class RenewedArchive:
    """A document with one more time-stamp: when the last one was made, and the new one."""

    last_stamped_at: datetime
    stamped_at: datetime


class Archiving:
    """Keeps evidence in documents."""

    def __init__(
        self,
        *,
        timestamps: Timestamps,
        evidence: EvidenceCollector,
        settings: DocumentSettings,
    ) -> None:
        self._timestamps = timestamps
        self._evidence = evidence
        self._settings = settings

    def keep(
        self, copy: WorkingCopy, collected: Collected, *, password: str | None, is_stamped: bool
    ) -> Token | None:
        """Append a revision with the evidence, under a time-stamp if ``is_stamped``.

        Raises TimestampUnavailable, and what reading refuses.
        """
        with reading(self._settings.reading_seconds):
            writer = open_pdf(copy.stream, password)
            _keep(writer, collected)
            if not is_stamped:
                writer.write_in_place()
                return None
            gap = append_timestamp(writer, copy, octets=self._timestamps.reserve)
        token = self._timestamps.stamp(gap.digest, copy.hash_name)
        gap.fill(copy, token.der)
        return token

    def renew(self, source: BinaryIO, target: BinaryIO, password: str | None) -> RenewedArchive:
        """Read a PDF from ``source``, and leave it with a newer archive time-stamp in ``target``.

        Raises NothingToRenew, StatusUnavailable, TimestampUnavailable, and what reading refuses.
        """
        copy = WorkingCopy(target, hash_name=RENEWAL_HASH)
        copy.take(source, largest_octets=self._settings.largest_octets)
        with reading(self._settings.reading_seconds):
            last = _last_timestamp(open_pdf(target, password))
        if last is None:
            raise NothingToRenew(
                "The document has no archive time-stamp. Sign it at level B-LTA first.",
                kept=UNHARMED,
            )
        collected = self._evidence.of_token(last, ())
        renewed = self.keep(copy, collected, password=password, is_stamped=True)
        assert renewed is not None  # noqa: S101 - it was to be stamped
        return RenewedArchive(last.time, renewed.time)


def _keep(writer: IncrementalPdfFileWriter, collected: Collected) -> None:
    keep_in_document(
        writer,
        certificates=collected.certificates,
        ocsp_responses=collected.ocsp_responses,
        crls=collected.crls,
    )


def _last_timestamp(writer: IncrementalPdfFileWriter) -> Token | None:
    stamps = [
        value
        for _name, _value, field in enumerate_sig_fields(writer)
        if (value := entry(field.get_object(), "/V")) is not None
        and entry(value, "/Type") == "/DocTimeStamp"
    ]
    if not stamps:
        return None
    # The one whose signed octets reach farthest is over all others.
    last = max(stamps, key=_reach)
    contents: Any = last.raw_get("/Contents", decrypt=EncryptedObjAccess.RAW)
    return read_embedded(contents.original_bytes)


def _reach(stamp: Any) -> int:
    _, _, start, octets = stamp["/ByteRange"]
    return int(start) + int(octets)
