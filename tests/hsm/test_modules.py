"""Modules of several makers at once, and one in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.clock import Clock
from core.database import Database
from hsm.errors import TokenUnavailable
from hsm.keys import KeyAlgorithm, KeyState, SigningKey
from hsm.module import RESTART_INTERVAL_SECONDS
from hsm.settings import HsmSettings, ModuleSettings
from hsm.store import Pkcs11KeyStore
from tests.hsm.conftest import P11KitServer, active_key
from tests.hsm.test_threads_and_forks import in_child, sign_for, verify, wait_for


def key_in(store: Pkcs11KeyStore, token: str) -> SigningKey:
    record = store.generate(token=token, label="test", algorithm=KeyAlgorithm.EC_P256)
    store.change_state(record.key_id, KeyState.ACTIVE, reason="test")
    return store.signing_key(record.key_id)


def test_keys_of_two_makers_sign_side_by_side(
    softhsm: HsmSettings, nss: HsmSettings, sqlite: Database, clock: Clock
) -> None:
    both = HsmSettings(
        home=softhsm.home,
        modules={**softhsm.modules, **nss.modules},
        tokens={
            "issuing": softhsm.tokens["issuing"].model_copy(
                update={"uri": "pkcs11:token=issuing?module-name=soft"}
            ),
            "status": nss.tokens["issuing"],
        },
    )
    store = Pkcs11KeyStore(settings=both, database=sqlite, clock=clock)
    keys = [key_in(store, "issuing"), key_in(store, "status")]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda n: sign_for(keys[n % 2], 1), range(8)))
    store.close()


@pytest.fixture
def remote(p11_kit: HsmSettings, sqlite: Database, clock: Clock) -> Iterator[Pkcs11KeyStore]:
    store = Pkcs11KeyStore(settings=p11_kit, database=sqlite, clock=clock)
    yield store
    store.close()


def test_eight_threads_sign_through_p11_kit(remote: Pkcs11KeyStore) -> None:
    key = active_key(remote)
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: sign_for(key, 1), range(8)))


def test_a_forked_child_signs_through_p11_kit(remote: Pkcs11KeyStore) -> None:
    key = active_key(remote)
    assert wait_for(in_child(lambda: verify(key, key.sign(b"child"), b"child"))) == 0
    verify(key, key.sign(b"parent"), b"parent")


def test_a_forked_child_signs_with_nss(nss: HsmSettings, sqlite: Database, clock: Clock) -> None:
    store = Pkcs11KeyStore(settings=nss, database=sqlite, clock=clock)
    key = active_key(store)
    assert wait_for(in_child(lambda: verify(key, key.sign(b"child"), b"child"))) == 0
    verify(key, key.sign(b"parent"), b"parent")
    store.close()


def test_a_p11_kit_server_that_ends_and_starts_again_is_used_again(
    remote: Pkcs11KeyStore, p11_kit_server: P11KitServer
) -> None:
    key = active_key(remote)
    p11_kit_server.stop()
    with pytest.raises(TokenUnavailable):
        key.sign(b"message")
    p11_kit_server.start()
    time.sleep(RESTART_INTERVAL_SECONDS)
    verify(key, key.sign(b"message"), b"message")


def test_a_module_that_is_not_there_is_unavailable_and_not_a_fault(
    softhsm: HsmSettings, tmp_path: Path, sqlite: Database, clock: Clock
) -> None:
    missing = ModuleSettings(uri=f"pkcs11:?module-path={tmp_path / 'none.so'}")
    settings = softhsm.model_copy(update={"modules": {"soft": missing}})
    store = Pkcs11KeyStore(settings=settings, database=sqlite, clock=clock)
    with pytest.raises(TokenUnavailable, match="does not start"):
        store.check_canary()
    store.close()


def test_a_token_that_is_not_in_the_module_is_unavailable(
    softhsm: HsmSettings, sqlite: Database, clock: Clock
) -> None:
    absent = softhsm.tokens["issuing"].model_copy(update={"uri": "pkcs11:token=elsewhere"})
    settings = softhsm.model_copy(update={"tokens": {"issuing": absent}})
    store = Pkcs11KeyStore(settings=settings, database=sqlite, clock=clock)
    with pytest.raises(TokenUnavailable, match="does not answer"):
        store.check_canary()
    store.close()
