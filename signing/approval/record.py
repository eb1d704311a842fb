"""What was done, written once: a row, and an entry in the transparency log with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection, func, insert, select

from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from signing.approval.approval import ActKind, Participant
from signing.approval.models import approval_acts


class Salted(Protocol):
    """A circulation that can be committed to."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def salt(self) -> bytes:
        """What hides it."""


def record_act(
    log: TransparencyLog,
    connection: Connection,
    approval: Salted,
    kind: ActKind,
    at: datetime,
    *,
    participant: Participant | None = None,
    by: str | None = None,
    on_behalf_of: str | None = None,
    text: str | None = None,
    sha256: bytes | None = None,
    facts: Mapping[str, JsonValue] | None = None,
) -> None:
    """Write an act, in the transaction that holds the circulation's row.

    The log gets commitments alone: to the circulation, under its own salt, so that who has it finds
    all its entries; to who acted, to what they wrote and to the document, under the act's.
    """
    salt = new_salt()
    said: dict[str, JsonValue] = {
        "approval": commitment(approval.salt, approval.id.encode()),
        **(facts or {}),
    }
    for name, value in (("by", by), ("on_behalf_of", on_behalf_of), ("text", text)):
        if value is not None:
            said[name] = commitment(salt, value.encode())
    if sha256 is not None:
        said["document"] = commitment(salt, sha256)
    [index] = log.append(connection, [LogEntry(f"approval-{kind}", at, said)])
    last = select(func.max(approval_acts.c.number)).where(approval_acts.c.approval == approval.id)
    connection.execute(
        insert(approval_acts).values(
            approval=approval.id,
            number=(connection.scalar(last) or 0) + 1,
            kind=kind,
            participant=None if participant is None else participant.number,
            by=by,
            on_behalf_of=on_behalf_of,
            text=text,
            sha256=sha256,
            at=at,
            salt=salt,
            log_index=index,
        )
    )
