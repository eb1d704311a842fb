"""What signers were asked to sign, kept until it is signed or too old."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from core.clock import Clock
from core.database import Database
from signing.approval.files import ApprovalFiles
from signing.approval.models import approval_signings
from signing.documents.revisions import Gap


@dataclass(frozen=True)
class Signing:
    """A revision that waits for its signature; its file has this id.

    ``revision``: the one that it is appended to. ``to_be_signed``: DER of the signed attributes.
    """

    id: str
    approval: str
    participant: int
    by: str
    revision: int
    credential: str
    certificate_sha256: bytes
    gap: Gap
    to_be_signed: bytes
    expires_at: datetime


class Signings:
    """Keeps them: of one signer in one place the newest."""

    def __init__(self, *, database: Database, files: ApprovalFiles, clock: Clock) -> None:
        self._database = database
        self._files = files
        self._clock = clock

    def keep(self, signing: Signing) -> None:
        """Keep one in the place of those that the same signer prepared there before."""
        start, end = signing.gap.span
        before = self._of(signing.approval, signing.participant, signing.by)
        with self._database.begin() as connection:
            connection.execute(
                insert(approval_signings).values(
                    id=signing.id,
                    approval=signing.approval,
                    participant=signing.participant,
                    by=signing.by,
                    revision=signing.revision,
                    credential=signing.credential,
                    certificate_sha256=signing.certificate_sha256,
                    field=signing.gap.field,
                    document_digest=signing.gap.digest,
                    gap_start=start,
                    gap_end=end,
                    to_be_signed=signing.to_be_signed,
                    expires_at=signing.expires_at,
                )
            )
        for one in before:
            # One that is signed already waits to be settled.
            if not self._files.has(self._files.revision(one.approval, one.id)):
                self.drop(one)

    def newest(self, approval_id: str, participant: int, by: str) -> Signing | None:
        """Return what a signer prepared last in a place, None where that is too old."""
        for one in reversed(self._of(approval_id, participant, by)):
            return one if one.expires_at > self._clock.now() else None
        return None

    def all_open(self) -> Sequence[Signing]:
        """Return all, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(approval_signings).order_by(approval_signings.c.id))
            return [_signing_of(row) for row in rows]

    def drop(self, signing: Signing) -> None:
        """Forget one, and its files that are no revision."""
        with self._database.begin() as connection:
            delete_signing(connection, signing)
        self._files.drop(self._files.prepared(signing.approval, signing.id))

    def _of(self, approval_id: str, participant: int, by: str) -> list[Signing]:
        query = (
            select(approval_signings)
            .where(
                approval_signings.c.approval == approval_id,
                approval_signings.c.participant == participant,
                approval_signings.c.by == by,
            )
            .order_by(approval_signings.c.id)
        )
        with self._database.read() as connection:
            return [_signing_of(row) for row in connection.execute(query)]


def delete_signing(connection: Connection, signing: Signing) -> bool:
    """Delete a row; tell whether it was there."""
    deleted = connection.execute(
        delete(approval_signings).where(approval_signings.c.id == signing.id)
    )
    return bool(deleted.rowcount)


def _signing_of(row: Row[Any]) -> Signing:
    return Signing(
        id=row.id,
        approval=row.approval,
        participant=row.participant,
        by=row.by,
        revision=row.revision,
        credential=row.credential,
        certificate_sha256=row.certificate_sha256,
        gap=Gap.at(row.field, row.document_digest, (row.gap_start, row.gap_end)),
        to_be_signed=row.to_be_signed,
        expires_at=row.expires_at,
    )
