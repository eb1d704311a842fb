"""No PIN and no private key lies anywhere but where it belongs."""

from __future__ import annotations

import os
from pathlib import Path

from hsm.keys import KeyAlgorithm
from hsm.store import Pkcs11KeyStore
from tests.hsm.conftest import active_key

# RFC 5915 and RFC 8017: how private keys begin in DER. RFC 7468: their PEM labels.
P256_PRIVATE_KEY = bytes.fromhex("30770201010420")
PEM = b"PRIVATE KEY-----"


def everything_outside_the_tokens(home: Path, database: Path) -> dict[Path, bytes]:
    files = [
        path
        for path in [*home.rglob("*"), *database.parent.glob(database.name + "*")]
        if path.is_file() and not path.is_relative_to(home / "tokens")
    ]
    return {path: path.read_bytes() for path in files}


def test_no_pin_and_no_private_key_lies_outside_the_tokens(
    keys: Pkcs11KeyStore, home: Path, sqlite_url: str
) -> None:
    active_key(keys).sign(b"message")
    key = active_key(keys, may_be_wrapped=True)
    keys.back_up(key.key_id)
    keys.generate_wrapped(label="wrapped", algorithm=KeyAlgorithm.EC_P256)
    pins = [path.read_bytes().strip() for path in (home / "pins").iterdir()]
    found = everything_outside_the_tokens(home, Path(sqlite_url.removeprefix("sqlite:///")))
    assert len(found) > len(pins)
    for path, content in found.items():
        assert P256_PRIVATE_KEY not in content
        assert PEM not in content
        if path.parent != home / "pins":
            assert not any(pin in content for pin in pins), path


def test_no_pin_stands_in_the_process_s_arguments_or_environment(
    keys: Pkcs11KeyStore, home: Path
) -> None:
    active_key(keys).sign(b"message")
    pins = [path.read_bytes().strip() for path in (home / "pins").iterdir()]
    seen = Path("/proc/self/cmdline").read_bytes() + "\0".join(os.environ.values()).encode()
    seen += Path("/proc/self/environ").read_bytes()
    assert not any(pin in seen for pin in pins)
