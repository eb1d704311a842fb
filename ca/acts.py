"""What the authorities' tables know that the log must know too, for the log's monitor.

Fulfils ``core.transparency.comparison.ActsView`` twice: for certificates and their standing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, select

from ca.models import certificates, revocations
from ca.revocation.changes import KINDS, entry_of, record_of
from core.transparency.comparison import Act
from core.transparency.entry import JsonValue, LogEntry

# Rows fetched at a time, so that millions need no memory.
_FETCH: Final = 1000


class CertificateActs:
    """Every serial number ever reserved, and the hash of the certificate that came of it."""

    name = "certificates"

    def act_of(self, entry: LogEntry) -> Act | None:
        """Return what an entry says of a serial number."""
        if entry.kind == "certificate-reserved":
            return Act(_key(entry.facts), f"reserved {entry.facts['tbs_sha256']}")
        if entry.kind == "certificate-issued":
            return Act(_key(entry.facts), f"issued {entry.facts['certificate_sha256']}")
        if entry.kind == "certificate-abandoned":
            return Act(_key(entry.facts), "abandoned")
        return None

    def stored_acts(self, connection: Connection) -> Iterator[Act]:
        """Yield the present state of every row; the hash is that of the stored bytes."""
        columns = certificates.c
        rows = connection.execution_options(yield_per=_FETCH).execute(
            select(
                columns.authority,
                columns.serial_number,
                columns.state,
                columns.tbs_sha256,
                columns.certificate_der,
                columns.certificate_sha256,
            )
        )
        for row in rows:
            key = f"{row.authority}/{row.serial_number:x}"
            if row.state == "reserved":
                yield Act(key, f"reserved {row.tbs_sha256.hex()}")
            elif row.state == "abandoned":
                yield Act(key, "abandoned")
            else:
                # A replayed row has the hash alone: the bytes were lost with the old database.
                lost = row.certificate_der is None
                found = row.certificate_sha256 if lost else sha256(row.certificate_der).digest()
                yield Act(key, f"issued {found.hex()}")


class StandingActs:
    """Every certificate that is, or was, not good."""

    name = "revocations"

    def act_of(self, entry: LogEntry) -> Act | None:
        """Return what an entry says of a certificate's standing."""
        return _standing(entry) if entry.kind in KINDS.values() else None

    def stored_acts(self, connection: Connection) -> Iterator[Act]:
        """Yield the present standing of every row."""
        rows = connection.execution_options(yield_per=_FETCH).execute(select(revocations))
        for row in rows:
            yield _standing(entry_of(record_of(row)))


def _standing(entry: LogEntry) -> Act:
    facts = entry.facts
    told = ("reason", "revoked_at", "invalidity_date", "changed_at")
    return Act(_key(facts), " ".join([entry.kind, *(str(facts[name]) for name in told)]))


def _key(facts: Mapping[str, JsonValue]) -> str:
    return f"{facts['authority']}/{facts['serial_number']}"
