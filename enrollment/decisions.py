"""Decide applications: two people stand behind every certificate. RFC 3647, Section 4.5.2.

The rule itself stands in the tables (:mod:`enrollment.models`); here it gets its words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, update

from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from enrollment.application import (
    Application,
    ApplicationState,
    Verdict,
    decision_octets,
    find_application,
)
from enrollment.errors import ApplicationClosed, DecidedBefore, OwnApplication
from enrollment.models import applications, decisions


@dataclass(frozen=True)
class DecisionToMake:
    """A decision before it is made. ``id`` names the act: made again, it changes nothing."""

    id: str
    decided_by: str
    verdict: Verdict
    reason: str | None = None


class Decisions:
    """Approves and refuses."""

    def __init__(self, *, database: Database, log: TransparencyLog, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._clock = clock

    def decide(self, application_id: str, decision: DecisionToMake) -> Application:
        """Record a decision; one refusal, or the last approval needed, closes the application.

        Raises ApplicationUnknown, OwnApplication, DecidedBefore, ApplicationClosed, and
        Unavailable.
        """
        with self._database.begin() as connection:
            application = find_application(connection, application_id, locked=True)
            if any(made.id == decision.id for made in application.decisions):
                return application
            _check(application, decision)
            now = self._clock.now()
            self._record(connection, application, decision, now)
            _count(connection, application, decision.verdict, now)
            return find_application(connection, application_id)

    def _record(
        self,
        connection: Connection,
        application: Application,
        decision: DecisionToMake,
        now: datetime,
    ) -> None:
        salt = new_salt()
        committed = decision_octets(
            decided_by=decision.decided_by, verdict=decision.verdict, reason=decision.reason
        )
        facts: dict[str, JsonValue] = {
            "application": application.id,
            "decision": commitment(salt, committed),
            "verdict": str(decision.verdict),
        }
        [index] = self._log.append(connection, [LogEntry("application-decided", now, facts)])
        connection.execute(
            insert(decisions).values(
                id=decision.id,
                application=application.id,
                applicant=application.applicant,
                decided_by=decision.decided_by,
                verdict=decision.verdict,
                reason=decision.reason,
                decided_at=now,
                salt=salt,
                log_index=index,
            )
        )


def _check(application: Application, decision: DecisionToMake) -> None:
    if application.applicant == decision.decided_by:
        raise OwnApplication("You applied for this; another officer decides.")
    if any(made.decided_by == decision.decided_by for made in application.decisions):
        raise DecidedBefore(
            "You decided this application already; another officer decides next.",
            kept="Your first decision stands.",
        )
    if application.state is not ApplicationState.SUBMITTED:
        raise ApplicationClosed(
            f"This application is {application.state} already.", state=str(application.state)
        )


def _count(
    connection: Connection, application: Application, verdict: Verdict, now: datetime
) -> None:
    change: dict[str, object] = {"decided_at": now}
    if verdict is Verdict.REFUSED:
        change["state"] = ApplicationState.REFUSED
    else:
        change["approvals"] = application.approvals + 1
        if application.approvals + 1 == application.approvals_needed:
            change["state"] = ApplicationState.APPROVED
    connection.execute(
        update(applications).where(applications.c.id == application.id).values(**change)
    )
