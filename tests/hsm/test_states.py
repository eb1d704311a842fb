from __future__ import annotations

import time

import pytest

from core.clock import SystemClock
from core.database import Database
from hsm.errors import KeyNotActive, KeyStateRefused
from hsm.keys import KeyState
from hsm.registry import STATE_MEMORY_SECONDS, KeyRegistry
from hsm.states import TRANSITIONS, check_transition
from hsm.store import Pkcs11KeyStore
from tests.hsm.conftest import active_key

# NIST SP 800-57 Part 1 Rev. 5, Section 7, Figure 3, written out a second time.
ALLOWED = {
    "pre-active": "active compromised destroyed",
    "active": "suspended deactivated compromised destroyed",
    "suspended": "active deactivated compromised destroyed",
    "deactivated": "compromised destroyed",
    "compromised": "destroyed",
    "destroyed": "",
}


@pytest.mark.parametrize("before", KeyState)
@pytest.mark.parametrize("after", KeyState)
def test_only_the_steps_of_the_standard_are_taken(before: KeyState, after: KeyState) -> None:
    if after in ALLOWED[before].split():
        check_transition(before, after)
    else:
        with pytest.raises(KeyStateRefused):
            check_transition(before, after)


def test_every_state_has_its_steps() -> None:
    assert set(TRANSITIONS) == set(KeyState)


def test_another_process_s_change_is_seen_within_a_second(
    keys: Pkcs11KeyStore, sqlite: Database
) -> None:
    key = active_key(keys)
    key.sign(b"remembered as active from here")
    elsewhere = KeyRegistry(database=sqlite, clock=SystemClock())
    with sqlite.begin() as connection:
        elsewhere.change_state(connection, key.key_id, KeyState.SUSPENDED, "by another process")
    time.sleep(STATE_MEMORY_SECONDS + 0.05)
    with pytest.raises(KeyNotActive):
        key.sign(b"message")


def test_an_active_key_is_looked_up_once_a_second_and_not_at_each_signature(
    keys: Pkcs11KeyStore, sqlite: Database
) -> None:
    from sqlalchemy import event

    key = active_key(keys)
    statements: list[str] = []
    event.listen(
        sqlite.engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2])
    )
    began = time.monotonic()
    while time.monotonic() - began < 0.5:
        key.sign(b"message")
    assert sum("FROM keys" in statement for statement in statements) <= 1


def test_a_refused_step_changes_nothing(keys: Pkcs11KeyStore) -> None:
    key = active_key(keys)
    keys.change_state(key.key_id, KeyState.DEACTIVATED, reason="replaced")
    with pytest.raises(KeyStateRefused) as refusal:
        keys.change_state(key.key_id, KeyState.ACTIVE, reason="back again")
    assert refusal.value.kept == "It is still deactivated."
    assert keys.record(key.key_id).state is KeyState.DEACTIVATED
