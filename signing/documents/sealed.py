"""What was sealed at once: who asked for it, and what the log committed to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import Connection, insert, select

from core.access import Principal
from core.transparency.entry import LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from signing.documents.levels import Level
from signing.documents.models import sealed_documents
from signing.documents.verification.identifiers import DocumentId


@dataclass(frozen=True)
class SealedDocument:
    """A signed document, at its beginning; ``address`` is the page that its stamp leads to."""

    content: BinaryIO
    address: str | None


@dataclass(frozen=True)
class SealedRecord:
    """What is known of a sealed document: its SHA-256, and what it is registered as."""

    sha256: bytes
    registered: DocumentId | None


def find_sealed(connection: Connection, act_id: str) -> SealedRecord | None:
    """Return what an act sealed, None for nothing."""
    row = connection.execute(
        select(sealed_documents).where(sealed_documents.c.id == act_id)
    ).one_or_none()
    if row is None:
        return None
    return SealedRecord(row.sha256, None if row.registered is None else DocumentId(row.registered))


def record_sealed(
    connection: Connection,
    log: TransparencyLog,
    *,
    act_id: str,
    by: Principal,
    seal: str,
    level: Level,
    sha256: bytes,
    registered: DocumentId | None,
    at: datetime,
) -> None:
    """Record a sealed document with its log entry. Raises IntegrityError where the act has one."""
    salt = new_salt()
    facts = {"act": act_id, "document": commitment(salt, sha256), "level": level.value}
    [index] = log.append(connection, [LogEntry("document-sealed", at, facts)])
    connection.execute(
        insert(sealed_documents).values(
            id=act_id,
            submitter=by.id,
            institution=by.institution,
            seal=seal,
            level=level.value,
            sha256=sha256,
            sealed_at=at,
            salt=salt,
            log_index=index,
            registered=None if registered is None else registered.octets,
        )
    )
