"""Opens the store of signed answers that the settings name."""

from __future__ import annotations

from pathlib import Path

from ocsp.stored.lmdb_store import LmdbAnswerStore
from ocsp.stored.recent import RecentlyRead
from ocsp.stored.settings import AnswerSettings, StoreKind
from ocsp.stored.store import AnswerStore


def open_answer_store(settings: AnswerSettings, home: Path) -> AnswerStore:
    """Return the store of a home; close it. Raises StoreUnavailable."""
    if settings.store is StoreKind.REDIS:
        # Redis' client takes a good part of a command's start, and one machine needs none.
        from ocsp.stored.redis_store import RedisAnswerStore

        return RedisAnswerStore(
            settings.redis_url, prefix=settings.redis_prefix, timeout=settings.redis_timeout
        )
    return LmdbAnswerStore(home / settings.folder, map_octets=settings.map_octets)


def remembering(store: AnswerStore, settings: AnswerSettings) -> AnswerStore:
    """Return a store to answer from, which goes on for a moment where it can be away.

    Never sign into it: a signer has to know what the store holds now.
    """
    return RecentlyRead(store) if settings.store is StoreKind.REDIS else store
