"""Decide applications: two people stand behind every signature's certificate. RFC 3647, 4.5.2.

The rule itself stands in the tables (:mod:`enrollment.models`); here it gets its words. Officers
decide what their institution covers; for them the rest does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

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
    unknown,
)
from enrollment.errors import ApplicationClosed, ApplicationExpired, DecidedBefore, OwnApplication
from enrollment.expiry import expire_if_late, is_late, lapse_if_old
from enrollment.jurisdiction import Jurisdiction
from enrollment.models import applications, decisions
from enrollment.notices.notices import Notice, Notices
from enrollment.officers import Behind, behind
from enrollment.settings import EnrollmentSettings

# What an applicant hears of at once; of an approval when there is a certificate.
TOLD = {Verdict.RETURNED: Notice.RETURNED, Verdict.REFUSED: Notice.REFUSED}


@dataclass(frozen=True)
class DecisionToMake:
    """A decision before it is made. ``id`` names the act: made again, it changes nothing."""

    id: str
    decided_by: str
    verdict: Verdict
    reason: str | None = None

    def about(self, application_id: str) -> DecisionToMake:
        """Return this decision as that on one of several applications, with a name of its own."""
        name = sha256(f"{self.id}:{application_id}".encode()).hexdigest()[:32]
        return DecisionToMake(name, self.decided_by, self.verdict, self.reason)


class Decisions:
    """Approves, refuses, and asks back."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        clock: Clock,
        settings: EnrollmentSettings | None = None,
        notices: Notices | None = None,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._settings = settings or EnrollmentSettings()
        self._notices = notices

    def decide(self, application_id: str, decision: DecisionToMake) -> Application:
        """Record a decision; one refusal, or the last approval needed, closes the application.

        Raises ApplicationUnknown, OwnApplication, DecidedBefore, ApplicationClosed,
        ApplicationExpired, and Unavailable.
        """
        [decided] = self._decide({application_id: decision})
        return decided

    def decide_together(
        self, application_ids: Sequence[str], decision: DecisionToMake
    ) -> Sequence[Application]:
        """Record one decision on each of several applications: on all of them, or on none.

        Raises as :meth:`decide`.
        """
        return self._decide({one: decision.about(one) for one in application_ids})

    def _decide(self, chosen: Mapping[str, DecisionToMake]) -> Sequence[Application]:
        now = self._clock.now()
        with self._database.begin() as connection:
            # In one order, so that two officers who decide the same never wait for each other.
            found = [find_application(connection, one, locked=True) for one in sorted(chosen)]
            for one in found:
                _check_seen(connection, one, chosen[one.id])
            new = [one for one in found if not _is_made(one, chosen[one.id])]
            late = [one for one in new if is_late(one, now)]
            for one in late:
                expire_if_late(connection, self._log, one, now, self._notices)
            if not late:
                for one in new:
                    self._decide_one(connection, one, chosen[one.id], now)
            decided = [find_application(connection, one) for one in sorted(chosen)]
        if late:
            raise ApplicationExpired(
                "Nobody decided it in its time; the applicant has to apply again.",
                kept="That it has expired.",
            )
        return decided

    def _decide_one(
        self,
        connection: Connection,
        application: Application,
        decision: DecisionToMake,
        now: datetime,
    ) -> None:
        if lapse_if_old(connection, self._log, application, now, self._settings.approval_holds):
            application = find_application(connection, application.id)
        who = behind(connection, decision.decided_by)
        _check(application, decision, who)
        self._record(connection, application, decision, who, now)
        self._count(connection, application, decision.verdict, now)
        notice = TOLD.get(decision.verdict)
        if notice is not None and self._notices is not None:
            self._notices.put(connection, application, notice)

    def _record(
        self,
        connection: Connection,
        application: Application,
        decision: DecisionToMake,
        who: Behind,
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
                applicant_person=application.applicant_person,
                decided_by=decision.decided_by,
                decided_by_person=who.person,
                round=application.round,
                verdict=decision.verdict,
                reason=decision.reason,
                decided_at=now,
                salt=salt,
                log_index=index,
            )
        )

    def _count(
        self, connection: Connection, application: Application, verdict: Verdict, now: datetime
    ) -> None:
        change: dict[str, object] = {"decided_at": now}
        if verdict is Verdict.REFUSED:
            change["state"] = ApplicationState.REFUSED
        elif verdict is Verdict.RETURNED:
            change["state"] = ApplicationState.RETURNED
            # It is the applicant's turn now, with as much time.
            change["decide_by"] = now + self._settings.decide_within
        else:
            change["approvals"] = application.approvals + 1
            if application.approvals + 1 == application.approvals_needed:
                change["state"] = ApplicationState.APPROVED
        connection.execute(
            update(applications).where(applications.c.id == application.id).values(**change)
        )


def _check_seen(connection: Connection, application: Application, decision: DecisionToMake) -> None:
    who = behind(connection, decision.decided_by)
    if not Jurisdiction(who.institution).covers(application.institution):
        raise unknown()


def _is_made(application: Application, decision: DecisionToMake) -> bool:
    return any(made.id == decision.id for made in application.decisions)


def _check(application: Application, decision: DecisionToMake, who: Behind) -> None:
    # The person counts, not the role: an officer's own application is not theirs to decide.
    if application.applicant_person == who.person:
        raise OwnApplication("You applied for this; another officer decides.")
    if any(made.decided_by_person == who.person for made in application.standing_decisions):
        raise DecidedBefore(
            "You decided this application already; another officer decides next.",
            kept="Your first decision stands.",
        )
    if application.state is not ApplicationState.SUBMITTED:
        raise ApplicationClosed(
            f"This application is {application.state} already.", state=str(application.state)
        )
