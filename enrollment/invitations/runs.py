"""Invite everybody of an institution who has an official address and no account, in batches.

A run remembers how far it came in the very transaction that came so far: it can be killed at any
moment and goes on. Whoever has an invitation that still holds is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.access import Principal, Role
from core.clock import Clock
from core.database import Database
from core.errors import CamtrustError, Unavailable
from core.idempotency import new_act_id
from core.transparency.entry import LogEntry, commitment
from core.transparency.log import TransparencyLog
from enrollment.institutions.institutions import check_active
from enrollment.invitations.errors import InvitingUnderWay, InvitingUnknown
from enrollment.invitations.invitation import InvitationState, Listed, find_listed
from enrollment.invitations.inviting import Inviting
from enrollment.invitations.models import invitations, inviting_runs
from enrollment.invitations.settings import InvitationSettings
from enrollment.jurisdiction import NATION, Jurisdiction
from enrollment.models import principals
from enrollment.people.models import employments
from enrollment.people.person import EmploymentState

_BEFORE_ALL = "0" * 32


@dataclass(frozen=True)
class InvitingRun:
    """``left_out``: people looked at who have an account, an invitation, or no address."""

    id: str
    institution: str
    requested_by: str
    requested_at: datetime
    invited: int
    left_out: int
    finished_at: datetime | None


class InvitingRuns:
    """Begins runs, and works them off one batch at a time."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        inviting: Inviting,
        settings: InvitationSettings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._inviting = inviting
        self._settings = settings
        self._clock = clock

    def begin(self, institution: str, *, requested_by: Principal, run_id: str) -> InvitingRun:
        """Begin a run, or return the one that already has this id.

        Raises InstitutionUnknown, InstitutionNotActive, InvitingUnderWay and Unavailable.
        """
        now = self._clock.now()
        jurisdiction = Jurisdiction.of(requested_by)
        row = insert(inviting_runs).values(
            id=run_id,
            institution=institution,
            requested_by=requested_by.id,
            requested_at=now,
            cursor=_BEFORE_ALL,
            invited=0,
            left_out=0,
        )
        try:
            with self._database.begin() as connection:
                # What is another's looks as if it did not exist.
                check_active(connection, institution if jurisdiction.covers(institution) else "")
                connection.execute(row)
                salt = connection.scalar(
                    select(principals.c.salt).where(principals.c.id == requested_by.id)
                )
                facts = {
                    "institution": institution,
                    "officer": commitment(salt or b"", requested_by.id.encode()),
                    "run": run_id,
                }
                self._log.append(connection, [LogEntry("inviting-begun", now, facts)])
        except IntegrityError as error:
            return self._known(run_id, jurisdiction, error)
        return self.find(run_id, jurisdiction=jurisdiction)

    def find(self, run_id: str, *, jurisdiction: Jurisdiction) -> InvitingRun:
        """Return how far a run came. Raises InvitingUnknown."""
        query = select(inviting_runs).where(inviting_runs.c.id == run_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None or not jurisdiction.covers(row.institution):
            raise InvitingUnknown("There is no run of this id that you may see.")
        return _run_of(row)

    def newest(self, institution: str) -> InvitingRun | None:
        """Return the newest run of an institution, None when there was none."""
        query = (
            select(inviting_runs)
            .where(inviting_runs.c.institution == institution)
            .order_by(inviting_runs.c.id.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _run_of(row)

    def work(self) -> None:
        """Take one batch of each run that is open."""
        query = select(inviting_runs.c.id).where(inviting_runs.c.finished_at.is_(None))
        with self._database.read() as connection:
            opened = list(connection.scalars(query.order_by(inviting_runs.c.id)))
        for run_id in opened:
            self._take_batch(run_id)

    def _take_batch(self, run_id: str) -> None:
        query = select(inviting_runs).where(inviting_runs.c.id == run_id)
        with self._database.begin() as connection:
            row = connection.execute(query.with_for_update()).one()
            if row.finished_at is not None:
                return
            batch = _listed_after(connection, row, self._settings.run_size)
            # All locks are taken before the first entry of the log, which everybody waits for.
            waiting = self._to_invite(connection, batch)
            invited = sum(self._invite(connection, row, listed) for listed in waiting)
            is_over = len(batch) < self._settings.run_size
            connection.execute(
                update(inviting_runs)
                .where(inviting_runs.c.id == run_id)
                .values(
                    cursor=batch[-1] if batch else row.cursor,
                    invited=row.invited + invited,
                    left_out=row.left_out + len(batch) - invited,
                    finished_at=self._clock.now() if is_over else None,
                )
            )

    def _to_invite(self, connection: Connection, batch: Sequence[str]) -> list[Listed]:
        now = self._clock.now()
        found = []
        for employment_id in batch:
            listed = find_listed(connection, employment_id, NATION, locked=True)
            has_invitation = select(
                exists().where(
                    invitations.c.person == listed.person.id,
                    invitations.c.institution == listed.institution.id,
                    invitations.c.state == InvitationState.OPEN,
                    invitations.c.ends_at > now,
                )
            )
            if not connection.scalar(has_invitation):
                found.append(listed)
        return found

    def _invite(self, connection: Connection, run: Row[Any], listed: Listed) -> bool:
        try:
            with connection.begin_nested():
                self._inviting.invite_in(
                    connection, listed, run.requested_by, new_act_id(self._clock.now())
                )
        except Unavailable:
            raise
        except CamtrustError:
            # This one cannot be invited by mail: the page says why, and the others go on.
            return False
        return True

    def _known(self, run_id: str, jurisdiction: Jurisdiction, error: IntegrityError) -> InvitingRun:
        try:
            return self.find(run_id, jurisdiction=jurisdiction)
        except InvitingUnknown:
            raise InvitingUnderWay(
                "Everybody of this institution is being invited at this moment.",
                kept="The run that is at work goes on.",
            ) from error


def _listed_after(connection: Connection, run: Row[Any], limit: int) -> list[str]:
    account = exists().where(
        principals.c.id == employments.c.person, principals.c.role == Role.SUBSCRIBER
    )
    query = (
        select(employments.c.id)
        .where(
            employments.c.institution == run.institution,
            employments.c.state == EmploymentState.LISTED,
            employments.c.id > run.cursor,
            employments.c.official_mail.is_not(None),
            ~account,
        )
        .order_by(employments.c.id)
        .limit(limit)
    )
    return list(connection.scalars(query))


def _run_of(row: Row[Any]) -> InvitingRun:
    return InvitingRun(
        id=row.id,
        institution=row.institution,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        invited=row.invited,
        left_out=row.left_out,
        finished_at=row.finished_at,
    )
