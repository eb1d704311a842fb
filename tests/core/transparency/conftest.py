from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.clock import Clock
from core.database import Database
from core.transparency.log import TransparencyLog
from core.transparency.settings import LogSettings
from tests.core.transparency.doubles import ORIGIN, SoftwareSigner


@pytest.fixture
def settings(home: Path) -> LogSettings:
    return LogSettings(origin=ORIGIN).within(home)


@pytest.fixture
def make_log(settings: LogSettings, clock: Clock) -> Callable[[Database], TransparencyLog]:
    """Build a log over a database, all with the same folder and key."""

    def make(database: Database) -> TransparencyLog:
        return TransparencyLog(
            database=database, settings=settings, signer=SoftwareSigner(), clock=clock
        )

    return make


@pytest.fixture
def log(database: Database, make_log: Callable[[Database], TransparencyLog]) -> TransparencyLog:
    return make_log(database)


@pytest.fixture
def sqlite_log(
    sqlite: Database, make_log: Callable[[Database], TransparencyLog]
) -> TransparencyLog:
    return make_log(sqlite)
