"""Write serial numbers again from the log, after an old backup was restored.

The log never had the certificates themselves, which name people: what is written again is
enough to answer for their status and never to use their serial numbers or keys again. The
holder is lost with the backup, so a replayed key is nobody's until somebody restores it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ca.models import authorities, certificates
from core.errors import Conflict
from core.transparency.entry import JsonValue, LogEntry

UNKNOWN_HOLDER = "unknown:replayed"


class AuthorityNotRestored(Conflict):
    """The log speaks of an authority that the restored backup is too old to know."""

    problem = "authority-not-restored"
    title = "The backup is older than an authority"


def replay(connection: Connection, index: int, entry: LogEntry) -> bool:
    """Apply one log entry within the caller's transaction; False if it is of another kind."""
    if entry.kind == "certificate-reserved":
        _reserve(connection, entry)
    elif entry.kind == "certificate-issued":
        _set_state(
            connection,
            entry.facts,
            state="replayed",
            issued_at=entry.at,
            certificate_sha256=bytes.fromhex(_text(entry.facts, "certificate_sha256")),
            log_index=index,
        )
    elif entry.kind == "certificate-abandoned":
        _set_state(connection, entry.facts, state="abandoned")
    else:
        return False
    return True


def _reserve(connection: Connection, entry: LogEntry) -> None:
    facts = entry.facts
    _check_authority(connection, _text(facts, "authority"))
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(
        insert(certificates)
        .values(
            authority=_text(facts, "authority"),
            serial_number=int(_text(facts, "serial_number"), 16),
            state="reserved",
            profile=_text(facts, "profile"),
            profile_version=cast(int, facts["profile_version"]),
            holder=UNKNOWN_HOLDER,
            public_key_sha256=bytes.fromhex(_text(facts, "public_key_sha256")),
            tbs_sha256=bytes.fromhex(_text(facts, "tbs_sha256")),
            not_before=datetime.fromisoformat(_text(facts, "not_before")),
            not_after=datetime.fromisoformat(_text(facts, "not_after")),
            crl_shard=cast(int, facts["crl_shard"]),
            reserved_at=entry.at,
            # Whether it was ever stored shows as the log is read on; if not, it is recovered.
            lease_until=entry.at,
        )
        .on_conflict_do_nothing()
    )


def _check_authority(connection: Connection, name: str) -> None:
    known = connection.scalar(select(authorities.c.name).where(authorities.c.name == name))
    if known is None:
        raise AuthorityNotRestored(
            f"The backup was made before the ceremony that created {name}, and the log does not "
            "hold what a ceremony made. Restore a backup that was made after it.",
            kept="What the log said before that is replayed.",
            authority=name,
        )


def _set_state(connection: Connection, facts: Mapping[str, JsonValue], **values: object) -> None:
    connection.execute(
        update(certificates)
        .where(
            certificates.c.authority == _text(facts, "authority"),
            certificates.c.serial_number == int(_text(facts, "serial_number"), 16),
            certificates.c.state == "reserved",
        )
        .values(lease_until=None, **values)
    )


def _text(facts: Mapping[str, JsonValue], name: str) -> str:
    return cast(str, facts[name])
