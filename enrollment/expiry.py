"""What nobody decides ends by itself, and says so: applications expire, old approvals lapse.

CP, Section 4.2.3. Both are entries in the log and states that the applicant sees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, select, update

from core.clock import Clock
from core.database import Database
from core.transparency.entry import LogEntry
from core.transparency.log import TransparencyLog
from enrollment.application import (
    OPEN,
    Application,
    ApplicationState,
    Verdict,
    find_application,
)
from enrollment.models import applications, decisions
from enrollment.notices.notices import Notice, Notices
from enrollment.settings import EnrollmentSettings

# As many as one run of the scheduler's job takes; the next run takes the rest.
MOST_AT_ONCE = 200
Act = Callable[[Connection, TransparencyLog, Application, datetime], None]


class Expiry:
    """Ends what was left lying; a run that was cut short is finished by the next."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        clock: Clock,
        settings: EnrollmentSettings,
        notices: Notices | None = None,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._holds = settings.approval_holds
        self._notices = notices

    def run(self) -> int:
        """Expire applications and let approvals lapse, each in its own transaction; count them."""
        now = self._clock.now()
        late = select(applications.c.id).where(
            applications.c.state.in_(OPEN), applications.c.decide_by <= now
        )
        old = (
            select(applications.c.id)
            .join(decisions, decisions.c.application == applications.c.id)
            .where(
                applications.c.state == ApplicationState.SUBMITTED,
                applications.c.approvals > 0,
                decisions.c.round == applications.c.round,
                decisions.c.decided_at <= now - self._holds,
            )
            .distinct()
        )
        return self._each(late, self._expire) + self._each(old, self._lapse)

    def _each(self, query: Select[Any], act: Act) -> int:
        with self._database.read() as connection:
            found: Sequence[str] = connection.scalars(query.limit(MOST_AT_ONCE)).all()
        for application_id in found:
            with self._database.begin() as connection:
                application = find_application(connection, application_id, locked=True)
                act(connection, self._log, application, self._clock.now())
        return len(found)

    def _expire(
        self, connection: Connection, log: TransparencyLog, application: Application, now: datetime
    ) -> None:
        expire_if_late(connection, log, application, now, self._notices)

    def _lapse(
        self, connection: Connection, log: TransparencyLog, application: Application, now: datetime
    ) -> None:
        lapse_if_old(connection, log, application, now, self._holds)


def is_late(application: Application, now: datetime) -> bool:
    """Tell whether nobody decided or answered in time."""
    return (
        application.state in OPEN
        and application.decide_by is not None
        and application.decide_by <= now
    )


def expire_if_late(
    connection: Connection,
    log: TransparencyLog,
    application: Application,
    now: datetime,
    notices: Notices | None = None,
) -> None:
    """Let a locked application expire if its time is over, and tell its holder."""
    if not is_late(application, now):
        return
    log.append(connection, [LogEntry("application-expired", now, {"application": application.id})])
    connection.execute(
        update(applications)
        .where(applications.c.id == application.id)
        .values(state=ApplicationState.EXPIRED, decided_at=now)
    )
    if notices is not None:
        notices.put(connection, application, Notice.EXPIRED)


def lapse_if_old(
    connection: Connection,
    log: TransparencyLog,
    application: Application,
    now: datetime,
    holds: timedelta,
) -> bool:
    """Begin a new round for a locked application one of whose approvals is too old to count."""
    old = any(
        one.verdict is Verdict.APPROVED and one.decided_at <= now - holds
        for one in application.standing_decisions
    )
    if application.state is not ApplicationState.SUBMITTED or not old:
        return False
    log.append(
        connection,
        [LogEntry("application-approvals-lapsed", now, {"application": application.id})],
    )
    connection.execute(
        update(applications)
        .where(applications.c.id == application.id)
        .values(round=application.round + 1, approvals=0)
    )
    return True
