"""``camtrust documents work``: several processes sign batches, until told or until none waits."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from camtrust.jobs import scheduled_jobs
from camtrust.serving.document_workers import NAME
from camtrust.serving.running import service_plans
from camtrust.serving.settings import ServeSettings
from signing.documents.batches.batch import BatchState
from tests.signing.documents.batches.test_batches import (
    PROGRAM,
    check_whole,
    filled,
)
from tests.signing.documents.world import World

JOB = "document-batches"


def work(home: Path, *options: str) -> subprocess.Popen[str]:
    main = "from camtrust.cli import main; main()"
    command = [sys.executable, "-c", main, "documents", "work", *options]
    return subprocess.Popen(
        [*command, "--home", str(home)], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_two_processes_sign_a_batch_and_end_when_none_waits(world: World) -> None:
    batch = filled(world, 50)
    worker = work(world.services.home, "--processes", "2", "--until-idle")
    _, said = worker.communicate(timeout=120)
    assert worker.returncode == 0, said
    check_whole(world, batch, 50)


def test_workers_go_on_until_they_are_told_to_end(world: World) -> None:
    worker = work(world.services.home)
    batches = world.services.documents.batches
    for _ in range(2):
        batch = filled(world, 1)
        deadline = time.monotonic() + 60
        while batches.find(batch.id, PROGRAM).state is not BatchState.DONE:
            assert time.monotonic() < deadline
            assert worker.poll() is None
            time.sleep(0.1)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0


def test_a_home_that_is_none_is_refused_in_a_line(tmp_path: Path) -> None:
    worker = work(tmp_path / "nothing", "--until-idle")
    _, said = worker.communicate(timeout=60)
    assert worker.returncode == 1
    assert "Traceback" not in said


def test_the_service_has_as_many_workers_as_its_settings_say(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = world.services.home
    for count in (0, 2):
        serve = ServeSettings(document_workers=count)
        plans = service_plans(home, serve, port=None, officers_port=None)
        assert [one.name for one in plans if one.name.startswith(NAME)] == [
            f"{NAME}-{number}" for number in range(1, count + 1)
        ]
    assert JOB in {one.name for one in scheduled_jobs(world.services)}
    settings = world.services.settings.model_copy(update={"serve": serve})
    monkeypatch.setitem(vars(world.services), "settings", settings)
    assert JOB not in {one.name for one in world.services.documents.jobs}
