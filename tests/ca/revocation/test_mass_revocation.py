"""A mass revocation needs two officers, survives any kill, and does nothing twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from ca.models import certificates, revocations
from ca.revocation.errors import (
    JobClosed,
    JobNotApproved,
    JobUnknown,
    ReasonRefused,
    SecondOfficerNeeded,
    SelectionRefused,
)
from ca.revocation.jobs import RevocationJob
from ca.revocation.mass import MassRevocation
from ca.revocation.models import revocation_jobs
from ca.revocation.reasons import RevocationReason
from ca.revocation.revocation import Revocation
from ca.revocation.selection import Selection, parse_selection
from core.database import Database
from tests.ca.revocation.world import Keeps, World, entries_of

DEVICES = Selection(profile="device")


@pytest.fixture
def mass(world: World, retention: Keeps) -> MassRevocation:
    world.add_authority("devices-1", parent="root-1", shards=4)
    return MassRevocation(
        database=world.database, log=world.log, retention=retention, clock=world.clock
    )


def propose(mass: MassRevocation, selection: Selection = DEVICES) -> RevocationJob:
    return mass.propose(
        selection,
        reason=RevocationReason.SUPERSEDED,
        officer="officer-a",
        justification="A batch of devices has a weak generator.",
    )


def revoked_in(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(revocations)).scalar_one()


def test_a_dry_run_counts_and_changes_nothing(world: World, mass: MassRevocation) -> None:
    world.issue_many("devices-1", 30)
    world.issue("people-1")

    assert mass.count(DEVICES) == 30
    assert mass.count(Selection(authority="people-1")) == 1
    assert revoked_in(world.database) == 0


def test_every_filter_narrows_the_selection(world: World, mass: MassRevocation) -> None:
    one = world.issue("people-1", holder="person:7")
    world.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]
    world.issue("people-1", holder="person:8", profile="person-signing")
    noon = world.clock.now().isoformat()
    with world.database.read() as connection:
        key = connection.scalar(
            select(certificates.c.public_key_sha256).where(
                certificates.c.serial_number == one.serial_number
            )
        )
    assert key is not None

    for filters, count in (
        (["authority=people-1"], 2),
        (["authority=people-1", "holder=person:7"], 1),
        (["profile=person-signing"], 1),
        (["authority=people-1", f"issued-until={noon}"], 1),
        (["authority=people-1", f"issued-from={noon}"], 1),
        ([f"public-key-sha256={key.hex()}"], 1),
        (["holder=person:9"], 0),
    ):
        assert mass.count(parse_selection(filters)) == count, filters


@pytest.mark.parametrize(
    "filters",
    [[], ["profile"], ["profile="], ["serial=1"], ["profile=a", "profile=b"],
     ["issued-from=yesterday"], ["public-key-sha256=ab"], ["public-key-sha256=zz"]],
)  # fmt: skip
def test_an_unclear_selection_is_refused(filters: list[str]) -> None:
    with pytest.raises(SelectionRefused):
        parse_selection(filters)


def test_nothing_is_revoked_before_a_second_officer_approves(
    world: World, mass: MassRevocation
) -> None:
    world.issue_many("devices-1", 3)
    job = propose(mass)

    with pytest.raises(JobNotApproved):
        mass.run(job.id)
    with pytest.raises(SecondOfficerNeeded):
        mass.approve(job.id, officer="officer-a")
    assert revoked_in(world.database) == 0

    mass.approve(job.id, officer="officer-b")
    assert mass.run(job.id).revoked == 3
    assert revoked_in(world.database) == 3


def test_the_rule_of_two_officers_is_in_the_database(world: World, mass: MassRevocation) -> None:
    job = propose(mass)

    with pytest.raises(IntegrityError), world.database.begin() as connection:
        connection.execute(
            update(revocation_jobs)
            .where(revocation_jobs.c.id == job.id)
            .values(state="approved", approved_by="officer-a", horizon=1)
        )
    with pytest.raises(IntegrityError), world.database.begin() as connection:
        connection.execute(
            update(revocation_jobs).where(revocation_jobs.c.id == job.id).values(state="done")
        )


def test_a_job_is_approved_once_and_a_withdrawn_one_never(mass: MassRevocation) -> None:
    job = propose(mass)
    mass.approve(job.id, officer="officer-b")
    with pytest.raises(JobClosed):
        mass.approve(job.id, officer="officer-c")
    with pytest.raises(JobClosed):
        mass.withdraw(job.id)

    other = propose(mass)
    assert [one.id for one in mass.open_jobs()] == [job.id, other.id]
    mass.withdraw(other.id)
    with pytest.raises(JobClosed):
        mass.approve(other.id, officer="officer-b")
    with pytest.raises(JobUnknown):
        mass.run(4711)


def test_a_mass_revocation_is_for_good(mass: MassRevocation) -> None:
    with pytest.raises(ReasonRefused):
        mass.propose(
            DEVICES,
            reason=RevocationReason.CERTIFICATE_HOLD,
            officer="officer-a",
            justification="A hold is not for the many.",
        )


def test_what_is_expired_revoked_or_issued_later_is_left_alone(
    world: World, mass: MassRevocation, revocation: Revocation
) -> None:
    serials = world.issue_many("devices-1", 4)
    revocation.revoke(serial_number=serials[0], reason=RevocationReason.AFFILIATION_CHANGED)
    revocation.hold(serial_number=serials[1])
    world.issue("devices-1", profile="device", days=1)
    world.clock.advance(timedelta(days=2))  # type: ignore[attr-defined]
    job = propose(mass)
    assert job.expected == 3
    mass.approve(job.id, officer="officer-b")
    world.issue_many("devices-1", 5)

    assert mass.run(job.id).revoked == 3

    with world.database.read() as connection:
        reasons = Counter(connection.scalars(select(revocations.c.reason)))
    assert reasons == {"superseded": 3, "affiliationChanged": 1}


def test_a_certificate_on_its_way_is_born_revoked(world: World, mass: MassRevocation) -> None:
    world.issue("devices-1", profile="device", state="reserved")
    job = propose(mass)
    mass.approve(job.id, officer="officer-b")

    assert mass.run(job.id).revoked == 1


def test_no_name_of_a_person_reaches_the_log(world: World, mass: MassRevocation) -> None:
    job = propose(mass, Selection(holder="person:secret"))
    mass.approve(job.id, officer="officer-b")
    mass.run(job.id)

    steps = [one for one in entries_of(world.database) if one.kind.startswith("mass-")]
    assert [one.kind for one in steps] == [
        "mass-revocation-proposed",
        "mass-revocation-approved",
        "mass-revocation-done",
    ]
    text = " ".join(one.encode().decode() for one in steps)
    assert "officer" not in text
    assert "secret" not in text
    assert "generator" not in text


RUNNER = """
import sys, time
from pathlib import Path
from ca.revocation.mass import MassRevocation
from core.clock import SystemClock
from core.database import Database
from tests.ca.revocation.world import Keeps, make_log
url, folder, job = sys.argv[1:]
database = Database(url)
log = make_log(database, Path(folder), SystemClock())
mass = MassRevocation(database=database, log=log, retention=Keeps(), clock=SystemClock())
print("running", flush=True)
while not mass.run_batch(int(job), batch=40).is_done:
    pass
"""


def test_killed_at_random_and_run_again_it_does_nothing_twice_and_leaves_nothing_out(
    world: World, mass: MassRevocation, tables_url: str, tmp_path: Path
) -> None:
    count = 2_000
    world.issue_many("devices-1", count)
    job = propose(mass)
    mass.approve(job.id, officer="officer-b")
    command = [sys.executable, "-c", RUNNER, tables_url, str(tmp_path / "log"), str(job.id)]
    kills = 0
    for pause in (0.02, 0.05, 0.11, 0.17):
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"running\n"
            time.sleep(pause)
            if process.poll() is None:
                kills += 1
                os.kill(process.pid, signal.SIGKILL)
    assert kills > 0

    done = mass.run(job.id)

    assert done.is_done
    assert done.revoked == count == revoked_in(world.database)
    revoked = Counter(
        one.facts["serial_number"]
        for one in entries_of(world.database)
        if one.kind == "certificate-revoked"
    )
    assert len(revoked) == count
    assert set(revoked.values()) == {1}
