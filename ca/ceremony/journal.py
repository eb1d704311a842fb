"""What the database knows of ceremonies: each finished step, and each held ceremony.

A step's row, its log entry and what the step changes among the authorities are one transaction:
a ceremony that is killed has either done a step or not, and goes on with the next one.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select

from ca.ceremony.custodians import Quorum
from ca.ceremony.script import ENROLLING
from ca.ceremony.transcript import OPENING, StepRecord, Transcript
from ca.models import ceremonies, ceremony_steps
from core.database import Database
from core.transparency.entry import LogEntry
from core.transparency.log import TransparencyLog

# The log entry after a ceremony's last step.
CLOSING_ACT = "close"


@dataclass(frozen=True)
class HeldCeremony:
    """A ceremony that came to its end."""

    id: str
    kind: str
    held_at: datetime
    script_sha256: str
    transcript: Transcript


class Journal:
    """Reads and writes ceremonies; writing is logged in the same transaction."""

    def __init__(self, *, database: Database, log: TransparencyLog) -> None:
        self._database = database
        self._log = log

    def steps(self, ceremony: str) -> list[StepRecord]:
        """Return the finished steps of a ceremony, its opening first; empty when unknown."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(ceremony_steps)
                .where(ceremony_steps.c.ceremony == ceremony)
                .order_by(ceremony_steps.c.number)
            ).all()
        return [
            StepRecord(
                number=row.number,
                act=row.act,
                actor=row.actor,
                at=row.at,
                facts=row.facts,
                artefacts={path: b64decode(content) for path, content in row.artefacts.items()},
                log_index=row.log_index,
            )
            for row in rows
        ]

    def finish_step(
        self, ceremony: str, step: StepRecord, change: Callable[[Connection], None]
    ) -> StepRecord:
        """Apply a step's changes, record it and log it; return it with its log index.

        Raises IntegrityError when another process has recorded this step.
        """
        with self._database.begin() as connection:
            change(connection)
            [index] = self._log.append(connection, [_step_entry(ceremony, step)])
            connection.execute(
                ceremony_steps.insert().values(
                    ceremony=ceremony,
                    number=step.number,
                    act=step.act,
                    actor=step.actor,
                    at=step.at,
                    facts=dict(step.facts),
                    artefacts={
                        path: b64encode(content).decode()
                        for path, content in step.artefacts.items()
                    },
                    log_index=index,
                )
            )
        return replace(step, log_index=index)

    def close(
        self, ceremony: str, *, kind: str, script_sha256: str, transcript: Transcript, at: datetime
    ) -> int:
        """Store the transcript and log its hash; return the log index of that."""
        facts = {
            "act": CLOSING_ACT,
            "ceremony": ceremony,
            "script_sha256": script_sha256,
            "transcript_sha256": transcript.sha256,
        }
        with self._database.begin() as connection:
            connection.execute(
                ceremonies.insert().values(
                    id=ceremony,
                    kind=kind,
                    held_at=at,
                    script_sha256=bytes.fromhex(script_sha256),
                    transcript_sha256=bytes.fromhex(transcript.sha256),
                    transcript=transcript.document,
                )
            )
            [index] = self._log.append(connection, [LogEntry("ceremony-step", at, facts)])
        self._log.ensure_published(index)
        return index

    def held(self, ceremony: str) -> HeldCeremony | None:
        """Return a ceremony that came to its end, or None."""
        return next((one for one in self.all_held() if one.id == ceremony), None)

    def all_held(self) -> list[HeldCeremony]:
        """Return every ceremony that came to its end, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(ceremonies).order_by(ceremonies.c.held_at, ceremonies.c.id)
            ).all()
        return [
            HeldCeremony(
                id=row.id,
                kind=row.kind,
                held_at=row.held_at,
                script_sha256=row.script_sha256.hex(),
                transcript=Transcript(row.transcript),
            )
            for row in rows
        ]

    def unfinished(self) -> list[str]:
        """Return the ids of ceremonies that were opened and not closed, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(ceremony_steps.c.ceremony)
                .where(
                    ceremony_steps.c.number == OPENING,
                    ceremony_steps.c.ceremony.not_in(select(ceremonies.c.id)),
                )
                .order_by(ceremony_steps.c.log_index)
            ).all()
        return [row.ceremony for row in rows]

    def custodians_in_office(self) -> tuple[str, Quorum] | None:
        """Return the ceremony that enrolled the present custodians, and them; None before any.

        The opening of an initial ceremony counts though the ceremony was interrupted: whoever
        continues it needs the same custodians.
        """
        with self._database.read() as connection:
            rows = connection.execute(
                select(ceremony_steps.c.ceremony, ceremony_steps.c.facts)
                .where(ceremony_steps.c.number == OPENING)
                .order_by(ceremony_steps.c.log_index.desc())
            ).all()
        for row in rows:
            if row.facts["kind"] in ENROLLING:
                return row.ceremony, Quorum.model_validate(row.facts["enrols"])
        return None


def _step_entry(ceremony: str, step: StepRecord) -> LogEntry:
    # The facts themselves name no person; offices and keys are public.
    return LogEntry(
        "ceremony-step",
        step.at,
        {
            "act": step.act,
            "actor": step.actor,
            "ceremony": ceremony,
            "number": step.number,
            "record_sha256": step.sha256,
        },
    )
