"""After an old backup is restored, the log gives every revocation back."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from ca.models import blocked_keys, revocations
from ca.revocation.compromised_keys import CompromisedKeys
from ca.revocation.models import status_scopes
from ca.revocation.reasons import RevocationReason
from ca.revocation.replay import replay
from ca.revocation.revocation import Revocation
from core.database import Database
from core.transparency.entry import LogEntry
from tests.ca.revocation.world import Keeps, World, entries_of


def tables(database: Database) -> list[list[object]]:
    with database.read() as connection:
        return [
            [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in (revocations, blocked_keys)
        ]


def test_replaying_the_log_writes_every_revocation_again(
    world: World, revocation: Revocation, retention: Keeps
) -> None:
    now = world.clock.now()
    serials = [world.issue("people-1").serial_number for _ in range(4)]
    revocation.revoke(
        serial_number=serials[0],
        reason=RevocationReason.KEY_COMPROMISE,
        invalidity_date=now - timedelta(days=3),
    )
    revocation.hold(serial_number=serials[1])
    revocation.hold(serial_number=serials[2])
    revocation.release(serial_number=serials[2])
    CompromisedKeys(
        database=world.database, log=world.log, retention=retention, clock=world.clock
    ).report(world.keys.add(world.signers["root-1"].algorithm).public_key)
    before = tables(world.database)
    assert len(before[0]) == 3
    assert len(before[1]) == 1
    with world.database.begin() as connection:
        for table in (revocations, blocked_keys, status_scopes):
            connection.execute(delete(table))

    for _ in range(2):
        with world.database.begin() as connection:
            for entry in entries_of(world.database):
                replay(connection, entry)

        assert tables(world.database) == before


def test_entries_of_other_kinds_are_left_to_others(world: World) -> None:
    entry = LogEntry("ceremony-step", world.clock.now(), {})

    with world.database.begin() as connection:
        assert not replay(connection, entry)


def test_a_change_after_a_replay_is_later_than_what_was_replayed(
    world: World, revocation: Revocation
) -> None:
    record = revocation.hold(serial_number=world.issue("people-1").serial_number)
    with world.database.begin() as connection:
        connection.execute(delete(status_scopes))
        for entry in entries_of(world.database):
            replay(connection, entry)

    later = revocation.release(serial_number=record.serial_number)

    assert later.changed_at > record.changed_at
