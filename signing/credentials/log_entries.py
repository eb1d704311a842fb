"""What the transparency log is told of signing keys: that something happened, to a commitment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from core.transparency.entry import JsonValue, LogEntry, commitment
from core.transparency.log import TransparencyLog


class Salted(Protocol):
    """A key that can be committed to: a credential, or its row."""

    @property
    def id(self) -> str:
        """The credential's id."""

    @property
    def salt(self) -> bytes:
        """What hides it."""


def log_of_key(
    log: TransparencyLog,
    connection: Connection,
    kind: str,
    at: datetime,
    key: Salted,
    facts: Mapping[str, JsonValue],
) -> int:
    """Append an entry about a key within the transaction; return its index.

    Neither the holder nor the key stands in it: who has the salt can show that it is about them.
    """
    entry = LogEntry(kind, at, {"key": commitment(key.salt, key.id.encode()), **facts})
    [index] = log.append(connection, [entry])
    return index
