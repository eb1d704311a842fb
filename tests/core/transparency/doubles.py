"""A checkpoint key in memory, plain entries, and Merkle trees written a second time.

The trees are the recursive definitions of RFC 9162, word for word, and share no code with what
they check.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import delete, update

from core.database import Database
from core.transparency.entry import LogEntry
from core.transparency.log import TransparencyLog
from core.transparency.merkle import CompactRange
from core.transparency.models import log_entries, log_state

ORIGIN = "log.test.example/2026"
WITNESS = "witness.test.example/w1"


class SoftwareSigner:
    """The same seed gives the same key in another process."""

    def __init__(self, name: str = ORIGIN, seed: int = 1) -> None:
        self.name = name
        self._key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)

    @property
    def public_key(self) -> Ed25519PublicKey:
        return self._key.public_key()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def entry(number: int, kind: str = "certificate-issued") -> LogEntry:
    return LogEntry(kind, datetime(2026, 11, 23, 8, 0, tzinfo=UTC), {"number": number})


def append(log: TransparencyLog, database: Database, count: int, first: int = 0) -> list[int]:
    with database.begin() as connection:
        return log.append(connection, [entry(first + number) for number in range(count)])


def naive_root(entries: list[bytes]) -> bytes:
    """MTH(D_n), RFC 9162, Section 2.1.1."""
    if not entries:
        return sha256().digest()
    if len(entries) == 1:
        return sha256(bytes([0]) + entries[0]).digest()
    k = naive_split(len(entries))
    return sha256(bytes([1]) + naive_root(entries[:k]) + naive_root(entries[k:])).digest()


def naive_path(m: int, entries: list[bytes]) -> list[bytes]:
    """PATH(m, D_n), RFC 9162, Section 2.1.3.1."""
    if len(entries) == 1:
        return []
    k = naive_split(len(entries))
    if m < k:
        return [*naive_path(m, entries[:k]), naive_root(entries[k:])]
    return [*naive_path(m - k, entries[k:]), naive_root(entries[:k])]


def naive_subproof(m: int, entries: list[bytes], b: bool) -> list[bytes]:
    """SUBPROOF(m, D_n, b), RFC 9162, Section 2.1.4.1."""
    if m == len(entries):
        return [] if b else [naive_root(entries)]
    k = naive_split(len(entries))
    if m <= k:
        return [*naive_subproof(m, entries[:k], b), naive_root(entries[k:])]
    return [*naive_subproof(m - k, entries[k:], False), naive_root(entries[:k])]


def naive_split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def forget(database: Database, size: int) -> None:
    """Put the database's log back to its first ``size`` entries, as an old backup would."""
    leaves = [sha256(b"\0" + entry(number).encode()).digest() for number in range(size)]
    edge = CompactRange().extend(leaves)
    with database.begin() as connection:
        connection.execute(delete(log_entries).where(log_entries.c.entry_index >= size))
        connection.execute(
            update(log_state).values(
                size=size, edge=edge.encode(), published_size=0, published_edge=b""
            )
        )
