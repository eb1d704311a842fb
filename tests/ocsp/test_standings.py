"""Live answers take a standing from the store only while it is known to follow the tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ca.revocation.reasons import RevocationReason
from ca.revocation.status import StatusDirectory
from ocsp.standings import (
    PULSE_WITHIN,
    Known,
    Standings,
    StoredStandings,
    TableStandings,
    standing_source,
)
from ocsp.stored.certid import answer_key, issuer_tag, prefixes_of
from ocsp.stored.heartbeat import write_heartbeat
from ocsp.stored.lmdb_store import LmdbAnswerStore
from ocsp.stored.record import AnswerRecord, withdrawn
from ocsp.stored.settings import AnswerSettings, StoreKind
from ocsp.stored.store import AnswerStore, StoreUnavailable
from tests.ca.revocation.world import World

REVOKED_AT = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
SERIAL = 1 << 150
FROM_TABLES = Standings({SERIAL: Known(None, None)}, datetime(2026, 1, 1, tzinfo=UTC))


class Tables:
    """Says always the same."""

    def standings(self, authority: str, serial_numbers: Iterable[int]) -> Standings:
        return FROM_TABLES


class Away:
    """A store that cannot be reached."""

    def __getattr__(self, name: str) -> Any:
        raise StoreUnavailable("away")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LmdbAnswerStore]:
    store = LmdbAnswerStore(tmp_path / "answers", map_octets=1 << 24)
    yield store
    store.close()


def standings_of(store: AnswerStore, world: World) -> Standings:
    source = StoredStandings(
        store=store, tables=Tables(), authorities=world.authorities, clock=world.clock
    )
    return source.standings("people-1", [SERIAL])


def key_of(world: World) -> bytes:
    return answer_key(issuer_tag(prefixes_of(world.authorities.authority("people-1"))), SERIAL)


def keep_revoked(store: AnswerStore, world: World) -> None:
    now = world.clock.now()
    record = AnswerRecord(
        version=7,
        template=bytes(6),
        this_update=now,
        next_update=now + timedelta(hours=1),
        revoked_at=REVOKED_AT,
        reason=RevocationReason.KEY_COMPROMISE,
        signatures=(b"1" * 70, b"2" * 70),
    )
    store.write([(key_of(world), record.encode())])


def test_a_stored_standing_is_as_old_as_the_heartbeat(world: World, store: LmdbAnswerStore) -> None:
    keep_revoked(store, world)
    beat = (world.clock.now() - timedelta(seconds=2)).replace(microsecond=0)
    write_heartbeat(store, beat.timestamp())
    known = Known(REVOKED_AT, RevocationReason.KEY_COMPROMISE)
    assert standings_of(store, world) == Standings({SERIAL: known}, beat)


@pytest.mark.parametrize(
    "age",
    [PULSE_WITHIN + timedelta(seconds=1), timedelta(seconds=-5)],
    ids=["too old", "of the future"],
)
def test_the_tables_are_asked_where_the_heartbeat_is(
    world: World, store: LmdbAnswerStore, age: timedelta
) -> None:
    keep_revoked(store, world)
    write_heartbeat(store, (world.clock.now() - age).timestamp())
    assert standings_of(store, world) == FROM_TABLES


def test_the_tables_are_asked_about_what_was_withdrawn_or_is_not_stored(
    world: World, store: LmdbAnswerStore
) -> None:
    write_heartbeat(store, world.clock.now().timestamp())
    assert standings_of(store, world) == FROM_TABLES
    store.write([(key_of(world), withdrawn(8))])
    assert standings_of(store, world) == FROM_TABLES


def test_the_tables_are_asked_where_there_is_no_heartbeat_or_no_store(
    world: World, store: LmdbAnswerStore
) -> None:
    keep_revoked(store, world)
    assert standings_of(store, world) == FROM_TABLES
    assert standings_of(Away(), world) == FROM_TABLES


@pytest.mark.parametrize(
    ("kind", "source"), [(StoreKind.LMDB, StoredStandings), (StoreKind.REDIS, TableStandings)]
)
def test_only_the_file_in_our_own_home_is_believed_without_a_signature(
    world: World, store: LmdbAnswerStore, kind: StoreKind, source: type
) -> None:
    chosen = standing_source(
        AnswerSettings(store=kind),
        store=store,
        statuses=StatusDirectory(database=world.database),
        authorities=world.authorities,
        clock=world.clock,
    )
    assert type(chosen) is source
