"""Answer an officer's question: what was returned is corrected, and submitted anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ca.csr import VerifiedCsr, verify_csr
from ca.plan import FactValue
from core.clock import Clock
from core.database import Database
from core.transparency.log import TransparencyLog
from enrollment.application import Application, ApplicationState, find_application, unknown
from enrollment.applications import Applications, Submission
from enrollment.errors import ApplicationExpired, ApplicationNotReturned
from enrollment.expiry import expire_if_late, is_late
from enrollment.notices.notices import Notices
from enrollment.settings import EnrollmentSettings
from enrollment.storing import store_answer


@dataclass(frozen=True)
class Answer:
    """What an applicant answers; ``facts`` and ``csr`` only where they are corrected."""

    text: str
    facts: Mapping[str, FactValue] | None = None
    csr: VerifiedCsr | None = None
    checks: Any = None


class Answers:
    """Takes applicants' answers."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        applications: Applications,
        clock: Clock,
        settings: EnrollmentSettings | None = None,
        notices: Notices | None = None,
    ) -> None:
        self._database = database
        self._log = log
        self._applications = applications
        self._clock = clock
        self._settings = settings or EnrollmentSettings()
        self._notices = notices

    def answer(self, application_id: str, answer: Answer, *, applicant: str) -> Application:
        """Submit a returned application anew; what was approved before counts no more.

        Raises ApplicationUnknown, ApplicationNotReturned, ApplicationExpired, FactUnknown, what
        issuance refuses, and Unavailable.
        """
        known = self._applications.find(application_id, applicant=applicant)
        corrected = _corrected(known, answer)
        self._applications.check(corrected)
        now = self._clock.now()
        with self._database.begin() as connection:
            application = find_application(connection, application_id, locked=True)
            if application.applicant != applicant:
                raise unknown()
            if application.state is not ApplicationState.RETURNED:
                raise ApplicationNotReturned(
                    f"No officer waits for an answer: the application is {application.state}.",
                    state=str(application.state),
                )
            late = is_late(application, now)
            if late:
                expire_if_late(connection, self._log, application, now, self._notices)
            else:
                store_answer(
                    connection,
                    self._log,
                    application,
                    corrected,
                    answer=answer.text,
                    now=now,
                    decide_by=now + self._settings.decide_within,
                )
        if late:
            raise ApplicationExpired(
                "The time for an answer is over; apply again.", kept="That it has expired."
            )
        return self._applications.find(application_id)


def _corrected(known: Application, answer: Answer) -> Submission:
    return Submission(
        profile=known.profile,
        csr=verify_csr(known.csr_der) if answer.csr is None else answer.csr,
        holder=known.holder,
        facts=known.facts if answer.facts is None else answer.facts,
        checks=known.checks if answer.checks is None else answer.checks,
    )
