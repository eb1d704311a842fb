"""What stands in a CRL: which certificates, and each entry's DER.

Entries are encoded here rather than by a library: a shard may have a million of them, and bytes
are all that is kept of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, or_, select

from ca.der import (
    GENERALIZED_TIME,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    UTC_TIME,
    encode_element,
)
from ca.models import revocations
from ca.revocation.reasons import RevocationReason
from ca.revocation.standing import Standing

ENUMERATED = 0x0A
# RFC 5280, Sections 5.3.1 and 5.3.2: reasonCode (2.5.29.21) and invalidityDate (2.5.29.24).
_REASON_OID = bytes.fromhex("0603551d15")
_INVALIDITY_OID = bytes.fromhex("0603551d18")
REMOVE_FROM_CRL = 8
ROWS_AT_ONCE = 2_000


@dataclass(frozen=True)
class EntryShape:
    """Everything in which two entries can differ beside serial number and instants."""

    reason_code: int
    has_invalidity_date: bool


@dataclass(frozen=True)
class Entry:
    """One entry, encoded."""

    shape: EntryShape
    der: bytes


def complete_entries(
    connection: Connection, *, authority: str, shard: int, expired_since: datetime | None
) -> Iterator[Entry]:
    """Yield what a complete CRL lists: all that is revoked or on hold, by serial number.

    ``expired_since``: leave out what expired before this instant, that of the last complete
    CRL. None keeps all.
    """
    # RFC 5280, Section 3.3: an entry leaves only after it stood on one CRL issued beyond the
    # certificate's validity.
    listed: list[ColumnElement[bool]] = [
        revocations.c.state.in_([Standing.REVOKED, Standing.ON_HOLD])
    ]
    if expired_since is not None:
        stays = revocations.c.stays_after_expiry.is_(True)
        listed.append(or_(revocations.c.not_after >= expired_since, stays))
    return _entries(connection, authority, shard, *listed)


def delta_entries(
    connection: Connection, *, authority: str, shard: int, since: datetime
) -> Iterator[Entry]:
    """Yield what changed after ``since``; what was released says removeFromCRL."""
    changed = revocations.c.changed_at > since
    return _entries(connection, authority, shard, changed)


def encode_entry(row: Row[Any, Any, Any, Any, Any, Any]) -> Entry:
    """Return the entry of a row of ``revocations`` (RFC 5280, Section 5.1.2.6)."""
    released = row.state == Standing.RELEASED
    since = None if released else row.invalidity_date
    shape = _shape(REMOVE_FROM_CRL if released else _code(row.reason), since is not None)
    body = encode_integer(row.serial_number)
    body += encode_time(row.changed_at if released else row.revoked_at)
    return Entry(shape, encode_element(SEQUENCE, body + _entry_extensions(shape, since)))


def _entry_extensions(shape: EntryShape, since: datetime | None) -> bytes:
    extensions = _reason_extension(shape.reason_code)
    if since is not None:
        value = encode_element(GENERALIZED_TIME, _digits(since))
        extensions += _extension(_INVALIDITY_OID, value)
    return encode_element(SEQUENCE, extensions) if extensions else b""


# A handful of these stand for a million entries.
@cache
def _reason_extension(code: int) -> bytes:
    # Section 5.3.1: rather no reason code than the value unspecified.
    if code == RevocationReason.UNSPECIFIED.code:
        return b""
    return _extension(_REASON_OID, encode_element(ENUMERATED, bytes([code])))


@cache
def _code(reason: str) -> int:
    return RevocationReason(reason).code


@cache
def _shape(reason_code: int, has_invalidity_date: bool) -> EntryShape:
    return EntryShape(reason_code, has_invalidity_date)


def encode_integer(value: int) -> bytes:
    """Return a non-negative INTEGER (X.690, Section 8.3)."""
    return encode_element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def encode_time(instant: datetime) -> bytes:
    """Return a Time: UTCTime through 2049, GeneralizedTime after (RFC 5280, 5.1.2.6)."""
    digits = _digits(instant)
    if digits < b"2050":
        return encode_element(UTC_TIME, digits[2:])
    return encode_element(GENERALIZED_TIME, digits)


def _digits(instant: datetime) -> bytes:
    # Section 4.1.2.5.2: seconds always, fractions never.
    return instant.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode()


def _extension(oid: bytes, value: bytes) -> bytes:
    return encode_element(SEQUENCE, oid + encode_element(OCTET_STRING, value))


def _entries(
    connection: Connection, authority: str, shard: int, *conditions: ColumnElement[bool]
) -> Iterator[Entry]:
    # No more columns than an entry has: every one costs a second for a million rows.
    result = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(
        select(
            revocations.c.serial_number,
            revocations.c.state,
            revocations.c.reason,
            revocations.c.revoked_at,
            revocations.c.changed_at,
            revocations.c.invalidity_date,
        )
        .where(revocations.c.authority == authority, revocations.c.crl_shard == shard, *conditions)
        .order_by(revocations.c.serial_number)
    )
    for row in result:
        yield encode_entry(row)
