"""Processes that issue are killed at random moments; nothing may be lost, doubled or unknown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ca.issuance.recovery import MOST_AT_ONCE
from ca.models import certificates, crls, revocations
from camtrust.wiring import Services

DRIVER = Path(__file__).with_name("crash_driver.py")
KILLS = 25


@pytest.fixture(
    params=[
        pytest.param(KILLS, id="25-kills"),
        pytest.param(100, id="100-kills", marks=pytest.mark.long),
    ]
)
def kills(request: pytest.FixtureRequest) -> int:
    count: int = request.param
    return count


def test_kills_during_issuance_lose_nothing_and_double_nothing(
    initialised: Services, kills: int
) -> None:
    """Half of the 200 kills for each database in the long run, 25 for each in the ordinary one."""
    said = run_and_kill(initialised, kills)
    events = Counter(line["event"] for line in said)
    assert events["failed"] == 0, [line for line in said if line["event"] == "failed"]
    assert events["handed-out"] > 0
    recover_everything(initialised)

    rows = rows_by_serial(initialised)
    signings = [line for line in said if line["event"] == "signing"]
    assert len({line["serial_number"] for line in signings}) == len(signings)
    for line in signings:
        # No signature exists of which the database does not know.
        assert rows[line["serial_number"]].tbs_sha256.hex() == line["tbs_sha256"]
    for line in said:
        if line["event"] == "handed-out":
            assert rows[line["serial_number"]].state == "issued"
    assert_abandoned_are_revoked(initialised, rows)
    assert_crl_numbers_rise(initialised)
    report = initialised.monitor.run()
    assert report.is_clean, report.findings


def run_and_kill(services: Services, kills: int) -> list[dict[str, Any]]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, DRIVER, services.home, str(kills), "20261123"],
        env=environment,
        capture_output=True,
        timeout=60 + 20 * kills,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def recover_everything(services: Services) -> None:
    """Let every lease run out, as ten minutes would, and recover."""
    with services.database.begin() as connection:
        connection.execute(
            certificates.update()
            .where(certificates.c.state == "reserved")
            .values(lease_until=services.clock.now() - timedelta(seconds=1))
        )
    while services.recovery.recover() == MOST_AT_ONCE:
        pass
    assert services.recovery.waiting() == 0
    services.log.publish()


def rows_by_serial(services: Services) -> dict[str, Any]:
    with services.database.read() as connection:
        rows = connection.execute(select(certificates)).all()
    assert len({(row.authority, row.serial_number) for row in rows}) == len(rows)
    assert {row.state for row in rows} <= {"issued", "abandoned"}
    return {f"{row.serial_number:x}": row for row in rows}


def assert_abandoned_are_revoked(services: Services, rows: dict[str, Any]) -> None:
    with services.database.read() as connection:
        revoked = {
            f"{row.serial_number:x}"
            for row in connection.execute(
                select(revocations).where(revocations.c.state == "revoked")
            )
        }
    assert {serial for serial, row in rows.items() if row.state == "abandoned"} <= revoked


def assert_crl_numbers_rise(services: Services) -> None:
    with services.database.read() as connection:
        rows = connection.execute(
            select(crls.c.number)
            .where(crls.c.authority == "devices-1", crls.c.shard == 0)
            .order_by(crls.c.this_update)
        )
        numbers = [row.number for row in rows]
    assert len(numbers) > 1
    assert all(earlier < later for earlier, later in pairwise(numbers))
