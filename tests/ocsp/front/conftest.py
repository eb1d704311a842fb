"""A front over a small world."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ocsp.responder import StatusResponder
from ocsp.stored.lmdb_store import LmdbAnswerStore
from tests.ca.revocation.world import Keeps, World
from tests.ocsp.front.signed_ahead import Front


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LmdbAnswerStore]:
    store = LmdbAnswerStore(tmp_path / "answers", map_octets=1 << 24)
    yield store
    store.close()


@pytest.fixture
def front(
    world: World, retention: Keeps, store: LmdbAnswerStore, responder: StatusResponder
) -> Front:
    front = Front(world, retention, store, responder)
    front.beat()
    return front
