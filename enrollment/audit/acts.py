"""Record what an officer did, where no other table does: within the act's own transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from core.canonical_json import canonical_json
from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from enrollment.audit.models import office_acts


class ActKind(StrEnum):
    """What is recorded here; the words stand in the public log."""

    EXPORTED = "certificates-exported"
    IDENTIFIED = "person-identified"
    APPLIED = "counter-applied"
    SUSPENDED = "counter-suspended"
    RELEASED = "counter-released"


@dataclass(frozen=True)
class OfficeAct:
    """An act as it was recorded. ``document`` may be personal data; ``id`` is 32 hex digits."""

    id: str
    kind: ActKind
    officer: str
    institution: str | None
    document: Mapping[str, JsonValue]
    at: datetime
    salt: bytes
    log_index: int


def act_octets(
    *, officer: str, institution: str | None, document: Mapping[str, JsonValue]
) -> bytes:
    """Return what an act's commitment in the log commits to: canonical JSON."""
    return canonical_json({"document": document, "institution": institution, "officer": officer})


class OfficeActs:
    """Records acts and finds them again."""

    def __init__(self, *, database: Database, log: TransparencyLog, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._clock = clock

    def record(
        self,
        connection: Connection,
        *,
        act_id: str,
        kind: ActKind,
        officer: str,
        institution: str | None,
        document: Mapping[str, JsonValue],
    ) -> None:
        """Record an act and log it, in the caller's transaction; late in it, as the log asks.

        Raises IntegrityError for an id that was recorded before.
        """
        now, salt = self._clock.now(), new_salt()
        committed = act_octets(officer=officer, institution=institution, document=document)
        entry = LogEntry(str(kind), now, {"act": commitment(salt, committed)})
        [index] = self._log.append(connection, [entry])
        connection.execute(
            insert(office_acts).values(
                id=act_id,
                kind=kind,
                officer=officer,
                institution=institution,
                document=dict(document),
                at=now,
                salt=salt,
                log_index=index,
            )
        )

    def find(self, act_id: str) -> OfficeAct | None:
        """Return the act of this id, None when there is none."""
        query = select(office_acts).where(office_acts.c.id == act_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else act_of(row)


def act_of(row: Row[Any]) -> OfficeAct:
    """Return the act of a row."""
    return OfficeAct(
        id=row.id,
        kind=ActKind(row.kind),
        officer=row.officer,
        institution=row.institution,
        document=row.document,
        at=row.at,
        salt=row.salt,
        log_index=row.log_index,
    )
