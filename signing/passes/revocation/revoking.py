"""A pass is revoked, in one transaction with its log entry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, update

from core.canonical_json import canonical_json
from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from signing.passes.formats.hc1 import PREFIX, open_hc1
from signing.passes.formats.revocation_hashes import RevocationHash, distinct, hashes_of
from signing.passes.issuing.errors import PassUnknown
from signing.passes.issuing.issued import IssuedPass, find_pass
from signing.passes.issuing.models import (
    pass_revocation_hashes,
    pass_revocations,
    pass_status_lists,
    passes,
)
from signing.passes.revocation.reasons import check_reason
from signing.passes.settings import PassSettings

_KIND = "pass-revoked"


class PassRevocation:
    """Takes passes back, for good."""

    def __init__(self, *, database: Database, log: TransparencyLog, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._clock = clock

    def revoke(self, pass_id: str, reason: str, *, by: str, institution: str | None) -> IssuedPass:
        """Revoke a pass; return it as it stands. One that is revoked keeps its first reason.

        ``institution``: whose pass it has to be; None for whoever may revoke every one. Raises
        ReasonUnknown, PassUnknown, LogUnavailable and DatabaseUnavailable.
        """
        check_reason(reason)
        with self._database.begin() as connection:
            found = _found(connection, pass_id, institution)
            now = self._clock.now()
            if _mark(connection, found, reason, now):
                self._record(connection, found, reason, by, now)
            return _found(connection, pass_id, institution)

    def _record(
        self, connection: Connection, found: IssuedPass, reason: str, by: str, now: datetime
    ) -> None:
        connection.execute(
            update(pass_status_lists)
            .where(pass_status_lists.c.number == found.status_list)
            .values(version=pass_status_lists.c.version + 1)
        )
        rows = [
            {
                "pass_id": found.id,
                "hash_type": one.hash_type.value,
                "hash": one.octets,
                "signer_key_id": one.signer_key_id,
            }
            for one in _hashes(found)
        ]
        if rows:
            connection.execute(insert(pass_revocation_hashes), rows)
        salt = new_salt()
        entry = LogEntry(_KIND, now, _facts(found, reason, by, salt, now))
        [index] = self._log.append(connection, [entry])
        connection.execute(
            insert(pass_revocations).values(
                pass_id=found.id, revoked_by=by, salt=salt, log_index=index
            )
        )


def _mark(connection: Connection, found: IssuedPass, reason: str, now: datetime) -> bool:
    # The condition decides between two that come at the same moment.
    changed = connection.execute(
        update(passes)
        .where(passes.c.id == found.id, passes.c.revoked_at.is_(None))
        .values(revoked_at=now, reason=reason)
    )
    return changed.rowcount == 1


def _found(connection: Connection, pass_id: str, institution: str | None) -> IssuedPass:
    found = find_pass(connection, pass_id)
    if found is None or institution not in (None, found.institution):
        raise PassUnknown("Your institution has issued no pass with this identifier.")
    return found


def _facts(
    found: IssuedPass, reason: str, by: str, salt: bytes, at: datetime
) -> dict[str, JsonValue]:
    said = {"at": at.isoformat(), "by": by, "pass": found.id, "reason": reason}
    return {
        "institution": found.institution,
        "pass": commitment(salt, canonical_json(said)),
        "type": found.type,
    }


def _hashes(found: IssuedPass) -> Sequence[RevocationHash]:
    # Codes are erased once their time is over; nobody has to be told of those.
    hashes: list[RevocationHash] = []
    for text in found.codes.values():
        if text.startswith(PREFIX):
            hashes += hashes_of(open_hc1(text, PassSettings()))
    return distinct(hashes)
