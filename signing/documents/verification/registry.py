"""Registered documents: found, added to, published, withdrawn. Each change is logged.

The log holds commitments alone: whoever reads it learns no identifier, and so sees no page.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from core.canonical_json import canonical_json
from core.clock import Clock
from core.database import Database
from core.errors import Unacceptable
from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from signing.documents.verification.document import (
    DocumentDetails,
    DocumentState,
    RegisteredDocument,
    RegisteredSignature,
    document_of,
    signature_of,
)
from signing.documents.verification.errors import (
    DocumentIdTaken,
    DocumentUnknown,
    DocumentWithdrawn,
)
from signing.documents.verification.identifiers import DocumentId
from signing.documents.verification.models import (
    document_announcements,
    registered_documents,
    registered_signatures,
)

LONGEST_TEXT = 500
LONGEST_NUMBER = 100


class DetailsTooLong(Unacceptable):
    """A number, title, subject or reason is longer than a page shows."""

    problem = "document-details-too-long"
    title = "A text about the document is too long"


class Registry:
    """Keeps documents. ``platforms`` are the names of those that are told of each signature."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        clock: Clock,
        platforms: Collection[str] = (),
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._platforms = tuple(platforms)

    def register(
        self, document: DocumentId, details: DocumentDetails, signature: RegisteredSignature
    ) -> RegisteredDocument:
        """Register a signature of a document; with the first one, the document itself.

        The same again changes nothing. Details count with the first signature. Raises
        DocumentIdTaken, DocumentWithdrawn, DetailsTooLong and Unavailable.
        """
        _check_lengths(details)
        try:
            with self._database.begin() as connection:
                self._register(connection, document, details, signature)
        except IntegrityError:
            # The same was registered at this moment by another process, or something else was.
            with self._database.begin() as connection:
                self._register(connection, document, details, signature)
        return self.find(document)

    def find(self, document: DocumentId, *, institution: str | None = None) -> RegisteredDocument:
        """Return a document. Raises DocumentUnknown, also where it is not ``institution``'s."""
        with self._database.read() as connection:
            row = _row(connection, document)
            if institution not in {None, row.institution}:
                raise _unknown()
            return _with_signatures(connection, [row])[0]

    def page(
        self, institution: str, *, limit: int, after: DocumentId | None = None
    ) -> Sequence[RegisteredDocument]:
        """Return up to ``limit`` documents of an institution, newest first, after ``after``."""
        table = registered_documents
        query = select(table).where(table.c.institution == institution)
        order = (table.c.registered_at, table.c.id)
        if after is not None:
            last = select(*order).where(table.c.id == after.octets).subquery()
            query = query.join(last, tuple_(*order) < tuple_(last.c.registered_at, last.c.id))
        query = query.order_by(*(column.desc() for column in order)).limit(limit)
        with self._database.read() as connection:
            return _with_signatures(connection, connection.execute(query).all())

    def set_public(self, document: DocumentId, *, institution: str, is_public: bool) -> None:
        """Show title and subject to whoever has the address, or hide them.

        Raises DocumentUnknown, also for another institution's document, and Unavailable.
        """
        with self._database.begin() as connection:
            row = _row(connection, document, institution=institution)
            if row.is_public == is_public:
                return
            connection.execute(
                update(registered_documents)
                .where(registered_documents.c.id == document.octets)
                .values(is_public=is_public)
            )
            self._note(connection, "document-published" if is_public else "document-hidden", row)

    def withdraw(self, document: DocumentId, *, institution: str, reason: str) -> None:
        """Say that the institution no longer stands by a document; a second time changes nothing.

        Raises DocumentUnknown, also for another institution's document, DetailsTooLong and
        Unavailable.
        """
        if not 0 < len(reason.strip()) <= LONGEST_TEXT:
            raise DetailsTooLong(f"A reason has 1 to {LONGEST_TEXT} characters.")
        with self._database.begin() as connection:
            row = _row(connection, document, institution=institution)
            if row.state == DocumentState.WITHDRAWN:
                return
            connection.execute(
                update(registered_documents)
                .where(registered_documents.c.id == document.octets)
                .values(
                    state=DocumentState.WITHDRAWN,
                    withdrawn_at=self._clock.now(),
                    withdrawal_reason=reason.strip(),
                )
            )
            self._note(connection, "document-withdrawn", row)

    def _register(
        self,
        connection: Connection,
        document: DocumentId,
        details: DocumentDetails,
        signature: RegisteredSignature,
    ) -> None:
        query = select(registered_documents).where(registered_documents.c.id == document.octets)
        row = connection.execute(query.with_for_update()).one_or_none()
        if row is None:
            salt = new_salt()
            connection.execute(
                insert(registered_documents).values(self._values(document, details, salt))
            )
        else:
            if row.institution != details.institution:
                raise DocumentIdTaken("This identifier belongs to another institution's document.")
            if _is_there(connection, document, signature):
                return
            if row.state == DocumentState.WITHDRAWN:
                raise DocumentWithdrawn("The document was withdrawn: register a new one.")
            salt = row.salt
        self._add_signature(connection, document, details.institution, salt, signature)

    def _values(
        self, document: DocumentId, details: DocumentDetails, salt: bytes
    ) -> dict[str, object]:
        return {
            "id": document.octets,
            "institution": details.institution,
            "number": details.number,
            "title": details.title,
            "subject": details.subject,
            "is_public": details.is_public,
            "state": DocumentState.VALID,
            "registered_at": self._clock.now(),
            "salt": salt,
        }

    def _add_signature(
        self,
        connection: Connection,
        document: DocumentId,
        institution: str,
        salt: bytes,
        signature: RegisteredSignature,
    ) -> None:
        position = (
            1
            + connection.execute(
                select(func.count())
                .select_from(registered_signatures)
                .where(registered_signatures.c.document == document.octets)
            ).scalar_one()
        )
        self._announce(connection, document, position)
        facts: dict[str, JsonValue] = {
            "document": commitment(salt, document.octets),
            "institution": institution,
            "position": position,
            "signature": commitment(salt, signature_octets(document, position, signature)),
        }
        [index] = self._log.append(
            connection, [LogEntry("document-registered", self._clock.now(), facts)]
        )
        row = _signature_values(signature) | {
            "document": document.octets,
            "position": position,
            "log_index": index,
        }
        connection.execute(insert(registered_signatures).values(row))

    def _announce(self, connection: Connection, document: DocumentId, position: int) -> None:
        for platform in self._platforms:
            connection.execute(
                insert(document_announcements).values(
                    document=document.octets,
                    position=position,
                    platform=platform,
                    state="waiting",
                    tries=0,
                    next_try_at=self._clock.now(),
                )
            )

    def _note(self, connection: Connection, kind: str, row: Row[tuple[object, ...]]) -> None:
        facts: dict[str, JsonValue] = {
            "document": commitment(row.salt, row.id),
            "institution": row.institution,
        }
        self._log.append(connection, [LogEntry(kind, self._clock.now(), facts)])


def signature_octets(document: DocumentId, position: int, signature: RegisteredSignature) -> bytes:
    """Return what the log's entry commits to: canonical JSON of a signature's facts."""
    return canonical_json(
        {
            "document": str(document),
            "length": signature.length,
            "on_behalf_of": [signature.on_behalf_of.khmer, signature.on_behalf_of.english],
            "position": position,
            "sha256": signature.sha256.hex(),
            "signed_at": signature.signed_at.astimezone(UTC).isoformat(timespec="seconds"),
            "signer": [signature.signer.khmer, signature.signer.english],
            "title": [signature.title.khmer, signature.title.english],
        }
    )


def _signature_values(signature: RegisteredSignature) -> dict[str, object]:
    return {
        "signer_km": signature.signer.khmer,
        "signer_en": signature.signer.english,
        "title_km": signature.title.khmer,
        "title_en": signature.title.english,
        "on_behalf_of_km": signature.on_behalf_of.khmer,
        "on_behalf_of_en": signature.on_behalf_of.english,
        "signed_at": signature.signed_at,
        "sha256": signature.sha256,
        "length": signature.length,
    }


def _row(
    connection: Connection, document: DocumentId, *, institution: str | None = None
) -> Row[tuple[object, ...]]:
    query = select(registered_documents).where(registered_documents.c.id == document.octets)
    if institution is not None:
        query = query.where(registered_documents.c.institution == institution).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        raise _unknown()
    return row


def _unknown() -> DocumentUnknown:
    return DocumentUnknown(
        "No document is registered under this identifier. Compare the identifier with the one "
        "on the paper, letter by letter; if it is the same, do not rely on the paper."
    )


def _with_signatures(connection: Connection, rows: Sequence[Row[Any]]) -> list[RegisteredDocument]:
    found = connection.execute(
        select(registered_signatures)
        .where(registered_signatures.c.document.in_([row.id for row in rows]))
        .order_by(registered_signatures.c.position)
    ).all()
    signatures: dict[bytes, list[RegisteredSignature]] = {row.id: [] for row in rows}
    for one in found:
        signatures[one.document].append(signature_of(one))
    return [document_of(row, signatures[row.id]) for row in rows]


def _is_there(connection: Connection, document: DocumentId, signature: RegisteredSignature) -> bool:
    query = select(registered_signatures.c.position).where(
        registered_signatures.c.document == document.octets,
        registered_signatures.c.sha256 == signature.sha256,
    )
    return connection.execute(query).one_or_none() is not None


def _check_lengths(details: DocumentDetails) -> None:
    if len(details.number) > LONGEST_NUMBER:
        raise DetailsTooLong(f"A number has at most {LONGEST_NUMBER} characters.")
    if max(len(details.title), len(details.subject)) > LONGEST_TEXT:
        raise DetailsTooLong(f"A title or subject has at most {LONGEST_TEXT} characters.")
