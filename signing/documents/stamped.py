"""Sign a PDF with a stamp that leads to the document's own page.

1. The content of the stamp is composed, with an address of its own and the signed summary.
2. It is placed: in a field that the document has, or where the order says.
3. The document is signed.
4. The signed document is registered, before anybody has it: a stamp that is out of the house
   leads to a page.

Steps 1 to 3 alone are :meth:`StampedSigning.sign_unregistered`, for those who first settle which
of several results counts: what step 4 needs then is a :class:`StampFacts`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO

from core.errors import Unacceptable
from signing.documents.fields import empty_field
from signing.documents.options import Placement, SigningOptions
from signing.documents.ports import DocumentSigner
from signing.documents.reading import open_pdf, reading
from signing.documents.signing import DocumentSigning, SignedDocument, name_of
from signing.documents.stamps.content import StampContent, Words
from signing.documents.stamps.order import StampOrder
from signing.documents.stamps.stamping import Stamping
from signing.documents.verification.addresses import VerificationAddresses
from signing.documents.verification.document import DocumentDetails
from signing.documents.verification.identifiers import DocumentId
from signing.documents.verification.issuing import VerifiableStamps
from signing.documents.verification.offices import Offices


class StampNeedsInstitution(Unacceptable):
    """A stamp names the institution that answers for the document, and the caller has none."""

    problem = "stamp-needs-institution"
    title = "A stamp names an institution"


@dataclass(frozen=True)
class StampFacts:
    """What a stamp said that its order did not: what registering it needs."""

    document: DocumentId
    signer: str
    moment: datetime

    def written(self) -> bytes:
        """Return them as they are put down until the document is registered: JSON."""
        values = {
            "document": str(self.document),
            "moment": self.moment.isoformat(),
            "signer": self.signer,
        }
        return json.dumps(values, ensure_ascii=False).encode()

    @classmethod
    def read(cls, octets: bytes) -> StampFacts:
        """Return what :meth:`written` put down."""
        values = json.loads(octets)
        return cls(
            DocumentId.parse(values["document"]),
            values["signer"],
            datetime.fromisoformat(values["moment"]),
        )


@dataclass(frozen=True)
class StampedDocument:
    """What was signed, and the page that its stamp leads to."""

    signed: SignedDocument
    facts: StampFacts
    address: str

    @property
    def id(self) -> DocumentId:
        """The identifier of the page."""
        return self.facts.document


class StampedSigning:
    """Signs PDFs with stamps; safe in many threads and processes."""

    def __init__(
        self,
        *,
        signing: DocumentSigning,
        stamping: Stamping,
        stamps: VerifiableStamps,
        addresses: VerificationAddresses,
        offices: Offices,
    ) -> None:
        self._signing = signing
        self._stamping = stamping
        self._stamps = stamps
        self._addresses = addresses
        self._offices = offices

    def sign(
        self,
        source: BinaryIO,
        target: BinaryIO,
        signer: DocumentSigner,
        options: SigningOptions,
        order: StampOrder,
        *,
        institution: str | None,
        document: DocumentId | None = None,
    ) -> StampedDocument:
        """Read a PDF from ``source``, seekable, and leave it stamped and signed in ``target``.

        ``document`` is the registered document of an earlier signature; without it a new one is.
        Raises StampNeedsInstitution, what stamps refuse, what the engine raises, and what
        registering refuses. Where anything is raised, what ``target`` holds is of no use.
        """
        done = self.sign_unregistered(
            source, target, signer, options, order, institution=institution, document=document
        )
        self.register(done.facts, order, target, institution=institution)  # Step 4.
        return done

    def sign_unregistered(
        self,
        source: BinaryIO,
        target: BinaryIO,
        signer: DocumentSigner,
        options: SigningOptions,
        order: StampOrder,
        *,
        institution: str | None,
        document: DocumentId | None = None,
    ) -> StampedDocument:
        """Take the steps 1 to 3: nobody may have ``target`` before it is registered."""
        institution = answering(institution)
        facts = StampFacts(document or DocumentId.new(), name_of(signer), self._signing.clock.now())
        content = order.content(
            signer=facts.signer,
            ministry=self._offices.name_of(institution),
            moment=facts.moment,
        )
        # Step 1.
        content = self._stamps.complete(
            content,
            facts.document,
            source,
            fields=tuple(order.fields.items()),
            is_summarized=order.place.look.has_qr,
        )
        placed = self._placed(source, options, order, content)  # Step 2.
        source.seek(0)
        signed = self._signing.sign(source, target, signer, placed)  # Step 3.
        return StampedDocument(signed, facts, self._addresses.printed(facts.document))

    def register(
        self, facts: StampFacts, order: StampOrder, signed: BinaryIO, *, institution: str | None
    ) -> None:
        """Register a stamped document that is signed; the same again changes nothing."""
        institution = answering(institution)
        content = order.content(signer=facts.signer, ministry=Words(), moment=facts.moment)
        details = DocumentDetails(
            institution, order.number, order.title, order.subject, order.is_public
        )
        self._stamps.register(content, facts.document, details, signed)

    def _placed(
        self, source: BinaryIO, options: SigningOptions, order: StampOrder, content: StampContent
    ) -> SigningOptions:
        seal = order.seal()
        with reading(self._signing.settings.reading_seconds):
            pdf = open_pdf(source, options.password)
            field = None if options.field is None else empty_field(pdf, options.field)
            if field is None:
                stamp = self._stamping.prepare(order.place, content, pdf=pdf, seal=seal)
                placement = Placement(stamp.place.page, stamp.place.box)
                return replace(options, appearance=stamp.style, placement=placement)
            stamp = self._stamping.prepare_in_field(
                order.place, content, pdf=pdf, page=field.page, box=field.box, seal=seal
            )
            return replace(options, appearance=stamp.style, placement=None)


def answering(institution: str | None) -> str:
    """Return the institution that answers for a stamped document. Raises StampNeedsInstitution."""
    if institution is None:
        raise StampNeedsInstitution(
            "The stamp leads to a page that names the institution which answers for the "
            "document. Say which one it is.",
            kept="Nothing was signed.",
        )
    return institution
