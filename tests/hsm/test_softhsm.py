from __future__ import annotations

import stat
from pathlib import Path

import pytest

from core.clock import Clock
from core.database import Database
from hsm.keys import KeyAlgorithm, KeyState
from hsm.settings import DEFAULT_TOKENS, HsmSettings
from hsm.softhsm import provision
from hsm.store import Pkcs11KeyStore


@pytest.fixture
def provisioned(home: Path, softhsm: HsmSettings) -> Path:
    """A home with every development token."""
    provision(home)
    return home


def test_every_development_token_has_a_canary_that_signs(
    provisioned: Path, sqlite: Database, clock: Clock
) -> None:
    store = Pkcs11KeyStore(settings=HsmSettings().at(provisioned), database=sqlite, clock=clock)
    assert {one.token: one.trouble for one in store.health()} == dict.fromkeys(DEFAULT_TOKENS)
    store.close()


def test_provisioning_again_keeps_tokens_keys_and_pins(
    provisioned: Path, sqlite: Database, clock: Clock
) -> None:
    store = Pkcs11KeyStore(settings=HsmSettings().at(provisioned), database=sqlite, clock=clock)
    record = store.generate(token="root", label="root", algorithm=KeyAlgorithm.EC_P384)
    store.close()
    pins = {path.name: path.read_text() for path in (provisioned / "pins").iterdir()}
    provision(provisioned, [*DEFAULT_TOKENS, "custodian-1"])
    again = Pkcs11KeyStore(settings=HsmSettings().at(provisioned), database=sqlite, clock=clock)
    assert again.attributes(record.key_id)["CKA_SIGN"]
    assert again.generate(token="custodian-1", label="c", algorithm=KeyAlgorithm.ED25519)
    again.close()
    assert (
        pins.items()
        <= {path.name: path.read_text() for path in (provisioned / "pins").iterdir()}.items()
    )


def test_pins_belong_to_their_owner_alone_and_differ(provisioned: Path) -> None:
    files = list((provisioned / "pins").iterdir())
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((provisioned / "pins").stat().st_mode) == 0o700
    assert stat.S_IMODE((provisioned / "tokens").stat().st_mode) == 0o700
    assert len({path.read_text() for path in files}) == len(files)


def test_the_root_s_token_may_be_away(provisioned: Path, sqlite: Database, clock: Clock) -> None:
    """/readyz asks the online tokens alone."""
    (provisioned / "pins" / "root").unlink()
    store = Pkcs11KeyStore(settings=HsmSettings().at(provisioned), database=sqlite, clock=clock)
    store.check_canary()
    health = {one.token: one.trouble for one in store.health()}
    assert health.pop("root") is not None
    assert set(health.values()) == {None}
    store.close()


def token_files(home: Path) -> list[Path]:
    files = list((home / "tokens").glob("*/token.object"))
    assert len(files) == len(DEFAULT_TOKENS)
    return files


def test_a_token_that_a_kill_during_login_emptied_is_put_back_at_start(
    provisioned: Path, sqlite: Database, clock: Clock
) -> None:
    store = Pkcs11KeyStore(settings=HsmSettings().at(provisioned), database=sqlite, clock=clock)
    store.check_canary()
    store.close()
    for file in token_files(provisioned):
        file.write_bytes(b"")
    again = Pkcs11KeyStore(settings=HsmSettings().at(provisioned), database=sqlite, clock=clock)
    again.check_canary()
    again.close()


def test_a_token_that_another_s_kill_cut_short_is_put_back_under_a_running_process(
    provisioned: Path, sqlite: Database, clock: Clock
) -> None:
    first = Pkcs11KeyStore(settings=HsmSettings().at(provisioned), database=sqlite, clock=clock)
    record = first.generate(token="issuing", label="a", algorithm=KeyAlgorithm.EC_P256)
    first.change_state(record.key_id, KeyState.ACTIVE, reason="test")
    first.close()
    # This one has not logged in to the token when it is cut short.
    second = Pkcs11KeyStore(settings=HsmSettings().at(provisioned), database=sqlite, clock=clock)
    second.health()
    for file in token_files(provisioned):
        file.write_bytes(file.read_bytes()[:100])
    second.close()
    third = Pkcs11KeyStore(settings=HsmSettings().at(provisioned), database=sqlite, clock=clock)
    assert third.signing_key(record.key_id).sign(b"message")
    third.close()
