"""Sign a PDF: the steps in their order, each over before the next is begun.

1. The signer may sign: the certificate is within its time, and neither revoked nor on hold.
2. The document is copied within the size limit, hashed as it is copied.
3. Its structure is read within bounds, the field chosen, and a revision appended with room for
   the signature.
4. The signer signs the attributes that hold the document's digest.
5. The signature is time-stamped (B-T), and put in its place.
6. A live answer about the signer, given after the time-stamp, is kept in the document with all
   certificates (B-LT).
7. All of it is time-stamped (B-LTA).

ETSI EN 319 142-1, Section 6. Until the last step is over nobody sees the copy.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from cryptography import x509
from cryptography.x509.oid import NameOID

from core.clock import Clock
from signing.documents.archiving import Archiving
from signing.documents.cades import CmsTemplate
from signing.documents.collected import Collected
from signing.documents.evidence import EvidenceCollector
from signing.documents.levels import Level
from signing.documents.options import SigningOptions
from signing.documents.ports import DocumentSigner, SignerIdentity, StatusSource, TimestampSource
from signing.documents.reading import open_pdf, reading
from signing.documents.revisions import Gap, append_signature
from signing.documents.settings import DocumentSettings
from signing.documents.tokens import Timestamps
from signing.documents.working_copy import WorkingCopy

_TEMPLATES_KEPT = 64


@dataclass(frozen=True)
class PendingSignature:
    """A document that waits for its signature; ``to_be_signed`` is what the signer signs.

    The first ``document_octets`` of its copy are the document as it came; 0 where another process
    prepared it.
    """

    copy: WorkingCopy
    gap: Gap
    signer: SignerIdentity
    template: CmsTemplate
    options: SigningOptions
    to_be_signed: bytes
    document_octets: int = 0


@dataclass(frozen=True)
class SignedDocument:
    """What was signed: in which field, at which level, the time of its time-stamp, its evidence."""

    field: str
    level: Level
    stamped_at: datetime | None
    collected: Collected | None = None


class DocumentSigning:
    """Signs PDFs; safe in many threads and processes."""

    def __init__(
        self,
        *,
        timestamps: TimestampSource,
        statuses: StatusSource,
        settings: DocumentSettings,
        clock: Clock,
    ) -> None:
        self.timestamps = Timestamps(timestamps)
        self.evidence = EvidenceCollector(
            statuses=statuses, kept=settings.evidence_kept, clock=clock
        )
        self.archiving = Archiving(
            timestamps=self.timestamps, evidence=self.evidence, settings=settings
        )
        self.settings = settings
        self.clock = clock
        self._templates: dict[x509.Certificate, CmsTemplate] = {}

    def sign(
        self, source: BinaryIO, target: BinaryIO, signer: DocumentSigner, options: SigningOptions
    ) -> SignedDocument:
        """Read a PDF from ``source`` and leave it signed in ``target``, empty and seekable.

        Where anything is raised, what ``target`` holds is of no use to anybody.
        """
        pending = self.prepare(source, target, signer, options)
        return self.complete(pending, signer.sign(pending.to_be_signed))  # Step 4.

    def prepare(
        self, source: BinaryIO, target: BinaryIO, signer: SignerIdentity, options: SigningOptions
    ) -> PendingSignature:
        """Take steps 1 to 3, and say what is to be signed."""
        self.evidence.check_may_sign(signer)  # Step 1.
        template = self._template_of(signer)
        copy = WorkingCopy(target, hash_name=template.digest_name)
        octets = copy.take(source, largest_octets=self.settings.largest_octets)  # Step 2.
        token_octets = self.timestamps.reserve if options.level.is_stamped else 0
        with reading(self.settings.reading_seconds):  # Step 3.
            gap = append_signature(
                open_pdf(target, options.password),
                copy,
                options,
                signer_name=name_of(signer),
                at=self.clock.now(),
                octets=template.longest(token_octets),
            )
        return PendingSignature(
            copy,
            gap,
            signer,
            template,
            options,
            template.signed_attributes(gap.digest),
            document_octets=octets,
        )

    def resume(
        self,
        target: BinaryIO,
        gap: Gap,
        signer: DocumentSigner,
        options: SigningOptions,
        *,
        to_be_signed: bytes,
    ) -> PendingSignature:
        """Go on with what :meth:`prepare` left in ``target``, in another process perhaps.

        Up to B-LT: the hash that a document time-stamp goes on with was not kept.
        """
        template = self._template_of(signer)
        copy = WorkingCopy(target, hash_name=template.digest_name)
        return PendingSignature(copy, gap, signer, template, options, to_be_signed)

    def _template_of(self, signer: SignerIdentity) -> CmsTemplate:
        template = self._templates.get(signer.certificate)
        if template is None:
            template = CmsTemplate.of(signer.certificate, signer.chain, signer.algorithm)
            # A new one each time: others may be reading. Those of few signers are kept.
            recent = list(self._templates.items())[-_TEMPLATES_KEPT:]
            self._templates = {**dict(recent), signer.certificate: template}
        return template

    def complete(self, pending: PendingSignature, signature: bytes) -> SignedDocument:
        """Take the signature and the steps from 5 on."""
        level = pending.options.level
        token = collected = None
        if level.is_stamped:  # Step 5.
            digest = hashlib.new(pending.copy.hash_name, signature).digest()
            token = self.timestamps.stamp(digest, pending.copy.hash_name)
        der = pending.template.content_info(
            pending.to_be_signed, signature, None if token is None else token.der
        )
        pending.gap.fill(pending.copy, der)
        if level.has_evidence and token is not None:  # Steps 6 and 7.
            collected = self.evidence.of_signature(pending.signer, token)
            self.archiving.keep(
                pending.copy,
                collected,
                password=pending.options.password,
                is_stamped=level is Level.B_LTA,
            )
        stamped_at = None if token is None else token.time
        return SignedDocument(pending.gap.field, level, stamped_at, collected)


def name_of(signer: SignerIdentity) -> str:
    """Return the common name of a signer's certificate; the whole subject where it has none."""
    names = signer.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else signer.certificate.subject.rfc4514_string()
