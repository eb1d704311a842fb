"""The commands, as officers and scripts use them."""

from __future__ import annotations

import json
import os
import pty
import sys
from collections.abc import Callable
from dataclasses import dataclass

import click
import pytest
from click.testing import CliRunner, Result

from ca.revocation.break_glass import BreakGlass
from ca.revocation.commands import hold, release, revoke
from ca.revocation.errors import BreakGlassRefused, ReasonRefused, SecondOfficerNeeded
from ca.revocation.mass import MassRevocation
from ca.revocation.revocation import Revocation
from ca.revocation.status import StatusDirectory
from core.errors import NotFound
from tests.ca.revocation.world import Keeps, World

Run = Callable[..., Result]


@dataclass
class Services:
    revocation: Revocation
    mass_revocation: MassRevocation
    break_glass: BreakGlass

    def check_officer(self, officer_id: str) -> None:
        """Everybody is in office here, but for one."""
        if officer_id == "nobody":
            raise NotFound("Nobody is enrolled as nobody.")


@pytest.fixture
def services(world: World, retention: Keeps) -> Services:
    parts = {
        "database": world.database,
        "log": world.log,
        "retention": retention,
        "clock": world.clock,
    }
    return Services(
        Revocation(**parts),  # type: ignore[arg-type]
        MassRevocation(**parts),  # type: ignore[arg-type]
        BreakGlass(**parts),  # type: ignore[arg-type]
    )


@pytest.fixture
def run(services: Services) -> Run:
    def invoke(command: click.Command, *arguments: object) -> Result:
        return CliRunner().invoke(command, [str(one) for one in arguments], obj=services)

    return invoke


def test_revoke_hold_and_release_take_the_serial_number_in_hex(world: World, run: Run) -> None:
    first, second = (world.issue("people-1").serial_number for _ in range(2))
    colons = ":".join(f"{first:040x}"[i : i + 2].upper() for i in range(0, 40, 2))

    revoked = run(
        revoke, colons, "--reason", "keyCompromise", "--invalidity-date", "2026-11-01", "--json"
    )
    assert (
        run(hold, f"0x{second:x}").output == f"{second:x} of people-1: on-hold (certificateHold).\n"
    )
    released = run(release, f"{second:x}", "--authority", "people-1", "--json")

    assert json.loads(revoked.output)["standing"] == "revoked"
    assert json.loads(revoked.output)["serial_number"] == f"{first:x}"
    assert json.loads(released.output)["standing"] == "released"


@pytest.mark.parametrize(
    "arguments",
    [[], ["xyz", "--reason", "superseded"], ["0", "--reason", "superseded"], ["abc"],
     ["abc", "--where", "profile=device"], ["1" + "0" * 40, "--reason", "superseded"],
     ["--where", "profile=device", "--reason", "superseded"],
     ["--approve", "1", "--resume", "1"], ["--approve", "1"]],
)  # fmt: skip
def test_wrong_usage_ends_with_2(run: Run, arguments: list[str]) -> None:
    assert run(revoke, *arguments).exit_code == 2


def test_a_reason_that_is_none_is_a_refusal(world: World, run: Run) -> None:
    serial = world.issue("people-1").serial_number

    result = run(revoke, f"{serial:x}", "--reason", "unused")

    assert isinstance(result.exception, ReasonRefused)


def test_many_are_counted_proposed_approved_and_revoked(world: World, run: Run) -> None:
    world.add_authority("devices-1", parent="root-1", shards=4)
    serials = world.issue_many("devices-1", 7)
    where = ("--where", "profile=device", "--where", "authority=devices-1")

    counted = run(revoke, *where, "--dry-run")
    proposed = run(
        revoke, *where, "--reason", "superseded", "--officer", "a", "--justification",
        "A weak generator.", "--json",
    )  # fmt: skip
    job = json.loads(proposed.output)["job"]
    alone = run(revoke, "--approve", job, "--officer", "a")
    approved = run(revoke, "--approve", job, "--officer", "b")
    again = run(revoke, "--resume", job)

    assert counted.output == "7 certificates would be revoked.\n"
    assert isinstance(alone.exception, SecondOfficerNeeded)
    assert f"Job {job}: done, 7 of 7 certificates revoked." in approved.output
    assert f"Job {job}: done, 7 of 7 certificates revoked." in again.output
    found = StatusDirectory(database=world.database).statuses("devices-1", serials)
    assert not any(one.is_good for one in found.values())


def test_a_proposal_can_be_withdrawn(run: Run) -> None:
    arguments = ("--where", "profile=device", "--reason", "superseded", "--officer", "a",
                 "--justification", "By mistake.", "--json")  # fmt: skip
    job = json.loads(run(revoke, *arguments).output)["job"]

    assert f"Job {job}: withdrawn" in run(revoke, "--withdraw", job).output


GLASS = ("--break-glass", "--reason", "keyCompromise", "--operator", "One", "--operator", "Two",
         "--justification", "Sign-in is down; incident 7")  # fmt: skip


def test_the_glass_is_not_broken_by_a_script(world: World, run: Run) -> None:
    serial = world.issue("people-1").serial_number

    result = run(revoke, f"{serial:x}", *GLASS)

    assert isinstance(result.exception, BreakGlassRefused)
    assert StatusDirectory(database=world.database).statuses("people-1", [serial])[serial].is_good


@pytest.mark.parametrize("typed_right", [True, False])
def test_the_glass_is_broken_at_the_console_by_typing_the_serial_number_again(
    world: World, services: Services, monkeypatch: pytest.MonkeyPatch, typed_right: bool
) -> None:
    serial = world.issue("people-1").serial_number
    typed = serial if typed_right else serial + 1
    master, slave = pty.openpty()
    os.write(master, f"{typed:x}\n".encode())
    with os.fdopen(slave, "r", closefd=True) as console:
        monkeypatch.setattr(sys, "stdin", console)
        arguments = [f"{serial:x}", *GLASS]
        if typed_right:
            revoke.main(arguments, standalone_mode=False, obj=services)
        else:
            with pytest.raises(BreakGlassRefused):
                revoke.main(arguments, standalone_mode=False, obj=services)
    os.close(master)

    status = StatusDirectory(database=world.database).statuses("people-1", [serial])[serial]
    assert status.is_good is not typed_right


@pytest.mark.parametrize("step", [["--where", "profile=device"], ["--approve", "1"]])
def test_a_name_that_belongs_to_no_officer_is_refused(run: Run, step: list[str]) -> None:
    words = ["--reason", "superseded", "--officer", "nobody", "--justification", "because"]
    result = run(revoke, *step, *words)
    assert isinstance(result.exception, NotFound)
