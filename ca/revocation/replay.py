"""Write revocations again from the log, after an old backup was restored.

Entries carry the whole record, so replaying is writing: in the log's order, as often as one
likes. Nothing here appends to the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from ca.models import blocked_keys
from ca.revocation.changes import KINDS, upsert
from ca.revocation.reasons import RevocationReason
from ca.revocation.scopes import lock_scopes
from ca.revocation.standing import RevocationRecord, Standing
from core.transparency.entry import JsonValue, LogEntry

_STANDINGS = {kind: standing for standing, kind in KINDS.items()}


def replay(connection: Connection, entry: LogEntry) -> bool:
    """Apply one log entry within the caller's transaction; False if it is of another kind."""
    if entry.kind in _STANDINGS:
        record = _record(entry.facts, _STANDINGS[entry.kind])
        # The next CRL of this scope has to be later than the change.
        lock_scopes(connection, [(record.authority, record.crl_shard)], record.changed_at)
        upsert(connection, [record])
        return True
    if entry.kind == "key-blocked":
        _block(connection, entry)
        return True
    return False


def _record(facts: Mapping[str, JsonValue], standing: Standing) -> RevocationRecord:
    invalidity_date = facts["invalidity_date"]
    return RevocationRecord(
        authority=_text(facts, "authority"),
        serial_number=int(_text(facts, "serial_number"), 16),
        standing=standing,
        reason=RevocationReason(_text(facts, "reason")),
        revoked_at=_instant(facts, "revoked_at"),
        invalidity_date=None if invalidity_date is None else _instant(facts, "invalidity_date"),
        changed_at=_instant(facts, "changed_at"),
        crl_shard=cast(int, facts["crl_shard"]),
        not_after=_instant(facts, "not_after"),
        stays_after_expiry=cast(bool, facts["stays_after_expiry"]),
    )


def _block(connection: Connection, entry: LogEntry) -> None:
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(
        insert(blocked_keys)
        .values(
            public_key_sha256=bytes.fromhex(_text(entry.facts, "public_key_sha256")),
            reason=_text(entry.facts, "reason"),
            blocked_at=entry.at,
        )
        .on_conflict_do_nothing()
    )


def _text(facts: Mapping[str, JsonValue], name: str) -> str:
    return cast(str, facts[name])


def _instant(facts: Mapping[str, JsonValue], name: str) -> datetime:
    return datetime.fromisoformat(_text(facts, name))


REPLAYED_KINDS: frozenset[str] = frozenset({*_STANDINGS, "key-blocked"})
