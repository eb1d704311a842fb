"""What the holder of an escrowed key is told, and by what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sqlalchemy import Connection, insert, select

from core.database import Database
from enrollment.escrow.models import notices


class Event(StrEnum):
    """What happened to a holder's key."""

    APPROVED = "approved"
    FILE = "file"
    PASSWORD = "password"  # noqa: S105 - the name of an event
    DAMAGED = "damaged"


@dataclass(frozen=True)
class Notice:
    """Something that a holder is told. ``holder`` is a principal's id."""

    holder: str
    recovery: str
    event: Event
    at: datetime


class HolderNotices(Protocol):
    """Tells holders, within the transaction of what they are told: it commits, or they are not."""

    def tell(self, connection: Connection, notice: Notice) -> None:
        """Take a notice."""


class NoticeTable:
    """Keeps what holders are told, for their page."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def tell(self, connection: Connection, notice: Notice) -> None:
        """Keep a notice."""
        connection.execute(
            insert(notices).values(
                holder=notice.holder,
                recovery=notice.recovery,
                event=notice.event,
                at=notice.at,
            )
        )

    def of_holder(self, holder: str) -> Sequence[Notice]:
        """Return what a holder was told, newest first."""
        query = select(notices).where(notices.c.holder == holder).order_by(notices.c.id.desc())
        with self._database.read() as connection:
            return [
                Notice(row.holder, row.recovery, Event(row.event), row.at)
                for row in connection.execute(query)
            ]
