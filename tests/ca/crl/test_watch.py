"""A CRL that was not made in time is noticed long before the old one runs out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from sqlalchemy import update

from ca.crl.crls import Crls
from ca.crl.metrics import CrlCollector
from ca.crl.settings import CrlSettings
from ca.crl.watch import CrlState, CrlWatch
from ca.models import authorities
from ca.revocation.reasons import RevocationReason
from ca.revocation.revocation import Revocation
from core.errors import CamtrustError
from tests.ca.revocation.world import World

Later = Callable[..., None]
PEOPLE = 'camtrust_crls_overdue{authority="people-1",kind="%s"}'
DEVICES = 'camtrust_crls_overdue{authority="devices-1",kind="%s"}'


@pytest.fixture
def watch(world: World) -> CrlWatch:
    return CrlWatch(
        database=world.database,
        authorities=world.authorities,
        keys=world.keys,  # type: ignore[arg-type]
        settings=CrlSettings(),
        clock=world.clock,
    )


@pytest.fixture
def complete(crls: Crls) -> None:
    """Every CRL that there should be."""
    crls.issue("root-1", 0)
    crls.issue_due()


def overdue(watch: CrlWatch) -> set[tuple[str, int, str]]:
    return {(one.authority, one.shard, one.kind) for one in watch.states() if one.is_overdue}


def numbers(watch: CrlWatch) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(CrlCollector(watch))
    lines = generate_latest(registry).decode().splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
    return {name: float(value) for name, value in pairs}


def test_what_was_never_issued_is_overdue(watch: CrlWatch) -> None:
    assert overdue(watch) == {
        ("root-1", 0, "complete"),
        ("people-1", 0, "complete"),
        ("devices-1", 0, "complete"),
        ("devices-1", 1, "complete"),
    }
    assert numbers(watch)[DEVICES % "complete"] == 2


def test_nothing_is_overdue_right_after(complete: None, watch: CrlWatch) -> None:
    assert overdue(watch) == set()
    assert set(numbers(watch).values()) >= {0.0}


def test_deltas_are_overdue_within_the_hour_and_complete_crls_days_before_they_end(
    complete: None, watch: CrlWatch, later: Later
) -> None:
    later(minutes=29)
    assert overdue(watch) == set()
    later(minutes=3)
    assert {kind for _, _, kind in overdue(watch)} == {"delta"}
    later(hours=24)
    assert ("people-1", 0, "complete") in overdue(watch)
    [state] = [
        one for one in watch.states() if (one.authority, one.kind) == ("people-1", "complete")
    ]
    assert state.newest is not None
    assert state.newest.next_update - watch._clock.now() > timedelta(hours=47)
    found = numbers(watch)
    assert found[DEVICES % "complete"] == 2
    assert found[PEOPLE % "delta"] == 1


def test_a_change_that_no_complete_crl_takes_up_makes_it_overdue(
    complete: None, world: World, watch: CrlWatch, revocation: Revocation, later: Later
) -> None:
    later(hours=3)
    serial = world.issue("people-1").serial_number
    revocation.revoke(serial_number=serial, reason=RevocationReason.SUPERSEDED)

    later(minutes=14)
    assert ("people-1", 0, "complete") not in overdue(watch)
    later(minutes=2)
    assert ("people-1", 0, "complete") in overdue(watch)
    assert ("devices-1", 0, "complete") not in overdue(watch)


def test_issuing_what_is_due_ends_it(
    complete: None, crls: Crls, watch: CrlWatch, later: Later
) -> None:
    later(hours=30)
    assert overdue(watch)
    crls.issue_due()
    later(minutes=20)
    crls.issue_due()
    assert overdue(watch) == set()


def test_the_first_to_run_out_is_told(
    complete: None, crls: Crls, watch: CrlWatch, later: Later
) -> None:
    first = crls.newest("devices-1", 1).next_update
    later(hours=1)
    crls.issue("devices-1", 0)

    name = 'camtrust_crl_next_update_timestamp_seconds{authority="devices-1",kind="complete"}'
    assert numbers(watch)[name] == pytest.approx(first.timestamp())


def test_an_offline_authoritys_crl_is_overdue_a_month_before_it_ends(
    complete: None, watch: CrlWatch, later: Later
) -> None:
    later(days=334)
    assert ("root-1", 0, "complete") not in overdue(watch)
    later(days=2)
    assert ("root-1", 0, "complete") in overdue(watch)


def test_terminated_and_closed_authorities_owe_nothing(
    complete: None, world: World, crls: Crls, watch: CrlWatch, later: Later
) -> None:
    crls.issue_last("devices-1")
    with world.database.begin() as connection:
        connection.execute(
            update(authorities).where(authorities.c.name == "people-1").values(state="terminated")
        )
    later(days=300)

    assert overdue(watch) == set()


def test_with_the_database_away_no_number_is_given_rather_than_an_old_one(
    watch: CrlWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    class AwayError(CamtrustError):
        problem = "database-unavailable"

    def away(_watch: CrlWatch) -> list[CrlState]:
        raise AwayError("The database cannot be reached.")

    monkeypatch.setattr(CrlWatch, "states", away)
    assert numbers(watch) == {}
