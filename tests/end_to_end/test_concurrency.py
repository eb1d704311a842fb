"""Many threads in many processes issue at once from one token: no crash, no error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ca.models import certificates
from camtrust.wiring import Services

DRIVER = Path(__file__).with_name("concurrency_driver.py")
PROCESSES = 4
THREADS = 8


@pytest.mark.parametrize(
    "seconds", [5, pytest.param(60, marks=pytest.mark.long)], ids=["5s", "a-minute"]
)
def test_8_threads_in_each_of_4_processes_issue_without_an_error(
    initialised: Services, seconds: int
) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with initialised.database.read() as connection:
        before = connection.scalar(select(func.count()).select_from(certificates)) or 0
    children = [
        subprocess.Popen(
            [sys.executable, DRIVER, initialised.home, str(THREADS), str(seconds), str(number)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number in range(PROCESSES)
    ]
    issued = 0
    for child in children:
        output, errors = child.communicate(timeout=120 + 3 * seconds)
        assert child.returncode == 0, errors.decode()[-2000:]
        report = json.loads(output)
        assert report["errors"] == []
        issued += report["issued"]
    assert issued >= PROCESSES * THREADS
    with initialised.database.read() as connection:
        after = connection.scalar(select(func.count()).select_from(certificates)) or 0
        states = set(connection.scalars(select(certificates.c.state).distinct()))
    assert after - before == issued
    assert states == {"issued"}
    assert initialised.monitor.run().is_clean
