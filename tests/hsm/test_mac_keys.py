"""MAC keys: one for each name, in the token alone, and what they compute."""

from __future__ import annotations

import hmac
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pkcs11 import Attribute, ObjectClass
from pkcs11.exceptions import PKCS11Error
from sqlalchemy import select

from core.database import Database
from hsm.errors import TokenUnavailable
from hsm.mac_keys import MAC_KEY_LABEL
from hsm.models import mac_keys
from hsm.store import Pkcs11KeyStore
from tests.hsm.conftest import softhsm_settings


@pytest.fixture
def store(database: Database, home: Path, clock: Any) -> Any:
    made = Pkcs11KeyStore(settings=softhsm_settings(home), database=database, clock=clock)
    yield made
    made.close()


def _in_the_token(store: Pkcs11KeyStore) -> list[dict[str, Any]]:
    def look(worker: Any) -> list[dict[str, Any]]:
        found = list(
            worker.session.get_objects(
                {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: MAC_KEY_LABEL}
            )
        )
        return [
            {"sensitive": one[Attribute.SENSITIVE], "extractable": one[Attribute.EXTRACTABLE]}
            for one in found
        ]

    return store._tokens.use("operations", look)


def _value_of_the_key(worker: Any) -> Any:
    [key] = list(worker.session.get_objects({Attribute.LABEL: MAC_KEY_LABEL}))
    return key[Attribute.VALUE]


def test_a_mac_has_32_octets_and_depends_on_name_and_message(store: Pkcs11KeyStore) -> None:
    first, other = store.mac_key("grants"), store.mac_key("other")
    assert len(first.mac(b"a")) == 32
    assert len({first.mac(b"a"), first.mac(b"b"), other.mac(b"a")}) == 3
    assert hmac.compare_digest(first.mac(b"a"), store.mac_key("grants").mac(b"a"))


def test_another_process_computes_the_same(
    store: Pkcs11KeyStore, database: Database, clock: Any
) -> None:
    mac = store.mac_key("grants").mac(b"a")
    again = Pkcs11KeyStore(settings=store.settings, database=database, clock=clock)
    assert again.mac_key("grants").mac(b"a") == mac
    again.close()


def test_the_key_never_leaves_the_token(store: Pkcs11KeyStore) -> None:
    store.mac_key("grants")
    assert _in_the_token(store) == [{"sensitive": True, "extractable": False}]
    with pytest.raises(PKCS11Error):
        store._tokens.use("operations", _value_of_the_key)


def test_many_who_ask_at_once_get_one_key(store: Pkcs11KeyStore, database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        macs = set(pool.map(lambda _: store.mac_key("grants").mac(b"a"), range(8)))
    assert len(macs) == 1
    with database.read() as connection:
        assert len(connection.execute(select(mac_keys)).all()) == 1
    # The losers' keys are erased: nothing stays in the token that no row names.
    assert len(_in_the_token(store)) == 1


def test_a_token_that_is_away_is_said_to_be_away(store: Pkcs11KeyStore, home: Path) -> None:
    key = store.mac_key("grants")
    (home / "tokens").rename(home / "gone")
    with pytest.raises(TokenUnavailable):
        key.mac(b"a")
