"""Revoke very many certificates: proposed by one officer, approved by another, resumable.

A job remembers how far it came (``cursor``) in the very transaction that came so far. It can be
killed at any moment and run again, by any process: nothing is done twice, nothing left out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from ca.models import certificates, revocations
from ca.revocation.changes import apply_wish, select_targets, target_of
from ca.revocation.errors import (
    AlreadyRevoked,
    CertificateExpired,
    JobClosed,
    JobNotApproved,
    ReasonRefused,
    SecondOfficerNeeded,
)
from ca.revocation.jobs import RevocationJob, job_of, lock_job, read_job
from ca.revocation.models import revocation_jobs
from ca.revocation.reasons import RevocationReason
from ca.revocation.retention import Retention
from ca.revocation.selection import Selection
from ca.revocation.standing import Revoke, Standing, check_invalidity_date
from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, LogEntry
from core.transparency.log import TransparencyLog

# DESIGN: batches of 500 to 1,000 items a task; on SQLite other writers wait for one batch.
BATCH = 500


class MassRevocation:
    """Counts, proposes, approves and runs mass revocations."""

    def __init__(
        self, *, database: Database, log: TransparencyLog, retention: Retention, clock: Clock
    ) -> None:
        self._database = database
        self._log = log
        self._retention = retention
        self._clock = clock

    def count(self, selection: Selection) -> int:
        """Return how many certificates would be revoked now: what a dry run reports."""
        with self._database.read() as connection:
            return _count(connection, selection, self._clock.now())

    def propose(
        self,
        selection: Selection,
        *,
        reason: RevocationReason,
        officer: str,
        justification: str,
        invalidity_date: datetime | None = None,
    ) -> RevocationJob:
        """Ask for a mass revocation; nothing is revoked until another officer approves it.

        Raises ReasonRefused for certificateHold and cACompromise, and InvalidityDateRefused.
        """
        if reason in {RevocationReason.CERTIFICATE_HOLD, RevocationReason.CA_COMPROMISE}:
            raise ReasonRefused(f"A mass revocation is for good, and not with {reason}.")
        now = self._clock.now()
        # Said now: refused in a batch, it would hold up every other job.
        check_invalidity_date(invalidity_date, now)
        with self._database.begin() as connection:
            expected = _count(connection, selection, now)
            job_id = connection.execute(
                revocation_jobs.insert()
                .values(
                    state="proposed",
                    selection=selection.to_json(),
                    reason=str(reason),
                    invalidity_date=invalidity_date,
                    justification=justification,
                    expected=expected,
                    requested_by=officer,
                    requested_at=now,
                )
                .returning(revocation_jobs.c.id)
            ).scalar_one()
            self._log_step(connection, "mass-revocation-proposed", job_id, now, expected=expected)
            return read_job(connection, job_id)

    def approve(self, job_id: int, *, officer: str) -> RevocationJob:
        """Let a proposed job run. Certificates issued later are not part of it.

        Raises JobUnknown, JobClosed or SecondOfficerNeeded.
        """
        now = self._clock.now()
        with self._database.begin() as connection:
            self._step(connection, job_id)
            newest = select(func.coalesce(func.max(certificates.c.id), 0)).scalar_subquery()
            try:
                with connection.begin_nested():
                    # The rule of two officers is the table's constraint.
                    connection.execute(
                        update(revocation_jobs)
                        .where(revocation_jobs.c.id == job_id)
                        .values(
                            state="approved", approved_by=officer, approved_at=now, horizon=newest
                        )
                    )
            except IntegrityError as error:
                raise SecondOfficerNeeded(
                    "Whoever asked for the mass revocation cannot approve it.",
                    kept="The proposal waits for a second officer.",
                ) from error
            self._log_step(connection, "mass-revocation-approved", job_id, now)
            return read_job(connection, job_id)

    def withdraw(self, job_id: int) -> RevocationJob:
        """Give a proposed job up. Raises JobUnknown or JobClosed."""
        now = self._clock.now()
        with self._database.begin() as connection:
            self._step(connection, job_id)
            connection.execute(
                update(revocation_jobs)
                .where(revocation_jobs.c.id == job_id)
                .values(state="withdrawn", finished_at=now)
            )
            self._log_step(connection, "mass-revocation-withdrawn", job_id, now)
            return read_job(connection, job_id)

    def job(self, job_id: int) -> RevocationJob:
        """Return a job as it stands. Raises JobUnknown."""
        with self._database.read() as connection:
            return read_job(connection, job_id)

    def open_jobs(self) -> list[RevocationJob]:
        """Return the jobs that wait for approval or are not finished, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(revocation_jobs)
                .where(revocation_jobs.c.state.in_(["proposed", "approved"]))
                .order_by(revocation_jobs.c.id)
            )
            return [job_of(row) for row in rows]

    def run(
        self, job_id: int, *, report: Callable[[RevocationJob], None] | None = None
    ) -> RevocationJob:
        """Work an approved job off, from where it stands to its end.

        Each batch is one transaction. Raises JobUnknown, JobNotApproved or JobClosed, and
        Unavailable when database or log is away: run it again, it goes on where it was.
        """
        job = self.run_batch(job_id)
        while not job.is_done:
            if report is not None:
                report(job)
            job = self.run_batch(job_id)
        return job

    def run_batch(self, job_id: int, *, batch: int = BATCH) -> RevocationJob:
        """Do the next ``batch`` certificates of an approved job. Raises as :meth:`run`."""
        now = self._clock.now()
        with self._database.begin() as connection:
            row = lock_job(connection, job_id)
            if row.state == "done":
                return job_of(row)
            if row.state != "approved":
                raise JobNotApproved("A second officer has to approve the mass revocation first.")
            last_index = self._advance(connection, row, batch, now)
            job = read_job(connection, job_id)
        if last_index is not None:
            self._log.ensure_published(last_index)
        return job

    def _advance(
        self, connection: Connection, row: Row[Any], batch: int, now: datetime
    ) -> int | None:
        job = job_of(row)
        found = connection.execute(
            select_targets()
            .select_from(certificates.outerjoin(revocations, _SAME))
            .where(
                *_revocable(job.selection, now),
                certificates.c.id > row.cursor,
                certificates.c.id <= row.horizon,
            )
            .order_by(certificates.c.id)
            .limit(batch)
        ).all()
        if not found:
            self._finish(connection, job, now)
            return None
        outcome = apply_wish(
            connection,
            log=self._log,
            retention=self._retention,
            targets=[target_of(one) for one in found],
            wish=Revoke(job.reason, job.invalidity_date),
            now=now,
        )
        for _target, refusal in outcome.refused:
            # One expired or revoked for another reason meanwhile; its own standing is right.
            if not isinstance(refusal, CertificateExpired | AlreadyRevoked):
                raise refusal
        connection.execute(
            update(revocation_jobs)
            .where(revocation_jobs.c.id == job.id)
            .values(cursor=found[-1].id, revoked=job.revoked + len(outcome.written))
        )
        return outcome.last_index

    def _finish(self, connection: Connection, job: RevocationJob, now: datetime) -> None:
        connection.execute(
            update(revocation_jobs)
            .where(revocation_jobs.c.id == job.id)
            .values(state="done", finished_at=now)
        )
        self._log_step(connection, "mass-revocation-done", job.id, now, revoked=job.revoked)

    def _step(self, connection: Connection, job_id: int) -> None:
        if lock_job(connection, job_id).state != "proposed":
            raise JobClosed("The mass revocation is no longer a proposal.")

    def _log_step(
        self, connection: Connection, kind: str, job_id: int, at: datetime, **facts: JsonValue
    ) -> None:
        # A selection can name a holder, and officers are persons: neither goes to the log.
        self._log.append(connection, [LogEntry(kind, at, {"job": job_id, **facts})])


_SAME = and_(
    revocations.c.authority == certificates.c.authority,
    revocations.c.serial_number == certificates.c.serial_number,
)


def _revocable(selection: Selection, now: datetime) -> list[ColumnElement[bool]]:
    # Reserved ones too: a certificate that is on its way now is then born revoked.
    return [
        *selection.conditions(),
        certificates.c.state.in_(["reserved", "issued", "replayed"]),
        certificates.c.not_after > now,
        or_(revocations.c.state.is_(None), revocations.c.state != Standing.REVOKED),
    ]


def _count(connection: Connection, selection: Selection, now: datetime) -> int:
    return connection.execute(
        select(func.count())
        .select_from(certificates.outerjoin(revocations, _SAME))
        .where(*_revocable(selection, now))
    ).scalar_one()
