"""Signing ahead on each database, with delegates whose keys are in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from core.database import Database
from hsm.keys import KeyAlgorithm
from ocsp.stored.lmdb_store import LmdbAnswerStore
from tests.ca.revocation.world import World, make_log
from tests.conftest import SettableClock
from tests.ocsp.ahead.signing_world import Ahead, Tokens
from tests.ocsp.conftest import add_delegate


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


@pytest.fixture
def ahead(
    database: Database, tmp_path: Path, clock: SettableClock, tokens: Tokens
) -> Iterator[Ahead]:
    """A world on each database; everything is followed, nothing is signed."""
    world = World(database, clock, make_log(database, tmp_path / "log", clock), keys=tokens)
    world.add_authority("root-1", algorithm=KeyAlgorithm.EC_P384)
    world.add_authority("people-1", parent="root-1")
    world.add_authority("camdx-1", parent="root-1", algorithm=KeyAlgorithm.RSA_3072)
    add_delegate(world, "people-1")
    add_delegate(world, "camdx-1", KeyAlgorithm.RSA_3072)
    store = LmdbAnswerStore(tmp_path / "answers", map_octets=1 << 26)
    made = Ahead(world, clock, store)
    made.follower.follow()
    clock.advance(timedelta(seconds=1))
    yield made
    store.close()
