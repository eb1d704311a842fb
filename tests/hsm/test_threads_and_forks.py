"""Many threads on one token, and processes that fork while they sign."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from hsm.keys import KeyAlgorithm, KeyState, SigningKey
from hsm.store import Pkcs11KeyStore
from tests.hsm.conftest import active_key

MakeKey = Callable[..., SigningKey]
THREADS = 8
CHILDREN = 4


def verify(key: SigningKey, signature: bytes, message: bytes) -> None:
    assert isinstance(key.public_key, EllipticCurvePublicKey)
    key.public_key.verify(signature, message, ECDSA(SHA256()))


def sign_for(key: SigningKey, seconds: float) -> int:
    """Sign and verify until the time is up; return how often."""
    until, count = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        message = os.urandom(64)
        verify(key, key.sign(message), message)
        count += 1
    return count


def test_eight_threads_sign_at_once_without_an_error(keys: Pkcs11KeyStore) -> None:
    several = [active_key(keys) for _ in range(3)]
    with ThreadPoolExecutor(THREADS) as pool:
        counts = list(pool.map(lambda n: sign_for(several[n % 3], 3), range(THREADS)))
    assert all(count > 10 for count in counts)


def test_keys_are_made_used_and_destroyed_in_several_threads(keys: Pkcs11KeyStore) -> None:
    def live(_: int) -> None:
        for _round in range(5):
            key = active_key(keys)
            verify(key, key.sign(b"message"), b"message")
            keys.destroy(key.key_id, reason="end of life")

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(live, range(THREADS)))
    assert {record.state for record in keys.records()} == {KeyState.DESTROYED}
    assert len(keys.records()) == THREADS * 5


def test_a_restart_waits_for_signatures_under_way(keys: Pkcs11KeyStore, make_key: MakeKey) -> None:
    key = make_key()
    with ThreadPoolExecutor(THREADS) as pool:
        signing = [pool.submit(sign_for, key, 1.5) for _ in range(THREADS)]
        module = keys._tokens.sessions("issuing")._module
        for _ in range(20):
            time.sleep(0.05)
            module.stop()
        assert all(one.result() > 0 for one in signing)


def wait_for(pid: int) -> int:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return -1


def in_child(act: Callable[[], None]) -> int:
    """Fork, act, and return the child's pid; it exits with 0 if nothing was raised."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        act()
        code = 0
    finally:
        os._exit(code)


def test_a_key_in_hand_signs_in_a_forked_child_and_in_the_parent(
    keys: Pkcs11KeyStore, make_key: MakeKey
) -> None:
    key = make_key()
    key.sign(b"sessions are open before the fork")

    def sign() -> None:
        verify(key, key.sign(b"child"), b"child")

    children = [in_child(sign) for _ in range(CHILDREN)]
    verify(key, key.sign(b"parent"), b"parent")
    assert [wait_for(pid) for pid in children] == [0] * CHILDREN
    verify(key, key.sign(b"parent again"), b"parent again")


def test_a_fork_amid_signing_threads_leaves_no_lock_behind(make_key: MakeKey) -> None:
    key = make_key()
    stop = threading.Event()

    def sign() -> None:
        while not stop.is_set():
            key.sign(b"message")

    threads = [threading.Thread(target=sign) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        codes = []
        for _ in range(10):
            codes.append(wait_for(in_child(lambda: verify(key, key.sign(b"child"), b"child"))))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert codes == [0] * 10


def test_a_child_s_close_does_not_log_the_parent_out(
    keys: Pkcs11KeyStore, make_key: MakeKey
) -> None:
    key = make_key()

    def sign_and_close() -> None:
        key.sign(b"child")
        keys.close()

    assert wait_for(in_child(sign_and_close)) == 0
    verify(key, key.sign(b"parent"), b"parent")


SCRIPT = """
import sys
from pathlib import Path
from core.clock import SystemClock
from core.database import Database
from hsm.settings import HsmSettings
from hsm.store import Pkcs11KeyStore
from tests.hsm.conftest import softhsm_settings
home = Path(sys.argv[1])
store = Pkcs11KeyStore(
    settings=softhsm_settings(home), database=Database(sys.argv[2]), clock=SystemClock()
)
store.signing_key(bytes.fromhex(sys.argv[3])).sign(b"message")
store.close() if sys.argv[4] == "close" else None
"""


@pytest.mark.parametrize("ending", ["close", "leave open"])
def test_a_process_ends_quietly_with_its_sessions_closed_or_open(
    make_key: MakeKey, home: Path, sqlite_url: str, ending: str
) -> None:
    key = make_key(KeyAlgorithm.EC_P256)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(home), sqlite_url, key.key_id.hex(), ending],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
