"""Sign any other file: a CAdES signature beside it, or around it.

ETSI EN 319 122-1, Section 6: B-B, B-T and B-LT. An archive time-stamp inside a CMS object is not
made: what is to last longer is put into a PDF, or time-stamped again as a file of its own.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from core.clock import Clock
from signing.documents.cades import CmsTemplate
from signing.documents.collected import Collected
from signing.documents.errors import UNHARMED, LevelNotOffered
from signing.documents.evidence import EvidenceCollector
from signing.documents.levels import Level
from signing.documents.portions import portions
from signing.documents.ports import DocumentSigner, SignerIdentity
from signing.documents.settings import DocumentSettings
from signing.documents.tokens import Timestamps


@dataclass(frozen=True)
class DetachedSignature:
    """A CMS object in DER, to be kept beside the file, the time of its time-stamp, its evidence."""

    der: bytes
    stamped_at: datetime | None
    collected: Collected | None = None


@dataclass(frozen=True)
class PendingFileSignature:
    """A file that waits for its signature; ``to_be_signed`` is what the signer signs."""

    signer: SignerIdentity
    template: CmsTemplate
    level: Level
    digest: bytes
    to_be_signed: bytes


class FileSigning:
    """Signs files of any kind; safe in many threads and processes."""

    def __init__(
        self,
        *,
        timestamps: Timestamps,
        evidence: EvidenceCollector,
        settings: DocumentSettings,
        clock: Clock,
    ) -> None:
        self._timestamps = timestamps
        self._evidence = evidence
        self._settings = settings
        self._clock = clock

    def sign(self, source: BinaryIO, signer: DocumentSigner, level: Level) -> DetachedSignature:
        """Return a signature over ``source``, which is read once.

        Raises LevelNotOffered, DocumentTooLarge, SignerExpired, SignerRevoked, SignerSuspended,
        TimestampUnavailable, StatusUnavailable, and what the signer raises.
        """
        pending = self.prepare(source, signer, level)
        return self.complete(pending, signer.sign(pending.to_be_signed))

    def prepare(
        self, source: BinaryIO, signer: SignerIdentity, level: Level
    ) -> PendingFileSignature:
        """Read ``source`` once, and say what is to be signed."""
        if level is Level.B_LTA:
            raise LevelNotOffered(
                "A signature beside a file is made at B-B, B-T or B-LT.", kept=UNHARMED
            )
        self._evidence.check_may_sign(signer)
        template = CmsTemplate.of(signer.certificate, signer.chain, signer.algorithm)
        digest = self._digest(source, template)
        attributes = template.signed_attributes(digest, signing_time=self._clock.now())
        return PendingFileSignature(signer, template, level, digest, attributes)

    def complete(
        self, pending: PendingFileSignature, signature: bytes, *, content: bytes | None = None
    ) -> DetachedSignature:
        """Return the signature with what its level takes; ``content`` is to be inside it."""
        template, level = pending.template, pending.level
        token = kept = None
        if level.is_stamped:
            name = template.digest_name
            token = self._timestamps.stamp(hashlib.new(name, signature).digest(), name)
            if level.has_evidence:
                kept = self._evidence.of_signature(pending.signer, token)
        stamp = None if token is None else token.der
        der = template.content_info(pending.to_be_signed, signature, stamp, kept, content)
        return DetachedSignature(der, None if token is None else token.time, kept)

    def _digest(self, source: BinaryIO, template: CmsTemplate) -> bytes:
        digest = template.new_digest()
        for portion in portions(source, largest_octets=self._settings.largest_octets):
            digest.update(portion)
        result: bytes = digest.digest()
        return result
