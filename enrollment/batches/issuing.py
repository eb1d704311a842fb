"""What comes of a batch's rows that passed: applications, decisions, certificates.

Each act has an id that follows from the batch or its decision and the row, so that an act which
was done before a crash, or by another process, is found done.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import structlog
from sqlalchemy import update

from core.clock import Clock
from core.database import Database
from core.errors import CamtrustError, Unavailable
from enrollment.application import Application, ApplicationState
from enrollment.applications import Applications
from enrollment.batches.batch import Batch, BatchRow, BatchState, DecidedAs, RowState, find_batch
from enrollment.batches.batches import end_batch, next_rows
from enrollment.batches.models import batch_rows
from enrollment.batches.upload import submission_of
from enrollment.decisions import Decisions, DecisionToMake
from enrollment.delivery import Delivery
from enrollment.errors import (
    ApplicationClosed,
    ApplicationExpired,
    ApplicationUnknown,
    DecidedBefore,
)

# What one run takes of one batch: about a second, so that no CRL waits long for it.
AT_ONCE = 100


class RowIssuing:
    """Applies for what passed and, where officers decided the whole, decides and issues it."""

    def __init__(
        self,
        *,
        database: Database,
        applications: Applications,
        decisions: Decisions,
        delivery: Delivery,
        clock: Clock,
    ) -> None:
        self._database = database
        self._applications = applications
        self._decisions = decisions
        self._delivery = delivery
        self._clock = clock
        self._events = structlog.get_logger()

    def run(self, batch: Batch) -> int:
        """Carry the next rows on; return how many came to their end. Raises Unavailable."""
        rows = next_rows(self._database, batch, RowState.PASSED, AT_ONCE)
        if batch.decided is DecidedAs.WHOLE and len(rows) < AT_ONCE:
            rows += next_rows(self._database, batch, RowState.SUBMITTED, AT_ONCE - len(rows))
        done = sum(self._carry_on(batch, row) for row in rows)
        self._finish_if_done(batch)
        return done

    def _carry_on(self, batch: Batch, row: BatchRow) -> bool:
        application_id = _derived(batch.id, f"row:{row.number}")
        try:
            if row.state is RowState.PASSED:
                self._apply(batch, row, application_id)
            if batch.decided is DecidedAs.EACH:
                self._note(batch, row, RowState.SUBMITTED, application=application_id)
                return True
            application = self._decide(batch, row, application_id)
        except Unavailable:
            raise
        except CamtrustError as refusal:
            # It passed once; since then its key was blocked, say, or its profile closed.
            self._events.warning("batch-row-refused", problem=refusal.problem)
            self._note(batch, row, RowState.FAILED, refusal=refusal)
            return True
        return self._note_outcome(batch, row, self._delivery.issue_if_approved(application))

    def _apply(self, batch: Batch, row: BatchRow, application_id: str) -> None:
        try:
            self._applications.find(application_id)
        except ApplicationUnknown:
            submission = replace(submission_of(row.line or b""), institution=batch.institution)
            self._applications.submit(
                submission, applicant=batch.submitter, application_id=application_id
            )

    def _decide(self, batch: Batch, row: BatchRow, application_id: str) -> Application:
        application = self._applications.find(application_id)
        for made in batch.decisions[: application.approvals_needed]:
            decision = DecisionToMake(
                _derived(made.id, f"row:{row.number}"), made.decided_by, made.verdict, made.reason
            )
            try:
                application = self._decisions.decide(application_id, decision)
            except (ApplicationClosed, ApplicationExpired, DecidedBefore):
                # It was done before, or an officer took it out of the queue: that stands.
                application = self._applications.find(application_id)
        return application

    def _note_outcome(self, batch: Batch, row: BatchRow, application: Application) -> bool:
        if application.state is ApplicationState.ISSUED:
            self._note(batch, row, RowState.ISSUED, application=application.id)
        elif application.state is ApplicationState.FAILED:
            problem = application.failure or "internal-error"
            self._note(batch, row, RowState.FAILED, application=application.id, problem=problem)
        elif application.state in {ApplicationState.REFUSED, ApplicationState.EXPIRED}:
            # An officer took it out of the queue, or nobody decided in time.
            self._note(batch, row, RowState.DROPPED, application=application.id)
        else:
            # Approved, and a part is away; or somebody asked back. The next run looks again.
            self._note(batch, row, RowState.SUBMITTED, application=application.id)
            return False
        return True

    def _note(
        self,
        batch: Batch,
        row: BatchRow,
        state: RowState,
        *,
        application: str | None = None,
        problem: str | None = None,
        refusal: CamtrustError | None = None,
    ) -> None:
        values: dict[str, object] = {"state": state, "application": application, "line": None}
        if refusal is not None:
            values |= {"problem": refusal.problem, "detail": refusal.detail}
        elif problem is not None:
            values["problem"] = problem
        with self._database.begin() as connection:
            connection.execute(
                update(batch_rows)
                .where(
                    batch_rows.c.batch == batch.id,
                    batch_rows.c.number == row.number,
                    batch_rows.c.state.in_([RowState.PASSED, RowState.SUBMITTED]),
                )
                .values(**values)
            )

    def _finish_if_done(self, batch: Batch) -> None:
        open_states = [RowState.PASSED]
        if batch.decided is DecidedAs.WHOLE:
            open_states.append(RowState.SUBMITTED)
        with self._database.begin() as connection:
            held = find_batch(connection, batch.id, locked=True)
            if held.state is BatchState.WORKING and not any(
                held.counts.get(state) for state in open_states
            ):
                end_batch(connection, batch.id, BatchState.DONE, self._clock.now())


def _derived(name: str, part: str) -> str:
    """Return an id that follows from another one, with its time in front: it sorts beside it."""
    digest = sha256(f"{name}:{part}".encode("ascii")).hexdigest()
    # RFC 9562, Sections 5.7 and 5.8: our own way to fill the bits behind time and version.
    return f"{name[:12]}8{digest[:3]}8{digest[3:18]}"
