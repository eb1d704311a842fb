"""A PIN is read from its place, used to log in, and shown nowhere."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.clock import Clock
from core.database import Database
from hsm.errors import PinMissing, WrongPin
from hsm.keys import KeyAlgorithm
from hsm.pin import Pin, PinSource
from hsm.settings import HsmSettings
from hsm.store import Pkcs11KeyStore
from tests.hsm.conftest import active_key

WRONG = "wrong-482913-wrong"


@pytest.fixture
def store(softhsm: HsmSettings, sqlite: Database, clock: Clock) -> Iterator[Pkcs11KeyStore]:
    store = Pkcs11KeyStore(settings=softhsm, database=sqlite, clock=clock)
    yield store
    store.close()


def source(home: Path, **where: object) -> Pin:
    return Pin(source=PinSource.model_validate(where), token="issuing", home=home)


def test_a_file_gives_the_pin_without_its_line_end(home: Path) -> None:
    (home / "pin").write_text("482913\n")
    (home / "pin").chmod(0o600)
    assert source(home, file="pin").fetch() == "482913"


def test_a_file_that_others_can_read_is_refused(home: Path) -> None:
    (home / "pin").write_text("482913\n")
    (home / "pin").chmod(0o640)
    with pytest.raises(PinMissing, match="mode 600") as refusal:
        source(home, file="pin").fetch()
    assert "482913" not in str(refusal.value)


def test_an_environment_variable_gives_the_pin(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISSUING_PIN", "482913")
    assert source(home, environment="ISSUING_PIN").fetch() == "482913"


def test_a_prompt_is_shown_once_for_each_pin_until_the_token_refuses_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter(["482913", "555555"])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(typed))
    pin = source(home, prompt=True)
    assert [pin.fetch(), pin.fetch()] == ["482913", "482913"]
    pin.forget("482913")
    assert pin.fetch() == "555555"


@pytest.mark.parametrize("where", [{"file": "missing"}, {"environment": "NOT_SET_ANYWHERE"}])
def test_a_missing_pin_is_said(home: Path, where: dict[str, str]) -> None:
    with pytest.raises(PinMissing):
        source(home, **where).fetch()


def test_a_wrong_pin_is_refused_and_the_right_one_works_afterwards(
    home: Path, store: Pkcs11KeyStore
) -> None:
    file = home / "pins" / "issuing"
    right = file.read_text()
    file.write_text(WRONG)
    for _ in range(3):
        with pytest.raises(WrongPin):
            store.generate(token="issuing", label="x", algorithm=KeyAlgorithm.EC_P256)
    file.write_text(right)
    assert active_key(store).sign(b"message")


def test_a_wrong_pin_through_p11_kit_leaves_nothing_open(
    home: Path, p11_kit: HsmSettings, sqlite: Database, clock: Clock
) -> None:
    store = Pkcs11KeyStore(settings=p11_kit, database=sqlite, clock=clock)
    file = home / "pins" / "issuing"
    right = file.read_text()
    file.write_text(WRONG)
    with pytest.raises(WrongPin):
        store.generate(token="issuing", label="x", algorithm=KeyAlgorithm.EC_P256)
    file.write_text(right)
    assert active_key(store).sign(b"message")
    store.close()


def everything_seen_of(thing: object, depth: int = 6) -> str:
    """The repr of an object and of all that hangs on it."""
    seen = [repr(thing), str(thing)]
    if depth:
        values = [getattr(thing, name, None) for name in getattr(thing, "__slots__", ())]
        for value in [*getattr(thing, "__dict__", {}).values(), *values]:
            seen.append(everything_seen_of(value, depth - 1))
    return "\n".join(seen)


def test_no_pin_stands_in_a_repr_a_log_or_a_traceback(
    home: Path, store: Pkcs11KeyStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    pins = [path.read_text().strip() for path in (home / "pins").iterdir()] + [WRONG]
    active_key(store)
    (home / "pins" / "operations").write_text(WRONG)
    with pytest.raises(WrongPin) as refusal:
        store.check_canary()
    error: BaseException | None = refusal.value
    said = [caplog.text, everything_seen_of(store, depth=5), repr(store.settings)]
    while error is not None:
        said += [repr(error), str(vars(error)), *traceback.format_exception(error)]
        error = error.__cause__ or error.__context__
    for pin in pins:
        assert pin not in "\n".join(said)
