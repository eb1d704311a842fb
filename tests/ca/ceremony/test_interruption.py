"""A ceremony killed at any point leaves nothing nameless, and goes on when it is run again."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from ca.ceremony.admission import AnotherHierarchy, AnotherScript
from ca.ceremony.holding import CeremonyUnderWay
from ca.ceremony.verification import verify_folder
from ca.hierarchy import load_hierarchy
from ca.models import certificates, revocations
from core.database import Database, metadata
from core.errors import Unavailable
from hsm.keys import KeyState
from tests.ca.ceremony.conftest import FOUNDING, TWO, World, approve, copy_home, enrolment, step
from tests.ca.ceremony.interrupted import POINTS, world_at

ROOT = Path(__file__).parents[3]


# One of each kind in the ordinary run; `make test-long` takes them all.
ORDINARY = {
    "a key made in the token, not recorded",
    "the root's serial number reserved",
    "within the root's transaction",
    "the issuing authority's certificate stored",
    "the CRL signed",
    "the ceremony closed, no folder",
}


@pytest.mark.parametrize(
    "point",
    [pytest.param(point, marks=() if point in ORDINARY else pytest.mark.long) for point in POINTS],
)
def test_a_killed_ceremony_goes_on_where_it_stood(
    home: Path, sqlite_url: str, point: str, tokens_template: Path
) -> None:
    copy_home(tokens_template, home)
    database = Database(sqlite_url)
    with database.begin() as connection:
        metadata.create_all(connection)
    database.close()
    killed = subprocess.run(
        [sys.executable, "-m", "tests.ca.ceremony.interrupted", str(home), sqlite_url, point],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr

    world, close = world_at(home, sqlite_url)
    held = world.hold(world.script("initial", enrolment() + FOUNDING), *TWO)

    assert verify_folder(world.folder("initial")).passed
    assert len(held.transcript.document["steps"]) == 5
    check_that_every_key_has_a_name_and_a_certificate(world)
    check_that_every_certificate_is_known_or_revoked(world)
    assert len(world.authorities.chain("people-1")) == 2
    close()


def check_that_every_key_has_a_name_and_a_certificate(world: World) -> None:
    records = [one for one in world.keys.records() if one.state is not KeyState.DESTROYED]
    assert sorted(one.label for one in records) == ["ocsp-root-1-initial", "people-1", "root-1"]
    assert {one.state for one in records} == {KeyState.ACTIVE}
    with world.database.read() as connection:
        certified = set(
            connection.scalars(
                select(certificates.c.public_key_sha256).where(certificates.c.state == "issued")
            )
        )
    assert certified == {one.key_id for one in records}
    for one in records:
        assert world.keys.erase_unrecorded(token=one.token, label=one.label) == 0


def check_that_every_certificate_is_known_or_revoked(world: World) -> None:
    with world.database.read() as connection:
        rows = connection.execute(select(certificates)).all()
        revoked = set(connection.scalars(select(revocations.c.serial_number)))
    in_folder = {path.read_bytes() for path in world.folder("initial").rglob("*.cer")}
    for row in rows:
        if row.state == "issued":
            assert row.certificate_der in in_folder
        else:
            assert row.state == "abandoned"
            assert row.serial_number in revoked


def test_what_is_done_and_what_is_left_is_said(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = world.script("initial", enrolment() + FOUNDING)

    def away(*_arguments: object, **_named: object) -> None:
        raise Unavailable("The token is away.")

    with monkeypatch.context() as patch:
        patch.setattr(world.crls, "issue", away)
        with pytest.raises(Unavailable) as refusal:
            world.hold(script, *TWO)
    assert refusal.value.kept is not None
    assert "Steps 1 to 2 are done" in refusal.value.kept
    [left] = world.ceremonies.unfinished()
    assert (left.id, left.done, left.planned) == ("initial", 2, 4)
    world.hold(script, *TWO)
    assert world.ceremonies.unfinished() == []


def test_an_interrupted_ceremony_does_not_go_on_with_another_script(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: object, **_named: object) -> None:
        raise Unavailable("The token is away.")

    with monkeypatch.context() as patch:
        patch.setattr(world.crls, "issue", away)
        with pytest.raises(Unavailable):
            world.hold(world.script("initial", enrolment() + FOUNDING), *TWO)
    altered = world.script("initial", enrolment() + FOUNDING + step("publish-crl", "people-1"))
    with pytest.raises(AnotherScript):
        world.hold(altered, *TWO)


def test_an_interrupted_ceremony_does_not_go_on_with_another_hierarchy(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: object, **_named: object) -> None:
        raise Unavailable("The token is away.")

    script = world.script("initial", enrolment() + FOUNDING)
    with monkeypatch.context() as patch:
        patch.setattr(world.crls, "issue", away)
        with pytest.raises(Unavailable):
            world.hold(script, *TWO)
    world.hierarchy = load_hierarchy()
    with pytest.raises(AnotherHierarchy):
        world.hold(script, *TWO)


def test_one_process_at_a_time_holds_a_ceremony(world: World) -> None:
    script = world.script("initial", enrolment() + FOUNDING)
    other = world.another_process()

    def interfere(_step: object) -> None:
        with pytest.raises(CeremonyUnderWay):
            other.hold(script, *TWO)

    approvals = [approve(script, name) for name in TWO]
    world.ceremonies.hold(script, approvals, world.hierarchy, tell=interfere)
