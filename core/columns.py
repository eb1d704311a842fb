"""Column types that behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

# SQLite numbers rows by itself only where the key is INTEGER.
BigIdentity = BigInteger().with_variant(Integer(), "sqlite")

# RFC 5280, Section 4.1.2.2: at most 20 octets.
SERIAL_NUMBER_OCTETS = 20


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC instant; SQLite, which forgets time zones, gets it back aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive instant and store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return an aware UTC instant."""
        if value is None:
            return None
        result: datetime = value
        return result.replace(tzinfo=UTC) if result.tzinfo is None else result.astimezone(UTC)


class SerialNumber(TypeDecorator[int]):
    """A certificate serial number as 20 octets, big-endian, so that order is numeric order."""

    impl = LargeBinary(SERIAL_NUMBER_OCTETS)
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> bytes | None:
        """Store a positive integer below 2**160."""
        return None if value is None else value.to_bytes(SERIAL_NUMBER_OCTETS, "big")

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> int | None:
        """Return the integer."""
        return None if value is None else int.from_bytes(value, "big")
