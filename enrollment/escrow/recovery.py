"""A recovery of an escrowed key, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select

from core.canonical_json import canonical_json
from enrollment.escrow.errors import RecoveryUnknown
from enrollment.escrow.escrowed_key import ID
from enrollment.escrow.models import escrowed_keys, handovers, recoveries
from enrollment.jurisdiction import NATION, Jurisdiction


class RecoveryState(StrEnum):
    """proposed → refused, or approved. Time ends both the first and the last."""

    PROPOSED = "proposed"
    REFUSED = "refused"
    APPROVED = "approved"


class Part(StrEnum):
    """What is handed over: the file to who proposed, its password to who approved."""

    FILE = "file"
    PASSWORD = "password"  # noqa: S105 - the name of a part


@dataclass(frozen=True)
class Handover:
    """A part that was handed over."""

    part: Part
    officer: str
    at: datetime


@dataclass(frozen=True)
class Recovery:
    """A recovery with what was handed over of it, oldest first."""

    id: str
    escrowed_key: str
    holder: str
    institution: str | None
    state: RecoveryState
    reason: str
    proposed_by: str
    proposed_by_person: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    refusal: str | None
    salt: bytes
    handovers: tuple[Handover, ...] = ()

    def ends_at(self, time: timedelta) -> datetime:
        """Return when it is over: a proposal is decided, and what was approved fetched, by then."""
        return (self.decided_at or self.proposed_at) + time

    def is_open(self, now: datetime, time: timedelta) -> bool:
        """Tell whether it can still be decided or handed over."""
        return self.state is not RecoveryState.REFUSED and now < self.ends_at(time)


RECOVERIES = select(recoveries, escrowed_keys.c.holder, escrowed_keys.c.institution).select_from(
    recoveries.join(escrowed_keys, escrowed_keys.c.id == recoveries.c.escrowed_key)
)


def find_recovery(
    connection: Connection,
    recovery_id: str,
    *,
    within: Jurisdiction = NATION,
    locked: bool = False,
) -> Recovery:
    """Read a recovery. ``locked``: until the transaction ends. Raises RecoveryUnknown."""
    row = None
    if ID.fullmatch(recovery_id):
        if locked:
            alone = select(recoveries.c.id).where(recoveries.c.id == recovery_id)
            connection.execute(alone.with_for_update())
        query = within.narrow(RECOVERIES, escrowed_keys.c.institution)
        row = connection.execute(query.where(recoveries.c.id == recovery_id)).one_or_none()
    if row is None:
        raise RecoveryUnknown("There is no recovery of this id that you may see.")
    made = connection.execute(
        select(handovers).where(handovers.c.recovery == recovery_id).order_by(handovers.c.id)
    )
    return recovery_of(row, tuple(_handover_of(one) for one in made))


def recovery_of(row: Row[Any], made: tuple[Handover, ...] = ()) -> Recovery:
    """Return the recovery of a row."""
    return Recovery(
        id=row.id,
        escrowed_key=row.escrowed_key,
        holder=row.holder,
        institution=row.institution,
        state=RecoveryState(row.state),
        reason=row.reason,
        proposed_by=row.proposed_by,
        proposed_by_person=row.proposed_by_person,
        proposed_at=row.proposed_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        refusal=row.refusal,
        salt=row.salt,
        handovers=made,
    )


def proposal_octets(*, escrowed_key: str, proposed_by: str, reason: str) -> bytes:
    """Return what a proposal's commitment in the log commits to: canonical JSON."""
    return canonical_json(
        {"escrowed_key": escrowed_key, "proposed_by": proposed_by, "reason": reason}
    )


def _handover_of(row: Row[Any]) -> Handover:
    if row.file_to is not None:
        return Handover(Part.FILE, row.file_to, row.at)
    return Handover(Part.PASSWORD, row.password_to, row.at)
