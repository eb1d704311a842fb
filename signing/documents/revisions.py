"""Revisions appended to a PDF: a signature, and an archive of evidence under a time-stamp.

ISO 32000-2, Section 7.5.6: earlier octets stay as they are, so earlier signatures stay valid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pyhanko.pdf_utils.extensions import DeveloperExtension
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import constants
from pyhanko.sign.signers.cms_embedder import (
    PdfCMSEmbedder,
    SigAppearanceSetup,
    SigObjSetup,
)
from pyhanko.sign.signers.pdf_byterange import (
    BuildProps,
    DocumentTimestamp,
    PdfSignedData,
    PreparedByteRangeDigest,
    SignatureObject,
)

from signing.documents.fields import apply_lock, choose_field, free_name, locking_of
from signing.documents.options import SigningOptions
from signing.documents.reading import check_pages
from signing.documents.seed_values import check_seed_values
from signing.documents.working_copy import WorkingCopy

PHNOM_PENH = ZoneInfo("Asia/Phnom_Penh")
_ESIC: DeveloperExtension = constants.ESIC_EXTENSION_1
_BUILT_BY = BuildProps(name="camtrust")


@dataclass(frozen=True)
class Gap:
    """A revision as written, with room for a CMS object; ``digest`` is of all around it."""

    field: str
    digest: bytes
    _place: PreparedByteRangeDigest

    @classmethod
    def at(cls, field: str, digest: bytes, span: tuple[int, int]) -> Gap:
        """Return the gap of a revision that was written before, in another process perhaps."""
        return cls(field, digest, PreparedByteRangeDigest(digest, *span))

    @property
    def span(self) -> tuple[int, int]:
        """Where the room for the CMS object begins and ends, in octets."""
        return self._place.reserved_region_start, self._place.reserved_region_end

    def fill(self, copy: WorkingCopy, der: bytes) -> None:
        """Put the CMS object in."""
        self._place.fill_with_cms(copy.stream, der)


def append_signature(
    writer: IncrementalPdfFileWriter,
    copy: WorkingCopy,
    options: SigningOptions,
    *,
    signer_name: str,
    at: datetime,
    octets: int,
) -> Gap:
    """Append a signature with room for ``octets``. Raises what :func:`choose_field` raises."""
    check_pages(writer)
    chosen = choose_field(writer, options)
    _declare_pades(writer)
    embedding = PdfCMSEmbedder(chosen.to_make).write_cms(
        chosen.name, writer, existing_fields_only=chosen.to_make is None
    )
    field = next(embedding).get_object()
    check_seed_values(field, options, copy.hash_name)
    apply_lock(writer, field, options)
    placeholder = SignatureObject(
        timestamp=at.astimezone(PHNOM_PENH),
        subfilter=SigSeedSubFilter.PADES,
        reason=options.reason,
        location=options.location,
        name=signer_name,
        bytes_reserved=2 * octets,
        app_build_props=_BUILT_BY,
    )
    appearance = None
    if options.appearance is not None:
        appearance = SigAppearanceSetup(
            style=options.appearance, timestamp=at.astimezone(PHNOM_PENH), name=signer_name
        )
    locking = locking_of(field, options, copy.hash_name)
    embedding.send(SigObjSetup(placeholder, locking, appearance))
    return _append(writer, copy, chosen.name, placeholder)


def append_timestamp(writer: IncrementalPdfFileWriter, copy: WorkingCopy, *, octets: int) -> Gap:
    """Append a document time-stamp with room for ``octets`` (EN 319 142-1, Section 5.4.3)."""
    name = free_name(writer, "Timestamp")
    _declare_pades(writer)
    embedding = PdfCMSEmbedder(SigFieldSpec(name)).write_cms(name, writer)
    next(embedding)
    placeholder = DocumentTimestamp(bytes_reserved=2 * octets)
    embedding.send(SigObjSetup(placeholder))
    return _append(writer, copy, name, placeholder)


def _declare_pades(writer: IncrementalPdfFileWriter) -> None:
    # EN 319 142-1, Section 5.2: PDF 1.7 with ETSI's extension; PDF 2.0 has it in itself.
    writer.ensure_output_version(version=(1, 7))
    if writer.output_version < (2, 0):
        writer.register_extension(_ESIC)


def _append(
    writer: IncrementalPdfFileWriter, copy: WorkingCopy, name: str, placeholder: PdfSignedData
) -> Gap:
    writer.digest_aware_write = True
    writer.write_in_place()
    eof = copy.stream.tell()
    start, end = placeholder.contents.offsets
    byte_range: Any = placeholder.byte_range
    byte_range.fill_offsets(copy.stream, start, end, eof)
    digest = copy.digest_around(start, end, eof)
    return Gap(name, digest, PreparedByteRangeDigest(digest, start, end))
