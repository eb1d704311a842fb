"""A dry run shows the transcript, lints everything, and changes nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from ca.ceremony.custodians import Approval, ApprovalRefused
from ca.ceremony.printing import render
from ca.ceremony.rehearsal import PENDING
from ca.ceremony.script import Script
from ca.ceremony.transcript import Transcript
from ca.hierarchy import parse_hierarchy
from core.database import metadata
from core.errors import Unacceptable
from tests.ca.ceremony.conftest import FOUNDING, HIERARCHY, TWO, World, enrolment, step


def rehearse(world: World, script: Script) -> Transcript:
    return world.ceremonies.rehearse(script, [], world.hierarchy)


def everything(world: World) -> dict[str, object]:
    """Every row count, every key, every file."""
    with world.database.read() as connection:
        rows: dict[str, object] = {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }
    files = {str(path): path.stat().st_mtime_ns for path in world.home.rglob("*") if path.is_file()}
    return {**rows, "keys": [one.key_id for one in world.keys.records()], "files": files}


SCRIPTS = {
    "new-authority": step("create-authority", "root-2") + step("publish-crl", "root-2"),
    "renewal": step("renew-authority", "people-1") + step("renew-authority", "root-1"),
    "re-key": step("re-key-authority", "people-1", successor="people-2"),
    "root-crl": step("publish-crl", "root-1"),
    "root-responder": step("certify-responder", "root-1"),
    "termination": step("terminate-authority", "people-1", reason="over"),
}


@pytest.mark.parametrize("kind", SCRIPTS)
def test_a_dry_run_changes_nothing(founded: World, kind: str) -> None:
    before = everything(founded)
    transcript = rehearse(founded, founded.script(kind, SCRIPTS[kind]))
    assert transcript.is_rehearsal
    assert "REHEARSAL" in render(transcript)
    assert everything(founded) == before


def test_a_dry_run_on_an_empty_home_plays_the_whole_founding(world: World) -> None:
    before = everything(world)
    transcript = rehearse(world, world.script("initial", enrolment() + FOUNDING))
    steps = transcript.document["steps"]
    assert steps[2]["facts"]["certificate"]["issuer"] == "CN=Root 1,O=Example PKI,C=KH"
    assert steps[2]["facts"]["key"]["key_id"] == PENDING
    assert everything(world) == before


def test_a_dry_run_says_what_the_ceremony_will_then_do(world: World) -> None:
    script = world.script("initial", enrolment() + FOUNDING)
    rehearsed = rehearse(world, script).document["steps"]
    held = world.hold(script, *TWO).transcript.document["steps"]
    for before, after in zip(rehearsed[1:], held[1:], strict=True):
        assert (before["act"], before["actor"]) == (after["act"], after["actor"])
        if "certificate" in before["facts"]:
            made_only_then = {"serial_number", "public_key_sha256"}
            assert {
                name: value
                for name, value in before["facts"]["certificate"].items()
                if name not in made_only_then
            } == {
                name: value
                for name, value in after["facts"]["certificate"].items()
                if name not in made_only_then
            }


def of_a_key_that_no_profile_takes(world: World) -> World:
    defect = HIERARCHY.replace('algorithm = "ec-p256"', 'algorithm = "ed25519"')
    return replace(world, hierarchy=parse_hierarchy(defect.encode()))


def test_a_dry_run_refuses_what_the_ceremony_would_refuse(world: World) -> None:
    world = of_a_key_that_no_profile_takes(world)
    with pytest.raises(Unacceptable, match="ed25519"):
        rehearse(world, world.script("initial", enrolment() + FOUNDING))


def test_a_ceremony_is_rehearsed_before_its_first_key_is_made(world: World) -> None:
    world = of_a_key_that_no_profile_takes(world)
    before = everything(world)
    with pytest.raises(Unacceptable, match="ed25519") as refusal:
        world.hold(world.script("initial", enrolment() + FOUNDING), *TWO)
    assert refusal.value.kept == "Nothing was done."
    lock = str(world.folder(".lock"))
    after = everything(world)
    assert {**after, "files": None} == {**before, "files": None}
    assert set(after["files"]) - set(before["files"]) == {lock}  # type: ignore[call-overload]


def test_a_dry_run_checks_the_approvals_that_are_there(world: World) -> None:
    script = world.script("initial", enrolment() + FOUNDING)
    with pytest.raises(ApprovalRefused):
        world.ceremonies.rehearse(script, [Approval("custodian-1", b"no")], world.hierarchy)
