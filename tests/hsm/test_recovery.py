"""A token that goes away and comes back, as a removed or rebooted HSM does."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pkcs11.exceptions import NoSuchKey
from sqlalchemy import update

from core.clock import Clock
from core.database import Database, DatabaseUnavailable
from hsm import models
from hsm.errors import KeyNotFound, TokenUnavailable
from hsm.keys import KeyAlgorithm, KeyState, SigningKey
from hsm.module import RESTART_INTERVAL_SECONDS
from hsm.sessions import TokenSessions
from hsm.store import Pkcs11KeyStore
from tests.hsm.conftest import active_key, softhsm_settings

MakeKey = Callable[..., SigningKey]


@pytest.fixture
def gone(home: Path) -> Iterator[Callable[[], None]]:
    """Take every token away; call the second time to bring them back."""
    here, away = home / "tokens", home / "tokens-away"

    def toggle() -> None:
        if here.exists():
            here.rename(away)
        else:
            away.rename(here)

    yield toggle


def test_a_token_that_is_away_is_unavailable_and_its_key_is_not_called_absent(
    make_key: MakeKey, gone: Callable[[], None], keys: Pkcs11KeyStore
) -> None:
    key = make_key()
    gone()
    for _ in range(3):
        with pytest.raises(TokenUnavailable):
            key.sign(b"message")
        with pytest.raises(TokenUnavailable):
            keys.signing_key(key.key_id)
        with pytest.raises(TokenUnavailable):
            keys.check_canary()


def test_a_key_in_hand_signs_again_when_its_token_is_back(
    make_key: MakeKey, gone: Callable[[], None], keys: Pkcs11KeyStore
) -> None:
    key = make_key()
    gone()
    with pytest.raises(TokenUnavailable):
        key.sign(b"message")
    gone()
    assert key.sign(b"message")
    keys.check_canary()


def test_a_token_that_was_away_unnoticed_is_found_again_by_the_next_signature(
    make_key: MakeKey, gone: Callable[[], None], home: Path
) -> None:
    key = make_key()
    gone()
    shutil.copytree(home / "tokens-away", home / "tokens")  # other files, other handles
    assert key.sign(b"message")


def test_one_token_away_leaves_the_others_signing(
    keys: Pkcs11KeyStore, home: Path, make_key: MakeKey
) -> None:
    key = make_key()
    before = set((home / "tokens").iterdir())
    other = next(
        folder
        for folder in before
        if not any(one.suffix == ".object" and one.stat().st_size > 400 for one in folder.iterdir())
    )
    other.rename(home / "other-away")
    with pytest.raises(TokenUnavailable):
        keys.check_canary()
    health = {one.token: one.trouble for one in keys.health()}
    assert health["issuing"] is None
    assert health["operations"] is not None
    assert key.sign(b"message")
    (home / "other-away").rename(other)
    time.sleep(RESTART_INTERVAL_SECONDS)
    keys.check_canary()


def test_a_key_erased_behind_our_back_is_not_found_while_the_canary_signs(
    keys: Pkcs11KeyStore, make_key: MakeKey
) -> None:
    from hsm.store import _erase_pair

    key = make_key()
    keys._tokens.use("issuing", lambda worker: _erase_pair(worker, key.key_id), writing=True)
    with pytest.raises(KeyNotFound):
        key.sign(b"message")
    keys.check_canary()


def test_an_empty_token_of_the_same_name_is_not_taken_for_ours(
    keys: Pkcs11KeyStore, make_key: MakeKey, home: Path, sqlite: Database, clock: Clock
) -> None:
    key = make_key()
    shutil.move(home / "tokens", home / "tokens-lost")
    keys.close()
    later = Pkcs11KeyStore(settings=softhsm_settings(home), database=sqlite, clock=clock)
    with pytest.raises(TokenUnavailable):
        later.signing_key(key.key_id)
    with pytest.raises(TokenUnavailable, match="canary"):
        later.check_canary()
    later.close()


def test_a_closed_store_says_so(keys: Pkcs11KeyStore, make_key: MakeKey) -> None:
    key = make_key()
    keys.close()
    with pytest.raises(TokenUnavailable, match="closed"):
        key.sign(b"message")


def test_a_replaced_token_gets_a_new_canary_when_asked(
    softhsm: object, keys: Pkcs11KeyStore, sqlite: Database
) -> None:
    keys.check_canary()
    with sqlite.begin() as connection:
        connection.execute(update(models.canaries).values(key_id=bytes(32)))
    with pytest.raises(TokenUnavailable):
        keys.check_canary()
    time.sleep(RESTART_INTERVAL_SECONDS)
    keys.renew_canary("issuing")
    keys.renew_canary("operations")
    keys.check_canary()


def test_a_canary_whose_signature_does_not_verify_is_not_heard(
    keys: Pkcs11KeyStore, sqlite: Database, make_key: MakeKey
) -> None:
    other = keys.record(make_key().key_id).public_key_der
    keys.check_canary()
    with sqlite.begin() as connection:
        connection.execute(update(models.canaries).values(public_key_der=other))
    with pytest.raises(TokenUnavailable, match="canary"):
        keys.check_canary()


def test_what_the_token_refuses_is_passed_on_without_a_restart(keys: Pkcs11KeyStore) -> None:
    sessions: TokenSessions = keys._tokens.sessions("issuing")
    keys.check_canary()
    generation = sessions._module.generation
    with pytest.raises(NoSuchKey):
        sessions.run(lambda worker: worker.private_key(bytes(32)))
    assert sessions._module.generation == generation


def test_a_destruction_that_the_token_missed_is_finished_later(
    keys: Pkcs11KeyStore, make_key: MakeKey, gone: Callable[[], None]
) -> None:
    key = make_key()
    gone()
    with pytest.raises(TokenUnavailable):
        keys.destroy(key.key_id, reason="end of life")
    assert keys.record(key.key_id).state is KeyState.DESTROYED
    gone()
    assert keys.attributes(key.key_id)["CKA_SIGN"]  # it is still there
    keys.destroy(key.key_id, reason="end of life")
    with pytest.raises(KeyNotFound):
        keys.attributes(key.key_id)


def test_a_key_whose_record_cannot_be_written_does_not_stay_in_the_token(
    keys: Pkcs11KeyStore, sqlite: Database
) -> None:
    active_key(keys)
    models.key_state_changes.drop(sqlite.engine)
    with pytest.raises(DatabaseUnavailable):
        keys.generate(token="issuing", label="orphan", algorithm=KeyAlgorithm.EC_P256)
    assert keys.erase_unrecorded(token="issuing", label="orphan") == 0
