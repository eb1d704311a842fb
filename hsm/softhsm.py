"""Development tokens in SoftHSM: for tests and for one machine, never for a production key."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from pkcs11 import Slot, TokenFlag
from pkcs11.exceptions import PKCS11Error

from core.settings import SettingsRefused
from hsm.cryptoki import CKU_SO, LockingCryptoki
from hsm.errors import TokenUnavailable
from hsm.module import Module
from hsm.modules import close_module, open_module
from hsm.pin import PinSource
from hsm.settings import DEFAULT_TOKENS, ESCROW_TOKEN, HsmSettings, ModuleSettings, TokenSettings
from hsm.softhsm_mending import TOKENS_FOLDER

CONFIGURATION_FILE = "softhsm2.conf"
PINS_FOLDER = "pins"
# Where distributions put it.
MODULE_PATHS = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
_PIN_OCTETS = 16
# In development these tokens are at hand; they are marked offline so that nothing waits for them.
_OFFLINE_TOKENS = {"root", ESCROW_TOKEN}


def module_path() -> str:
    """Return where SoftHSM is. Raises SettingsRefused when it is not installed."""
    for path in MODULE_PATHS:
        if Path(path).exists():
            return path
    raise SettingsRefused("SoftHSM is not installed: install the Debian package softhsm2.")


def development_settings(home: Path) -> HsmSettings:
    """Return the settings of the development tokens in ``home``.

    They are the default tokens and whatever else :func:`provision` made there.
    """
    made = {path.name for path in (home / PINS_FOLDER).glob("*") if path.suffix != ".so-pin"}
    names = [*DEFAULT_TOKENS, *sorted(made - set(DEFAULT_TOKENS))]
    return HsmSettings(
        home=home,
        modules={
            "softhsm": ModuleSettings(
                uri=f"pkcs11:?module-path={quote(module_path())}",
                environment={"SOFTHSM2_CONF": str(home / CONFIGURATION_FILE)},
            )
        },
        tokens={name: _token_settings(name) for name in names},
    )


def provision(home: Path, tokens: Iterable[str] = DEFAULT_TOKENS) -> None:
    """Make the development tokens that are missing, each with a random PIN in a file of its own.

    Writes ``softhsm2.conf``, ``tokens/`` and ``pins/`` in ``home``; what exists is kept.
    Raises TokenUnavailable or SettingsRefused.
    """
    home = home.absolute()
    for folder in (home / TOKENS_FOLDER, home / PINS_FOLDER):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write_configuration(home)
    settings = development_settings(home).modules["softhsm"]
    module = open_module(settings, dict(settings.environment))
    try:
        for name in tokens:
            _provision_token(module, home / PINS_FOLDER, name)
    finally:
        close_module(settings)


def _token_settings(name: str) -> TokenSettings:
    return TokenSettings(
        uri=f"pkcs11:token={name};model=SoftHSM%20v2?module-name=softhsm",
        pin=PinSource(file=Path(PINS_FOLDER) / name),
        offline=name in _OFFLINE_TOKENS,
    )


def _write_configuration(home: Path) -> None:
    path = home / CONFIGURATION_FILE
    text = (
        f"directories.tokendir = {home / TOKENS_FOLDER}\n"
        "objectstore.backend = file\n"
        "log.level = ERROR\n"
        "slots.removable = false\n"
    )
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def _provision_token(module: Module, pins: Path, name: str) -> None:
    with module.use() as library:
        assert isinstance(library, LockingCryptoki)  # noqa: S101 - as development_settings asks
        slots = library.get_slots(token_present=True)
        labels = {slot.get_token().label for slot in slots}
        if name in labels:
            return
        try:
            _initialize(library, slots, pins, name)
        except PKCS11Error as error:
            raise TokenUnavailable(f"SoftHSM does not make a token {name}.") from error


def _initialize(library: LockingCryptoki, slots: list[Slot], pins: Path, name: str) -> None:
    # SoftHSM always offers one slot more, with a token not yet initialised in it.
    blank = [slot for slot in slots if not _is_initialized(slot)][-1]
    so_pin, user_pin = secrets.token_hex(_PIN_OCTETS), secrets.token_hex(_PIN_OCTETS)
    # The PIN first: a token whose PIN nobody knows is worse than a PIN without a token.
    _write_secret(pins / name, user_pin)
    _write_secret(pins / f"{name}.so-pin", so_pin)
    library.init_token(blank.slot_id, so_pin, name)
    token = library.get_token(token_label=name)
    session = library.log_in(token, so_pin, user=CKU_SO, rw=True)
    try:
        session.init_pin(user_pin)
    finally:
        session.close()


def _is_initialized(slot: Slot) -> bool:
    flags = slot.get_token().flags
    return bool(flags & TokenFlag.TOKEN_INITIALIZED)


def _write_secret(path: Path, secret: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret + "\n")
