"""What the routes of documents work with: seal one at once, or many by batches."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

from core.access import Principal
from core.clock import Clock
from core.database import Database
from core.transparency.log import TransparencyLog
from signing.documents.batches.batches import DocumentBatches
from signing.documents.batches.files import sha256_of_stream
from signing.documents.kept_answers import KeptAnswers, Wanted
from signing.documents.ports import DocumentSigner, Seals
from signing.documents.sealed import SealedDocument, record_sealed
from signing.documents.signing import DocumentSigning
from signing.documents.stamped import StampedSigning
from signing.documents.stamps.order import StampOrder, StampWishes
from signing.documents.stamps.stored.templates import StampTemplates
from signing.documents.storage import storage
from signing.documents.verification.addresses import VerificationAddresses
from signing.documents.verification.identifiers import DocumentId


@dataclass(frozen=True)
class DocumentDesk:
    """Signs for programs with the seals of their institutions."""

    signing: DocumentSigning
    stamped: StampedSigning
    kept_answers: KeptAnswers
    batches: DocumentBatches
    seals: Seals
    addresses: VerificationAddresses
    templates: StampTemplates
    database: Database
    log: TransparencyLog
    clock: Clock

    def page_of(self, registered: DocumentId | None) -> str | None:
        """Return the page that a stamp leads to."""
        return None if registered is None else self.addresses.printed(registered)

    def sealed(
        self, source: BinaryIO, wanted: Wanted, *, is_kept: bool
    ) -> AbstractContextManager[SealedDocument]:
        """Yield the signed document; the log has it before anybody else.

        ``is_kept``: it is sealed once for its act, and a copy is kept for a while. Raises
        SignerUnknown, SealedDocumentErased, StorageUnavailable, what the engine raises, and what
        stamps refuse.
        """
        # Asked again for what is done, it is answered, also when seal or template ended meanwhile.
        if is_kept and self.kept_answers.has(wanted.act_id):
            return self.kept_answers.answered(wanted.act_id)
        order = self.ordered(wanted.stamp, wanted.by)
        signer = self.seals.seal_for(wanted.by.institution, wanted.seal)
        if is_kept:
            self.kept_answers.seal(source, wanted, signer, order)
            return self.kept_answers.answered(wanted.act_id)
        return self._sealed(source, wanted, signer, order)

    def ordered(self, stamp: StampWishes | None, by: Principal) -> StampOrder | None:
        """Return a stamp's whole order. Raises StampNeedsInstitution, StampTemplateUnknown."""
        return None if stamp is None else self.templates.ordered(stamp, by.institution)

    @contextmanager
    def _sealed(
        self, source: BinaryIO, wanted: Wanted, signer: DocumentSigner, order: StampOrder | None
    ) -> Iterator[SealedDocument]:
        # Small ones stay in memory, others lie in a file that has no name.
        most = self.signing.settings.in_memory_octets
        with tempfile.SpooledTemporaryFile(max_size=most) as spooled:
            result = cast(BinaryIO, spooled)
            registered = None
            with storage():
                if order is None:
                    self.signing.sign(source, result, signer, wanted.options)
                else:
                    registered = self.stamped.sign(
                        source,
                        result,
                        signer,
                        wanted.options,
                        order,
                        institution=wanted.by.institution,
                    ).id
                result.seek(0)
                digest = sha256_of_stream(result)
            with self.database.begin() as connection:
                record_sealed(
                    connection,
                    self.log,
                    act_id=wanted.act_id,
                    by=wanted.by,
                    seal=wanted.seal,
                    level=wanted.options.level,
                    sha256=digest,
                    registered=registered,
                    at=self.clock.now(),
                )
            result.seek(0)
            yield SealedDocument(result, self.page_of(registered))
