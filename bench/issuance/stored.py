"""Fill a home with certificates and their log entries, as if they had been issued before.

Every row and every log entry is what issuance would have written, in the same order; the log is
a true tree, published whole. Only the certificates themselves are copies of one real certificate
under other serial numbers, with signatures that verify for nobody: nothing here reads them.
Tables of ``ca`` are written directly, because no way of issuing may skip the HSM.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

from sqlalchemy import insert

from bench.issuance.requests import PROFILE, decided_requests
from ca.issuance import IssuedCertificate
from ca.issuance.serial_numbers import new_serial_number, shard_of
from ca.models import certificates
from camtrust.wiring import Services
from core.idempotency import new_act_id
from core.transparency.entry import LogEntry

# One transaction: large enough to be quick, small enough to stay in memory.
CHUNK = 5_000
VALIDITY = timedelta(days=1095)
AUTHORITY = "people-1"


def fill(services: Services, count: int) -> None:
    """Store ``count`` certificates beside what is there."""
    [request] = decided_requests(1, authority=AUTHORITY)
    pattern = services.issuance.issue(request)
    issuer = services.authorities.issuer(pattern.authority)
    for start in range(0, count, CHUNK):
        rows = list(_rows(pattern, issuer.crl_shards, min(CHUNK, count - start), services))
        _store(services, rows)
    services.log.publish()


def _store(services: Services, rows: list[dict[str, Any]]) -> None:
    now = services.clock.now()
    entries = [LogEntry("certificate-reserved", now, _reserved_facts(row)) for row in rows]
    entries += [LogEntry("certificate-issued", now, _issued_facts(row)) for row in rows]
    with services.database.begin() as connection:
        indexes = services.log.append(connection, entries)
        for row, index in zip(rows, indexes[len(rows) :], strict=True):
            row["log_index"] = index
        connection.execute(insert(certificates), rows)


def _rows(
    pattern: IssuedCertificate, shards: int, count: int, services: Services
) -> Iterator[dict[str, Any]]:
    now, version = services.clock.now(), services.profiles[PROFILE].version
    old = pattern.serial_number.to_bytes((pattern.serial_number.bit_length() + 8) // 8, "big")
    for _ in range(count):
        serial_number = _number_as_long_as(old)
        der = pattern.certificate_der.replace(old, serial_number.to_bytes(len(old), "big"), 1)
        yield _row(pattern.authority, serial_number, shards, version, der, now)


def _number_as_long_as(octets: bytes) -> int:
    while True:
        number = new_serial_number()
        if (number.bit_length() + 8) // 8 == len(octets):
            return number


def _row(
    authority: str, serial_number: int, shards: int, version: int, der: bytes, now: datetime
) -> dict[str, Any]:
    return {
        "authority": authority,
        "serial_number": serial_number,
        "state": "issued",
        "profile": PROFILE,
        "profile_version": version,
        "holder": f"person:{uuid4()}",
        "reference": f"application:{new_act_id(now)}",
        "public_key_sha256": secrets.token_bytes(32),
        "tbs_sha256": sha256(der).digest(),
        "not_before": now,
        "not_after": now + VALIDITY,
        "crl_shard": shard_of(serial_number, shards),
        "reserved_at": now,
        "lease_until": None,
        "issued_at": now,
        "certificate_der": der,
        "certificate_sha256": sha256(der).digest(),
    }


def _reserved_facts(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "authority": row["authority"],
        "crl_shard": row["crl_shard"],
        "not_after": row["not_after"].isoformat(),
        "not_before": row["not_before"].isoformat(),
        "profile": row["profile"],
        "profile_version": row["profile_version"],
        "public_key_sha256": row["public_key_sha256"].hex(),
        "serial_number": f"{row['serial_number']:x}",
        "tbs_sha256": row["tbs_sha256"].hex(),
    }


def _issued_facts(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "authority": row["authority"],
        "certificate_sha256": row["certificate_sha256"].hex(),
        "serial_number": f"{row['serial_number']:x}",
    }
