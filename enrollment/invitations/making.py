"""Write an invitation within a transaction: the one before it ends, and the log has its entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from core.mail.outbox import Outbox
from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from enrollment.invitations.invitation import InvitationKind, InvitationState, Listed
from enrollment.invitations.models import invitations
from enrollment.people.person import IdentifierKind


@dataclass(frozen=True)
class Making:
    """An invitation before it is written. Of the token it has the hash, of the digits the MAC."""

    id: str
    listed: Listed
    kind: InvitationKind
    made_by: str
    made_at: datetime
    ends_at: datetime
    token_sha256: bytes
    slip_number: str | None = None
    code_mac: bytes | None = None
    document: IdentifierKind | None = None


def mail_key(invitation_id: str) -> str:
    """Return the deduplication key of an invitation's mail."""
    return f"invitation:{invitation_id}"


def make(connection: Connection, log: TransparencyLog, outbox: Outbox, making: Making) -> None:
    """Write an invitation and its log entry; the open one of the same person is replaced.

    Raises IntegrityError when a slip of this number is open: try another number.
    """
    salt = new_salt()
    facts: dict[str, JsonValue] = {
        "institution": making.listed.institution.id,
        "invitation": making.id,
        "kind": str(making.kind),
        "officer": commitment(salt, making.made_by.encode()),
        "person": commitment(making.listed.person.salt, making.listed.person.id.encode()),
    }
    if making.document is not None:
        facts["document"] = str(making.document)
    end_open(connection, outbox, making.listed, InvitationState.REPLACED, making.made_at)
    [index] = log.append(connection, [LogEntry("invitation-made", making.made_at, facts)])
    row = insert(invitations).values(
        id=making.id,
        institution=making.listed.institution.id,
        person=making.listed.person.id,
        kind=making.kind,
        state=InvitationState.OPEN,
        made_by=making.made_by,
        made_at=making.made_at,
        ends_at=making.ends_at,
        token_sha256=making.token_sha256,
        slip_number=making.slip_number,
        code_mac=making.code_mac,
        wrong_tries=0,
        document=making.document,
        salt=salt,
        log_index=index,
    )
    connection.execute(row)


def free_number(connection: Connection, numbers: list[str]) -> str:
    """Return the first of some numbers that no open slip has."""
    taken = set(
        connection.scalars(
            select(invitations.c.slip_number).where(
                invitations.c.slip_number.in_(numbers),
                invitations.c.state == InvitationState.OPEN,
            )
        )
    )
    return next(one for one in numbers if one not in taken)


def end_open(
    connection: Connection, outbox: Outbox, listed: Listed, state: InvitationState, now: datetime
) -> None:
    """End what is open for a listed person; a mail that did not leave yet never does."""
    ended = connection.execute(
        update(invitations)
        .where(
            invitations.c.institution == listed.institution.id,
            invitations.c.person == listed.person.id,
            invitations.c.state == InvitationState.OPEN,
        )
        .values(state=state, ended_at=now)
        .returning(invitations.c.id)
    )
    for row in ended.all():
        outbox.withdraw(connection, mail_key(row.id))
