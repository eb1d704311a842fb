"""Key stores over modules of different makers, for the contract and for what is peculiar."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.clock import Clock
from core.database import Database
from hsm.keys import KeyAlgorithm, KeyPolicy, KeyState, SigningKey
from hsm.pin import PinSource
from hsm.settings import HsmSettings, ModuleSettings, TokenSettings
from hsm.softhsm import provision
from hsm.store import Pkcs11KeyStore

NSS = Path("/usr/lib/x86_64-linux-gnu/libsoftokn3.so")
P11_KIT_CLIENT = Path("/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so")
TOKENS = ("issuing", "operations")

Require = Callable[[str], str]


def softhsm_settings(home: Path) -> HsmSettings:
    provision(home, TOKENS)
    return HsmSettings(
        modules={
            "soft": ModuleSettings(
                uri="pkcs11:?module-path=/usr/lib/softhsm/libsofthsm2.so",
                environment={"SOFTHSM2_CONF": "{home}/softhsm2.conf"},
            )
        },
        tokens={
            name: TokenSettings(uri=f"pkcs11:token={name}", pin=PinSource(file=Path("pins") / name))
            for name in TOKENS
        },
    ).at(home)


def nss_settings(home: Path) -> HsmSettings:
    """NSS keeps one token; both names mean it."""
    folder, pin = home / "nss", home / "nss.pin"
    folder.mkdir()
    pin.write_text(secrets.token_hex(16) + "\n")
    pin.chmod(0o600)
    subprocess.run(["certutil", "-N", "-d", f"sql:{folder}", "-f", str(pin)], check=True)
    token = TokenSettings(
        uri="pkcs11:token=NSS%20Certificate%20DB;manufacturer=camtrust?module-name=nss",
        pin=PinSource(file=Path("nss.pin")),
    )
    reserved = (
        f"configdir='sql:{folder}' certPrefix='' keyPrefix='' secmod='secmod.db' flags= "
        "manufacturerID='camtrust'"
    )
    return HsmSettings(
        modules={"nss": ModuleSettings(uri=f"pkcs11:?module-path={NSS}", reserved=reserved)},
        tokens=dict.fromkeys(TOKENS, token),
    ).at(home)


@pytest.fixture
def softhsm(home: Path, require: Require) -> HsmSettings:
    require("softhsm2-util")
    return softhsm_settings(home)


@pytest.fixture
def nss(home: Path, require: Require) -> HsmSettings:
    require("certutil")
    require_file(require, NSS)
    return nss_settings(home)


class P11KitServer:
    """`p11-kit server`, which can be stopped and started again at the same socket."""

    def __init__(self, home: Path, module: str) -> None:
        self.socket = home / "p11.sock"
        self.command = [
            *("p11-kit", "server", "-f", "-n", str(self.socket)),
            *("--provider", module, "pkcs11:"),
        ]
        self._environment = {**os.environ, "SOFTHSM2_CONF": str(home / "softhsm2.conf")}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self.command,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            # It forks a process for each connection: a group of their own ends them all.
            start_new_session=True,
        )
        for _ in range(500):
            if self.socket.exists():
                return
            time.sleep(0.02)
        raise TimeoutError("p11-kit server does not listen")

    def stop(self) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(timeout=10)
        self.socket.unlink(missing_ok=True)


@pytest.fixture
def p11_kit_server(home: Path, softhsm: HsmSettings, require: Require) -> Iterator[P11KitServer]:
    require("p11-kit")
    require_file(require, P11_KIT_CLIENT)
    server = P11KitServer(home, softhsm.modules["soft"].path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def p11_kit(softhsm: HsmSettings, p11_kit_server: P11KitServer) -> HsmSettings:
    """SoftHSM in a process of its own, behind `p11-kit server`."""
    return HsmSettings(
        home=softhsm.home,
        modules={
            "remote": ModuleSettings(
                uri=f"pkcs11:?module-path={P11_KIT_CLIENT}",
                environment={"P11_KIT_SERVER_ADDRESS": f"unix:path={p11_kit_server.socket}"},
                locking=False,
            )
        },
        tokens=softhsm.tokens,
    )


def require_file(require: Require, path: Path) -> None:
    if not path.exists():
        # Says the same as for a program, and skips or fails in the same way.
        require(str(path))


@pytest.fixture
def keys(softhsm: HsmSettings, sqlite: Database, clock: Clock) -> Iterator[Pkcs11KeyStore]:
    store = Pkcs11KeyStore(settings=softhsm, database=sqlite, clock=clock)
    yield store
    store.close()


@pytest.fixture
def make_key(keys: Pkcs11KeyStore) -> Callable[..., SigningKey]:
    """Make an active key in the SoftHSM token ``issuing``."""

    def make(
        algorithm: KeyAlgorithm = KeyAlgorithm.EC_P256, *, may_be_wrapped: bool = False
    ) -> SigningKey:
        return active_key(keys, algorithm, may_be_wrapped=may_be_wrapped)

    return make


def active_key(
    store: Pkcs11KeyStore,
    algorithm: KeyAlgorithm = KeyAlgorithm.EC_P256,
    *,
    may_be_wrapped: bool = False,
) -> SigningKey:
    record = store.generate(
        token="issuing",
        label="test",
        algorithm=algorithm,
        policy=KeyPolicy(may_be_wrapped=may_be_wrapped),
    )
    store.change_state(record.key_id, KeyState.ACTIVE, reason="test")
    return store.signing_key(record.key_id)
