"""Write status changes and their log entries, within the caller's transaction.

Every way to revoke ends here, so that table, log and CRLs tell one story.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, select
from sqlalchemy.dialects import postgresql, sqlite

from ca.models import authorities, certificates, revocations
from ca.revocation.errors import CertificateUnknown, SerialAmbiguous
from ca.revocation.reasons import RevocationReason
from ca.revocation.retention import Retention
from ca.revocation.scopes import lock_scopes
from ca.revocation.standing import (
    RevocationRecord,
    Standing,
    Target,
    Wish,
    change_standing,
)
from core.errors import CamtrustError
from core.transparency.entry import JsonValue, LogEntry
from core.transparency.log import TransparencyLog

KINDS = {
    Standing.REVOKED: "certificate-revoked",
    Standing.ON_HOLD: "certificate-held",
    Standing.RELEASED: "certificate-released",
}

# A reservation counts too: whoever revokes it has it born revoked. An abandoned one was
# revoked when it was given up.
_ALIVE = ("reserved", "issued", "replayed", "abandoned")


@dataclass(frozen=True)
class Outcome:
    """What became of a batch: records written, the log index of the last, and who was refused.

    ``present`` are the records as they stand now, of every target that was not refused.
    """

    written: tuple[RevocationRecord, ...]
    present: tuple[RevocationRecord, ...]
    refused: tuple[tuple[Target, CamtrustError], ...]
    last_index: int | None


def apply_wish(
    connection: Connection,
    *,
    log: TransparencyLog,
    retention: Retention,
    targets: Sequence[Target],
    wish: Wish,
    now: datetime,
    before: Sequence[LogEntry] = (),
) -> Outcome:
    """Change the standing of ``targets``; those that refuse are named, not raised.

    ``before`` are entries that have to stand in the log ahead of the changes.
    """
    at = lock_scopes(connection, {(one.authority, one.crl_shard) for one in targets}, now)
    # Read under the lock: what another process has just done counts.
    present = _present(connection, targets)
    written: list[RevocationRecord] = []
    now_so: list[RevocationRecord] = []
    refused: list[tuple[Target, CamtrustError]] = []
    for target in targets:
        existing = present.get((target.authority, target.serial_number))
        keeps = retention.keeps_expired(target.authority)
        try:
            record = change_standing(target, existing, wish, at=at, stays_after_expiry=keeps)
        except CamtrustError as refusal:
            refused.append((target, refusal))
            continue
        if record is not None:
            written.append(record)
        now_so += [one for one in (record or existing,) if one is not None]
    upsert(connection, written)
    entries = [*before, *map(entry_of, written)]
    indexes = log.append(connection, entries) if entries else []
    return Outcome(tuple(written), tuple(now_so), tuple(refused), indexes[-1] if indexes else None)


def find_target(
    connection: Connection, *, serial_number: int, authority: str | None = None
) -> Target:
    """Return the certificate of a serial number. Raises CertificateUnknown or SerialAmbiguous."""
    conditions = [certificates.c.serial_number == serial_number]
    if authority is not None:
        conditions.append(certificates.c.authority == authority)
    else:
        # An index begins with the authority: name them all, so that it serves.
        names = connection.scalars(select(authorities.c.name)).all()
        conditions.append(certificates.c.authority.in_(names))
    found = targets_where(connection, *conditions)
    if not found:
        raise CertificateUnknown(
            "No certificate has this serial number"
            + (f" at {authority}." if authority is not None else "."),
        )
    if len(found) > 1:
        names_found = ", ".join(sorted(one.authority for one in found))
        raise SerialAmbiguous(f"Say which authority is meant: {names_found}.")
    return found[0]


def targets_where(
    connection: Connection, *conditions: Any, limit: int | None = None
) -> list[Target]:
    """Return the certificates that fulfil SQL conditions, in the order of their ids."""
    rows = connection.execute(
        select_targets()
        .where(certificates.c.state.in_(_ALIVE), *conditions)
        .order_by(certificates.c.id)
        .limit(limit)
    )
    return [target_of(row) for row in rows]


def select_targets() -> Select[Any]:
    """Return the query whose rows :func:`target_of` reads, without any condition."""
    # A key is named by the SHA-256 of its SubjectPublicKeyInfo, in the token as in this table.
    is_authority = exists().where(authorities.c.key_id == certificates.c.public_key_sha256)
    return select(
        certificates.c.id,
        certificates.c.authority,
        certificates.c.serial_number,
        certificates.c.crl_shard,
        certificates.c.profile,
        certificates.c.not_after,
        is_authority.label("is_authority"),
    )


def target_of(row: Row[Any]) -> Target:
    """Return the target that a row of :func:`select_targets` describes."""
    return Target(
        authority=row.authority,
        serial_number=row.serial_number,
        crl_shard=row.crl_shard,
        profile=row.profile,
        not_after=row.not_after,
        is_authority=row.is_authority,
    )


def record_of(row: Row[Any]) -> RevocationRecord:
    """Return the record that a row of ``revocations`` holds."""
    return RevocationRecord(
        authority=row.authority,
        serial_number=row.serial_number,
        standing=Standing(row.state),
        reason=RevocationReason(row.reason),
        revoked_at=row.revoked_at,
        invalidity_date=row.invalidity_date,
        changed_at=row.changed_at,
        crl_shard=row.crl_shard,
        not_after=row.not_after,
        stays_after_expiry=row.stays_after_expiry,
    )


def upsert(connection: Connection, records: Iterable[RevocationRecord]) -> None:
    """Write records over what stood there before."""
    rows = [_row(record) for record in records]
    if not rows:
        return
    dialect_insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = dialect_insert(revocations)
    replaced = {
        column.name: statement.excluded[column.name]
        for column in revocations.columns
        if not column.primary_key
    }
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["authority", "serial_number"], set_=replaced
        ),
        rows,
    )


def entry_of(record: RevocationRecord) -> LogEntry:
    """Return the log entry of a change: enough to write the row again after a restore."""
    facts: dict[str, JsonValue] = {
        "authority": record.authority,
        "changed_at": _instant(record.changed_at),
        "crl_shard": record.crl_shard,
        "invalidity_date": None
        if record.invalidity_date is None
        else _instant(record.invalidity_date),
        "not_after": _instant(record.not_after),
        "reason": str(record.reason),
        "revoked_at": _instant(record.revoked_at),
        "serial_number": f"{record.serial_number:x}",
        "stays_after_expiry": record.stays_after_expiry,
    }
    return LogEntry(KINDS[record.standing], record.changed_at, facts)


def _present(
    connection: Connection, targets: Sequence[Target]
) -> Mapping[tuple[str, int], RevocationRecord]:
    by_authority: dict[str, list[int]] = {}
    for one in targets:
        by_authority.setdefault(one.authority, []).append(one.serial_number)
    found = {}
    for authority, serial_numbers in by_authority.items():
        rows = connection.execute(
            select(revocations).where(
                revocations.c.authority == authority,
                revocations.c.serial_number.in_(serial_numbers),
            )
        )
        for row in rows:
            found[row.authority, row.serial_number] = record_of(row)
    return found


def _row(record: RevocationRecord) -> dict[str, object]:
    return {
        "authority": record.authority,
        "serial_number": record.serial_number,
        "state": str(record.standing),
        "reason": str(record.reason),
        "revoked_at": record.revoked_at,
        "invalidity_date": record.invalidity_date,
        "changed_at": record.changed_at,
        "crl_shard": record.crl_shard,
        "not_after": record.not_after,
        "stays_after_expiry": record.stays_after_expiry,
    }


def _instant(value: datetime) -> str:
    return value.isoformat(timespec="microseconds")
