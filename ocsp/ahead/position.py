"""How far a store has followed the transparency log, and which store it is: named values in it."""

from __future__ import annotations

import secrets

from core.transparency.merkle import CompactRange
from ocsp.stored.answers import TEMPLATES
from ocsp.stored.heartbeat import HEARTBEAT
from ocsp.stored.store import AnswerStore

POSITION = "follower/position"
STORE_ID = "store-id"
_SIZE_OCTETS = 6
_DELETED_AT_ONCE = 1_000


def store_id(store: AnswerStore) -> str | None:
    """Return the store's name; None before anything was signed into it. Raises StoreUnavailable."""
    value = store.value(STORE_ID)
    return None if value is None else value.decode()


def read_position(store: AnswerStore) -> CompactRange | None:
    """Return the right edge of the tree whose entries are all in the store; None for none.

    With the edge, not the size alone, so that another log of that size is told apart. Raises
    StoreUnavailable.
    """
    value = store.value(POSITION)
    if value is None:
        return None
    try:
        return CompactRange.decode(
            int.from_bytes(value[:_SIZE_OCTETS], "big"), value[_SIZE_OCTETS:]
        )
    except ValueError:
        return None


def write_position(store: AnswerStore, edge: CompactRange) -> None:
    """Note that all entries of the tree with this edge are in the store."""
    store.set_value(POSITION, edge.size.to_bytes(_SIZE_OCTETS, "big") + edge.encode())


def begin_anew(store: AnswerStore, edge: CompactRange) -> str:
    """Empty the store, follow the log from ``edge`` on, and return the store's new name.

    What is in it cannot be told right from wrong any more, or there is nothing. A run that is
    cut short has left no position, and the next begins anew as well. Raises StoreUnavailable.
    """
    for name in (POSITION, HEARTBEAT, STORE_ID):
        store.delete_value(name)
    for name in store.values(TEMPLATES):
        store.delete_value(name)
    keys = []
    for key, _record in store.scan():
        keys.append(key)
        if len(keys) == _DELETED_AT_ONCE:
            store.delete(keys)
            keys.clear()
    store.delete(keys)
    name = secrets.token_hex(16)
    store.set_value(STORE_ID, name.encode())
    write_position(store, edge)
    return name
