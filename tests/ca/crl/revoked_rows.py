"""Fill a shard with revocations, as many as one likes and quickly."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import insert

from ca.models import revocations
from core.database import Database

_ROWS_AT_ONCE = 10_000
_REASONS = ("keyCompromise", "superseded", "unspecified", "cessationOfOperation")


def fill(database: Database, authority: str, count: int, *, changed_at: datetime) -> None:
    """Store ``count`` revocations in shard 0 of an authority."""
    rows = _rows(authority, count, changed_at)
    with database.begin() as connection:
        while batch := list(islice(rows, _ROWS_AT_ONCE)):
            connection.execute(insert(revocations), batch)


def _rows(authority: str, count: int, changed_at: datetime) -> Iterator[dict[str, Any]]:
    for number, serial_number in enumerate(_serial_numbers(count)):
        yield {
            "authority": authority,
            "serial_number": serial_number,
            "state": "revoked",
            "reason": _REASONS[number % len(_REASONS)],
            "revoked_at": changed_at - timedelta(seconds=number % 1_000_000),
            "invalidity_date": changed_at - timedelta(days=9) if number % 10 == 0 else None,
            "changed_at": changed_at,
            "crl_shard": 0,
            "not_after": changed_at + timedelta(days=300),
            "stays_after_expiry": True,
        }


def _serial_numbers(count: int) -> Iterator[int]:
    # RFC 5280, Section 4.1.2.2: up to 20 octets, as ours are.
    return iter({random.getrandbits(158) | 1 << 157 for _ in range(count)})
