"""A wrong PIN must not be tried until the hardware locks itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from camtrust.wiring import Services
from hsm.cryptoki import LockingCryptoki
from hsm.errors import WrongPin
from hsm.pin import REFUSED_PIN_SECONDS, Pin, PinSource


def test_probes_of_strangers_do_not_use_up_the_tries_of_a_token(
    initialised_sqlite: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    # /readyz is open to all, and every probe asks each token's canary to sign.
    tries = []
    log_in = LockingCryptoki.log_in

    def count(self: Any, token: Any, pin: str, **options: Any) -> Any:
        tries.append(token.label)
        return log_in(self, token, pin, **options)

    file = initialised_sqlite.home / "pins" / "issuing"
    right = file.read_text()
    file.write_text("not-the-pin\n")
    initialised_sqlite.close()
    fresh = Services(home=initialised_sqlite.home)
    monkeypatch.setattr(LockingCryptoki, "log_in", count)
    try:
        for _probe in range(8):
            with pytest.raises(WrongPin):
                fresh.keys.check_canary()
        assert tries.count("issuing") == 1
        file.write_text(right)
        fresh.keys.check_canary()
        assert tries.count("issuing") == 2
    finally:
        fresh.close()


def test_a_refused_pin_is_tried_again_in_the_end(tmp_path: Path) -> None:
    # The token, and not the PIN, may have been the wrong one.
    now = [0.0]
    file = tmp_path / "issuing"
    file.touch(mode=0o600)
    file.write_text("482913\n")
    source = PinSource(file=Path("issuing"))
    pin = Pin(source=source, token="issuing", home=tmp_path, monotonic=lambda: now[0])
    pin.forget(pin.fetch())
    with pytest.raises(WrongPin):
        pin.fetch()
    now[0] = REFUSED_PIN_SECONDS
    assert pin.fetch() == "482913"
