"""A process that appends and publishes until it has done its part, or is killed.

Run as ``worker.py DATABASE_URL FOLDER NAME TRANSACTIONS``; prints an index once its entry is
published, as an issuer would hand a certificate out.
"""

from __future__ import annotations

import sys
from pathlib import Path

from core.clock import SystemClock
from core.database import Database
from core.transparency.entry import JsonValue, LogEntry
from core.transparency.log import TransparencyLog
from core.transparency.settings import LogSettings
from tests.core.transparency.doubles import ORIGIN, SoftwareSigner


def work(url: str, folder: Path, name: str, transactions: int) -> None:
    database = Database(url)
    clock = SystemClock()
    log = TransparencyLog(
        database=database,
        settings=LogSettings(origin=ORIGIN, folder=folder),
        signer=SoftwareSigner(),
        clock=clock,
    )
    for number in range(transactions):
        facts: dict[str, JsonValue] = {"worker": name, "number": number}
        entries = [LogEntry("certificate-issued", clock.now(), facts)] * (1 + number % 3)
        with database.begin() as connection:
            indexes = log.append(connection, entries)
        log.ensure_published(indexes[-1])
        for index in indexes:
            print(index, flush=True)


if __name__ == "__main__":
    work(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
