"""A mass revocation as the database holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from ca.revocation.errors import JobUnknown
from ca.revocation.models import revocation_jobs
from ca.revocation.reasons import RevocationReason
from ca.revocation.selection import Selection

# What a BIGINT holds; drivers refuse more.
BIGGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class RevocationJob:
    """A mass revocation as it stands."""

    id: int
    state: str
    selection: Selection
    reason: RevocationReason
    invalidity_date: datetime | None
    justification: str
    expected: int
    revoked: int
    requested_by: str
    requested_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    finished_at: datetime | None

    @property
    def is_done(self) -> bool:
        """Tell whether every selected certificate was dealt with."""
        return self.state == "done"


def lock_job(connection: Connection, job_id: int) -> Row[Any]:
    """Lock a job's row until the transaction ends. Raises JobUnknown."""
    return _find(connection, job_id, select(revocation_jobs).with_for_update())


def read_job(connection: Connection, job_id: int) -> RevocationJob:
    """Return a job as it stands. Raises JobUnknown."""
    return job_of(_find(connection, job_id, select(revocation_jobs)))


def _find(connection: Connection, job_id: int, query: Select[Any]) -> Row[Any]:
    row = None
    if job_id <= BIGGEST_ID:
        row = connection.execute(query.where(revocation_jobs.c.id == job_id)).one_or_none()
    if row is None:
        raise JobUnknown("There is no mass revocation of this number.")
    return row


def job_of(row: Row[Any]) -> RevocationJob:
    """Return the job that a row of ``revocation_jobs`` holds."""
    return RevocationJob(
        id=row.id,
        state=row.state,
        selection=Selection.from_json(row.selection),
        reason=RevocationReason(row.reason),
        invalidity_date=row.invalidity_date,
        justification=row.justification,
        expected=row.expected,
        revoked=row.revoked,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        approved_by=row.approved_by,
        approved_at=row.approved_at,
        finished_at=row.finished_at,
    )
