"""What a log entry is: a kind, an instant and a few facts, as canonical JSON.

Entries are public. Personal data stands in them only as salted commitments
(:func:`commitment`); the salt stays in the database with the thing committed to.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NoReturn

from core.transparency.errors import NoteMalformed

JsonValue = str | int | bool | None | list["JsonValue"] | dict[str, "JsonValue"]

SALT_OCTETS = 32


@dataclass(frozen=True)
class LogEntry:
    """One fact for the log. ``kind`` is a stable word such as ``certificate-issued``."""

    kind: str
    at: datetime
    facts: Mapping[str, JsonValue]

    def encode(self) -> bytes:
        """Return the bytes that the tree hashes: UTF-8 JSON, sorted keys, no spaces, one line."""
        document = {
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "facts": self.facts,
            "kind": self.kind,
            "v": 1,
        }
        return _CANONICAL.encode(document).encode()

    @classmethod
    def decode(cls, octets: bytes) -> LogEntry:
        """Read what :meth:`encode` wrote, and nothing else. Raises NoteMalformed."""
        try:
            document: Any = json.loads(octets.decode("utf-8"), parse_constant=_refuse_constant)
            if document["v"] != 1:
                raise NoteMalformed("The log entry is of a version that is not known here.")
            kind, facts = document["kind"], document["facts"]
            entry = cls(kind, datetime.fromisoformat(document["at"]), facts)
            canonical = isinstance(kind, str) and isinstance(facts, dict)
            # One text for one entry: doubled keys, spaces and other spellings end here.
            canonical = canonical and entry.encode() == octets
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise NoteMalformed("This is not a log entry.") from error
        if not canonical:
            raise NoteMalformed("The log entry is not in its canonical form.")
        return entry


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}")


# Made once: json.dumps would build one for every entry.
_CANONICAL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def new_salt() -> bytes:
    """Return 32 random octets for a commitment."""
    return secrets.token_bytes(SALT_OCTETS)


def commitment(salt: bytes, value: bytes) -> str:
    """Return the hex HMAC-SHA-256 of ``value`` under ``salt``: binding, and hiding without it."""
    return hmac.new(salt, value, sha256).hexdigest()
