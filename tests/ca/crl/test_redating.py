"""A clock that ran ahead once does not date a shard's CRLs for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography import x509
from sqlalchemy import insert, select, update

from ca.acts import StandingActs
from ca.crl.crls import Crls
from ca.crl.errors import NoBaseCrl
from ca.crl.redating import ROWS_AT_ONCE, Redating
from ca.models import revocations
from ca.revocation.models import status_scopes
from ca.revocation.reasons import RevocationReason
from ca.revocation.revocation import Revocation
from tests.ca.revocation.world import World, entries_of

Later = Callable[..., None]


@pytest.fixture
def redating(world: World) -> Redating:
    return Redating(database=world.database, log=world.log, clock=world.clock)


@pytest.fixture
def was_ahead(world: World, crls: Crls, revocation: Revocation, later: Later) -> list[int]:
    """Revocations before, during and after a time in which the clock was a year ahead."""
    serials = [world.issue("people-1", days=900).serial_number for _ in range(3)]
    revocation.revoke(serial_number=serials[0], reason=RevocationReason.SUPERSEDED)
    crls.issue("people-1", 0)
    later(days=365)
    revocation.revoke(serial_number=serials[1], reason=RevocationReason.SUPERSEDED)
    crls.issue("people-1", 0)
    crls.issue_delta("people-1", 0)
    later(days=-365, hours=1)
    revocation.revoke(serial_number=serials[2], reason=RevocationReason.SUPERSEDED)
    return serials


def newest(crls: Crls, *, delta: bool = False) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(crls.newest("people-1", 0, delta=delta).crl_der)


def test_until_it_is_said_that_the_clock_is_right_nothing_goes_back(
    was_ahead: list[int], world: World, crls: Crls, redating: Redating
) -> None:
    issued = crls.issue("people-1", 0)

    assert issued.this_update - world.clock.now() > timedelta(days=364)
    [one] = redating.ahead()
    assert (one.authority, one.shard) == ("people-1", 0)
    assert one.by > timedelta(days=364)


def test_afterwards_a_complete_crl_of_today_is_due_at_once_and_lists_all(
    was_ahead: list[int], world: World, crls: Crls, redating: Redating
) -> None:
    before = crls.newest("people-1", 0, delta=True).number

    assert redating.redate("people-1", 0) == 2
    issued = [one for one in crls.issue_due() if one.authority == "people-1"]

    assert [one.is_delta for one in issued] == [False]
    assert issued[0].number > before
    assert issued[0].this_update - world.clock.now() < timedelta(seconds=1)
    crl = newest(crls)
    assert {one.serial_number for one in crl} == set(was_ahead)
    assert all(one.revocation_date_utc <= world.clock.now() for one in crl)
    assert redating.ahead() == []
    assert redating.redate("people-1", 0) == 0


def test_changes_after_it_are_in_the_next_delta(
    was_ahead: list[int], world: World, crls: Crls, redating: Redating,
    revocation: Revocation, later: Later,
) -> None:  # fmt: skip
    redating.redate("people-1", 0)
    crls.issue("people-1", 0)
    serial = world.issue("people-1").serial_number
    revocation.revoke(serial_number=serial, reason=RevocationReason.SUPERSEDED)
    later(minutes=16)

    assert [one.is_delta for one in crls.issue_due() if one.authority == "people-1"] == [True]
    assert {one.serial_number for one in newest(crls, delta=True)} == {serial}


def test_no_delta_stands_on_a_crl_that_is_dated_in_the_future(
    was_ahead: list[int], crls: Crls, redating: Redating
) -> None:
    redating.redate("people-1", 0)
    with pytest.raises(NoBaseCrl):
        crls.issue_delta("people-1", 0)


def test_what_the_future_crl_had_left_out_as_expired_comes_back(
    world: World, crls: Crls, revocation: Revocation, redating: Redating, later: Later
) -> None:
    # devices-1 drops expired revocations; this one ends within the time that the clock jumped.
    serial = world.issue("devices-1", days=100).serial_number
    revocation.revoke(serial_number=serial, reason=RevocationReason.SUPERSEDED)
    crls.issue("devices-1", 0)
    later(days=365)
    for _ in range(2):
        crls.issue("devices-1", 0)
    later(days=-365, hours=1)

    redating.redate("devices-1", 0)

    crl = x509.load_der_x509_crl(crls.issue("devices-1", 0).crl_der)
    assert [one.serial_number for one in crl] == [serial]


def test_the_log_says_what_the_table_says(
    was_ahead: list[int], world: World, redating: Redating
) -> None:
    redating.redate("people-1", 0)

    acts = StandingActs()
    told = {}
    for entry in entries_of(world.database):
        act = acts.act_of(entry)
        if act is not None:
            told[act.key] = act
    with world.database.read() as connection:
        assert {act.key: act for act in acts.stored_acts(connection)} == told


def test_many_changes_are_done_in_transactions_that_survive_an_end(
    world: World, redating: Redating, monkeypatch: pytest.MonkeyPatch, later: Later
) -> None:
    now = world.clock.now()
    ahead = now + timedelta(days=30)
    count = ROWS_AT_ONCE + 7
    with world.database.begin() as connection:
        connection.execute(
            insert(revocations),
            [
                {"authority": "people-1", "serial_number": number + 1, "state": "revoked",
                 "reason": "superseded", "revoked_at": ahead, "changed_at": ahead,
                 "crl_shard": 0, "not_after": ahead, "stays_after_expiry": True}
                for number in range(count)
            ],
        )  # fmt: skip
        connection.execute(
            insert(status_scopes).values(
                authority="people-1", shard=0, last_change=ahead, last_number=1
            )
        )
    with monkeypatch.context() as patch:
        patch.setattr(type(world.log), "ensure_published", _killed)
        with pytest.raises(KeyboardInterrupt):
            redating.redate("people-1", 0)
    # Still ahead: only the end of it sets the scope back.
    assert len(redating.ahead()) == 1

    assert redating.redate("people-1", 0) == count - ROWS_AT_ONCE
    with world.database.read() as connection:
        assert set(connection.scalars(select(revocations.c.changed_at))) == {now}
    assert redating.ahead() == []


def test_a_claim_from_the_future_holds_nobody_up(
    world: World, crls: Crls, redating: Redating
) -> None:
    crls.issue_due()
    with world.database.begin() as connection:
        connection.execute(
            update(status_scopes).values(claimed_until=world.clock.now() + timedelta(days=365))
        )
    world.clock.advance(timedelta(hours=25))  # type: ignore[attr-defined]

    assert len([one for one in crls.issue_due() if not one.is_delta]) == 3


def _killed(*_arguments: object) -> None:
    raise KeyboardInterrupt
