"""What `camtrust doctor` and Prometheus are told of time-stamps."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from camtrust.doctor import examine
from camtrust.jobs import scheduled_jobs
from camtrust.wiring import Services
from hsm.keys import KeyState
from signing.timestamps.errors import ClockNotTrusted
from signing.timestamps.kernel_clock import KernelClock, KernelTrust
from tests.conftest import SettableClock


@pytest.fixture
def services(initialised_sqlite: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    clock = SettableClock()
    clock.instant = initialised_sqlite.clock.now()
    initialised_sqlite.clock = clock
    monkeypatch.setattr("signing.timestamps.units.LOOK_AGAIN_SECONDS", 0.0)
    monkeypatch.setattr("hsm.registry.STATE_MEMORY_SECONDS", -1.0)
    return initialised_sqlite


def findings(services: Services) -> dict[str, bool | None]:
    return {one.detail: one.well for one in examine(services) if one.part == "time-stamps"}


def finding(services: Services, begins: str) -> tuple[str, bool | None]:
    [found] = [one for one in findings(services).items() if one[0].startswith(begins)]
    return found


def let_pass(services: Services, **by: float) -> None:
    services.clock.advance(timedelta(**by))  # type: ignore[attr-defined]


def trust(services: Services, state: KernelClock) -> None:
    services.timestamp_wiring.__dict__["clock_trust"] = KernelTrust(
        bound=timedelta(seconds=1), read=lambda: state
    )


def metrics(services: Services) -> str:
    registry = CollectorRegistry()
    registry.register(services.timestamp_wiring.collector)
    return generate_latest(registry).decode()


def test_a_founded_home_says_that_its_clock_is_only_declared_right(services: Services) -> None:
    words, well = finding(services, "clock")

    assert "the settings declare it right; nothing is checked" in words
    assert '`clock = "kernel"`' in words
    assert well is None
    assert finding(services, "main: signs until")[1] is True


def test_a_clock_that_the_kernel_keeps_is_well(services: Services) -> None:
    trust(services, KernelClock(True, False, timedelta(milliseconds=20)))

    assert finding(services, "clock") == (
        "clock: the kernel calls it synchronized, wrong by 0.020 s at most",
        True,
    )


def test_one_that_nobody_keeps_is_a_fault_and_nothing_is_stamped(services: Services) -> None:
    trust(services, KernelClock(False, False, timedelta(seconds=16)))

    words, well = finding(services, "clock")

    assert "not synchronized" in words
    assert well is False
    assert "camtrust_tsa_clock_trusted 0.0" in metrics(services)
    with pytest.raises(ClockNotTrusted):
        services.timestamps.token_for(b"d" * 32, "sha256")


def test_a_unit_that_ends_soon_is_found_until_its_successor_waits(services: Services) -> None:
    let_pass(services, days=340)
    assert finding(services, "main")[1] is False
    assert "has no successor" in finding(services, "main")[0]

    services.timestamp_wiring.renewal.renew_due()

    assert finding(services, "main")[1] is True
    assert "its successor waits" in finding(services, "main")[0]


def test_a_unit_that_cannot_sign_is_found_with_the_cure(services: Services) -> None:
    [one] = services.timestamp_wiring.reports.units()[:1]
    assert one.in_use is not None
    services.keys.change_state(one.in_use.key_id, KeyState.SUSPENDED, reason="a test")

    words, well = finding(services, "main")

    assert well is False
    assert words.endswith("Run `camtrust tsa renew`.")
    assert 'camtrust_tsa_unit_usable{unit="main"} 0.0' in metrics(services)
    assert 'camtrust_tsa_unit_usable{unit="camdx"} 1.0' in metrics(services)


def test_units_are_renewed_by_the_scheduler_unless_the_settings_say_otherwise(
    services: Services,
) -> None:
    names = [one.name for one in scheduled_jobs(services)]
    assert "time-stamping-units" in names

    own = services.settings.tsa.model_copy(update={"renews_itself": False})
    services.__dict__["settings"] = services.settings.model_copy(update={"tsa": own})

    assert "time-stamping-units" not in [one.name for one in scheduled_jobs(services)]


def test_in_production_the_kernel_is_asked_by_default(services: Services) -> None:
    production = services.settings.ca.model_copy(update={"production": True})
    services.__dict__["settings"] = services.settings.model_copy(update={"ca": production})

    assert isinstance(services.timestamp_wiring.clock_trust, KernelTrust)
