"""The follower's pulse is read as it was written, and nonsense is no pulse."""

from __future__ import annotations

from pathlib import Path

from ocsp.stored.heartbeat import HEARTBEAT, read_heartbeat, write_heartbeat
from ocsp.stored.lmdb_store import LmdbAnswerStore


def test_a_heartbeat_is_read_in_whole_seconds_and_none_where_there_is_none(tmp_path: Path) -> None:
    store = LmdbAnswerStore(tmp_path / "answers", map_octets=1 << 20)
    assert read_heartbeat(store) is None
    write_heartbeat(store, 1_795_000_000.999)
    # Rounded down: what is claimed may be older than what is true, never younger.
    assert read_heartbeat(store) == 1_795_000_000
    write_heartbeat(store, 1_795_000_001)
    assert read_heartbeat(store) == 1_795_000_001
    for nonsense in (b"", b"soon", b"-1", b"\xb2"):
        store.set_value(HEARTBEAT, nonsense)
        assert read_heartbeat(store) is None
    store.close()
