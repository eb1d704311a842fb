"""The commands of ``camtrust crl``."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509

from ca.authorities import Authorities
from ca.crl.commands import crl_commands
from ca.crl.crls import Crls
from ca.crl.redating import Redating
from core.clock import Clock
from tests.ca.revocation.world import SoftwareKeys, World


@dataclass
class Services:
    crls: Crls
    authorities: Authorities
    crl_redating: Redating
    keys: SoftwareKeys
    clock: Clock


@pytest.fixture
def services(world: World, crls: Crls) -> Services:
    redating = Redating(database=world.database, log=world.log, clock=world.clock)
    return Services(crls, world.authorities, redating, world.keys, world.clock)


def run(services: Services, *arguments: str, said: str = "") -> Result:
    return CliRunner().invoke(crl_commands, list(arguments), obj=services, input=said)


def test_what_is_due_is_issued_and_listed(services: Services) -> None:
    assert run(services, "list").output == "No CRL was issued yet.\n"

    issued = json.loads(run(services, "issue", "--json").output)

    assert len(issued) == 3
    assert run(services, "issue").output == "No CRL is due.\n"
    assert json.loads(run(services, "list", "--json").output) == sorted(
        issued, key=lambda one: (one["authority"], one["shard"])
    )


def test_one_authoritys_crls_are_issued_in_any_case(services: Services) -> None:
    run(services, "issue")

    both = json.loads(run(services, "issue", "--authority", "devices-1", "--json").output)
    delta = run(services, "issue", "--authority", "devices-1", "--shard", "1", "--delta")

    assert [one["shard"] for one in both] == [0, 1]
    assert delta.output.startswith("devices-1/1-delta.crl: number ")


def test_a_crl_is_written_to_a_file(services: Services, tmp_path: Path) -> None:
    run(services, "issue")
    out = tmp_path / "crl.der"

    done = run(services, "show", "people-1", "--out", str(out))

    assert done.exit_code == 0, done.output
    assert x509.load_der_x509_crl(out.read_bytes()).extensions


def test_shard_and_delta_need_an_authority(services: Services) -> None:
    assert run(services, "issue", "--shard", "0").exit_code == 2
    assert run(services, "issue", "--delta").exit_code == 2


def test_shards_that_are_ahead_are_brought_back_once_somebody_says_that_the_clock_is_right(
    services: Services, later: Callable[..., None]
) -> None:
    run(services, "issue")
    assert run(services, "redate").output == "No shard is dated in the future.\n"
    later(days=40)
    services.crls.issue("devices-1", 1)
    services.crls.issue("root-1", 0)
    later(days=-40)

    refused = run(services, "redate", said="n\n")
    assert refused.exit_code == 1
    assert "2026-11-23 08:00:00 UTC. Is that right?" in refused.output
    assert len(services.crl_redating.ahead()) == 2

    done = run(services, "redate", "--authority", "devices-1", said="y\n")
    assert done.exit_code == 0
    assert "devices-1/1.crl: number" in done.output
    newest = services.crls.newest("devices-1", 1)
    assert newest.this_update - services.clock.now() < timedelta(seconds=1)
    assert "Its next CRL comes from a ceremony." in run(services, "redate", "--yes").output
    assert services.crl_redating.ahead() == []
