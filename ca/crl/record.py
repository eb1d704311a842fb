"""What the database knows of CRLs: every number ever used, and the newest lists themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, select

from ca.crl.errors import CrlDamagedError, CrlOvertaken, CrlUnknown
from ca.crl.octets import in_parts_of
from ca.crl.signing import SignedCrl
from ca.models import crl_parts, crls
from core.database import Database
from core.transparency.entry import LogEntry
from core.transparency.log import TransparencyLog

# A row's size: 100 of them for a million entries, and nothing to a driver's memory.
_STORED_PART_OCTETS = 1 << 19
_PARTS_AT_ONCE = 2


@dataclass(frozen=True)
class IssuedCrl:
    """A CRL that was issued. ``base_number`` is None for a complete one.

    ``content`` has its DER in parts, and may be gone through again. That of a list which a newer
    one replaced is not kept: it raises CrlUnknown.
    """

    authority: str
    shard: int
    number: int
    base_number: int | None
    this_update: datetime
    next_update: datetime
    entries: int
    sha256: bytes
    content: Iterable[bytes] = field(default=(), repr=False, compare=False)

    @property
    def crl_der(self) -> bytes:
        """Its DER in one piece, for those who know that it is short."""
        return b"".join(self.content)

    @property
    def is_delta(self) -> bool:
        """Tell whether it is a delta CRL."""
        return self.base_number is not None

    @property
    def file_name(self) -> str:
        """The last part of its URL."""
        return file_name(self.shard, delta=self.is_delta)


def file_name(shard: int, *, delta: bool) -> str:
    """Return the last part of the URL of a shard's complete or delta CRL."""
    return f"{shard}-delta.crl" if delta else f"{shard}.crl"


class StoredContent:
    """The DER of a CRL as the table has it, a few parts at a time."""

    def __init__(self, database: Database, issued: IssuedCrl) -> None:
        self._database = database
        self._issued = issued

    def __iter__(self) -> Iterator[bytes]:
        """Yield the parts. Raises CrlUnknown, and at the end CrlDamagedError.

        A connection is held until then: for those who write a file, not for slow readers.
        """
        digest = sha256()
        found = False
        with self._database.read() as connection:
            parts = connection.execution_options(yield_per=_PARTS_AT_ONCE).scalars(
                select(crl_parts.c.octets)
                .where(_is_part_of(self._issued))
                .order_by(crl_parts.c.position)
            )
            for part in parts:
                found = True
                digest.update(part)
                yield part
        if not found:
            raise CrlUnknown("This CRL was replaced by a newer one.")
        if digest.digest() != self._issued.sha256:
            raise CrlDamagedError("The stored CRL is not the one that was signed.")


def store(connection: Connection, log: TransparencyLog, signed: SignedCrl) -> tuple[IssuedCrl, int]:
    """Store a signed CRL and log it, in the caller's transaction; return it and its log index.

    The caller holds the scope's lock. Raises CrlOvertaken if a newer one of its kind exists.
    """
    claim, built = signed.built.claim, signed.built
    issued = IssuedCrl(
        authority=claim.authority,
        shard=claim.shard,
        number=claim.number,
        base_number=built.base_number,
        this_update=claim.this_update,
        next_update=built.next_update,
        entries=built.entries,
        sha256=signed.sha256,
        content=signed.content,
    )
    newest = find_newest(connection, claim.authority, claim.shard, delta=issued.is_delta)
    if newest is not None and newest.number > issued.number:
        raise CrlOvertaken("A newer CRL of this scope was issued meanwhile.")
    connection.execute(
        crls.insert().values(
            authority=issued.authority,
            shard=issued.shard,
            number=issued.number,
            base_number=issued.base_number,
            this_update=issued.this_update,
            next_update=issued.next_update,
            entries=issued.entries,
            sha256=issued.sha256,
        )
    )
    if newest is not None:
        connection.execute(delete(crl_parts).where(_is_part_of(newest)))
    _store_content(connection, issued)
    [index] = log.append(connection, [_entry(issued)])
    return issued, index


def _store_content(connection: Connection, issued: IssuedCrl) -> None:
    for position, octets in enumerate(in_parts_of(_STORED_PART_OCTETS, issued.content)):
        connection.execute(
            crl_parts.insert().values(
                authority=issued.authority,
                shard=issued.shard,
                number=issued.number,
                position=position,
                octets=octets,
            )
        )


def find_newest(
    connection: Connection,
    authority: str,
    shard: int,
    *,
    delta: bool,
    until: datetime | None = None,
) -> IssuedCrl | None:
    """Return the newest complete or delta CRL of a scope, without its content.

    ``until``: of those whose thisUpdate is not later.
    """
    query = select(crls).where(_scope(authority, shard), _kind(delta=delta))
    if until is not None:
        query = query.where(crls.c.this_update <= until)
    row = connection.execute(query.order_by(crls.c.number.desc()).limit(1)).one_or_none()
    return None if row is None else _issued(row)


def find_all(connection: Connection, authority: str | None) -> list[IssuedCrl]:
    """Return the newest CRLs of each kind, by authority, shard and number, without content."""
    # Of these alone there are parts; of the others there are as many as the years bring.
    query = select(crls).join(crl_parts).where(crl_parts.c.position == 0)
    if authority is not None:
        query = query.where(crls.c.authority == authority)
    rows = connection.execute(query.order_by(crls.c.authority, crls.c.shard, crls.c.number))
    return [_issued(row) for row in rows]


def _entry(issued: IssuedCrl) -> LogEntry:
    return LogEntry(
        "crl-issued",
        issued.this_update,
        {
            "authority": issued.authority,
            "base_number": issued.base_number,
            "entries": issued.entries,
            "next_update": issued.next_update.isoformat(),
            "number": issued.number,
            "sha256": issued.sha256.hex(),
            "shard": issued.shard,
        },
    )


def _is_part_of(issued: IssuedCrl) -> ColumnElement[bool]:
    return (
        (crl_parts.c.authority == issued.authority)
        & (crl_parts.c.shard == issued.shard)
        & (crl_parts.c.number == issued.number)
    )


def _scope(authority: str, shard: int) -> ColumnElement[bool]:
    return (crls.c.authority == authority) & (crls.c.shard == shard)


def _kind(*, delta: bool) -> ColumnElement[bool]:
    return crls.c.base_number.is_not(None) if delta else crls.c.base_number.is_(None)


def _issued(row: Row[Any]) -> IssuedCrl:
    return IssuedCrl(
        authority=row.authority,
        shard=row.shard,
        number=row.number,
        base_number=row.base_number,
        this_update=row.this_update,
        next_update=row.next_update,
        entries=row.entries,
        sha256=row.sha256,
    )
