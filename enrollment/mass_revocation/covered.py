"""Mass revocation within what an officer's institution covers; another's jobs do not exist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ca.revocation.errors import JobUnknown
from ca.revocation.jobs import RevocationJob
from ca.revocation.mass import MassRevocation
from ca.revocation.reasons import RevocationReason
from ca.revocation.selection import Selection
from core.access import Principal
from enrollment.institutions.errors import InstitutionUnknown
from enrollment.jurisdiction import Jurisdiction


class CoveredRevocation:
    """What one officer may do of mass revocations."""

    def __init__(self, mass: MassRevocation, officer: Principal) -> None:
        self._mass = mass
        self._officer = officer
        self._within = Jurisdiction.of(officer)

    def count(self, selection: Selection) -> int:
        """Count what would be revoked now. Raises InstitutionUnknown."""
        return self._mass.count(self._narrowed(selection))

    def propose(
        self,
        selection: Selection,
        *,
        reason: RevocationReason,
        justification: str,
        invalidity_date: datetime | None,
    ) -> RevocationJob:
        """Propose a job. Raises InstitutionUnknown, and as MassRevocation."""
        return self._mass.propose(
            self._narrowed(selection),
            reason=reason,
            officer=self._officer.id,
            justification=justification,
            invalidity_date=invalidity_date,
        )

    def open_jobs(self) -> Sequence[RevocationJob]:
        """Return the jobs that wait for approval or are at work, oldest first."""
        return [job for job in self._mass.open_jobs() if self._covers(job)]

    def job(self, job_id: int) -> RevocationJob:
        """Return a job as it stands. Raises JobUnknown."""
        job = self._mass.job(job_id)
        if not self._covers(job):
            raise JobUnknown("There is no mass revocation of this number.")
        return job

    def approve(self, job_id: int) -> RevocationJob:
        """Let another officer's job run. Raises JobUnknown, and as MassRevocation."""
        return self._mass.approve(self.job(job_id).id, officer=self._officer.id)

    def withdraw(self, job_id: int) -> RevocationJob:
        """Give a job up. Raises JobUnknown, and as MassRevocation."""
        return self._mass.withdraw(self.job(job_id).id)

    def _covers(self, job: RevocationJob) -> bool:
        # What a job selects never changes, so what was covered stays covered.
        return self._within.covers(job.selection.institution)

    def _narrowed(self, selection: Selection) -> Selection:
        own = self._within.institution
        if own is None:
            return selection
        if selection.institution not in {None, own}:
            raise InstitutionUnknown("There is no institution of this id that you may see.")
        return replace(selection, institution=own)
