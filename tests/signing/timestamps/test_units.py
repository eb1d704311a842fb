"""Only units in use sign; successors are certified in time and wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ca.revocation.reasons import RevocationReason
from camtrust.wiring import Services
from hsm.keys import KeyState
from signing.service_keys.certificates import ServiceCertificate
from signing.timestamps.definitions import BY_NAME, UNITS
from signing.timestamps.errors import UnitMissing
from tests.signing.timestamps.queries import query, read


class MovingClock:
    """The machine's time, moved by the test."""

    def __init__(self) -> None:
        self.by = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.by


@pytest.fixture
def moving(initialised_sqlite: Services, monkeypatch: pytest.MonkeyPatch) -> MovingClock:
    clock = MovingClock()
    initialised_sqlite.clock = clock
    # Nothing is remembered from one question to the next.
    monkeypatch.setattr("signing.timestamps.units.LOOK_AGAIN_SECONDS", 0.0)
    monkeypatch.setattr("hsm.registry.STATE_MEMORY_SECONDS", -1.0)
    return clock


def certificates(services: Services, unit: str = "main") -> list[ServiceCertificate]:
    return services.timestamp_wiring.units.certificates(BY_NAME[unit])


def signer_of(services: Services, unit: str = "main") -> int:
    reply = read(services.timestamps.answer(query(), unit=unit).response_der)
    assert reply.status == "granted", reply.words
    [signer] = reply.signed_data["signer_infos"]
    number: int = signer["sid"].chosen["serial_number"].native
    return number


def failures(services: Services, unit: str = "main") -> set[str]:
    return read(services.timestamps.answer(query(), unit=unit).response_der).failures


def key_states(services: Services, unit: str = "main") -> list[KeyState]:
    label = BY_NAME[unit].label
    return [one.state for one in services.keys.records() if one.label.startswith(label)]


def test_a_founded_home_has_both_units_and_nothing_is_due(initialised: Services) -> None:
    services = initialised

    assert [len(certificates(services, one.name)) for one in UNITS] == [1, 1]
    assert services.timestamp_wiring.renewal.renew_due() == []
    assert {signer_of(services, one.name) for one in UNITS} == {
        certificates(services, one.name)[0].certificate.serial_number for one in UNITS
    }


def test_the_key_is_used_for_a_year_of_the_certificates_three(
    initialised_sqlite: Services, unit: str
) -> None:
    [one] = certificates(initialised_sqlite, unit)

    assert one.ends - one.begins == timedelta(days=365)
    lifetime = one.certificate.not_valid_after_utc - one.certificate.not_valid_before_utc
    assert timedelta(days=1094) < lifetime <= timedelta(days=1095)


def test_a_successor_is_certified_a_month_ahead_and_waits_for_the_end_of_the_first(
    initialised_sqlite: Services, moving: MovingClock, unit: str
) -> None:
    services = initialised_sqlite
    [first] = certificates(services, unit)
    moving.by = timedelta(days=334)
    assert services.timestamp_wiring.renewal.renew_due() == []
    moving.by = timedelta(days=336)

    assert set(services.timestamp_wiring.renewal.renew_due()) == {"main", "camdx"}
    assert services.timestamp_wiring.renewal.renew_due() == []

    serials = [one.certificate.serial_number for one in certificates(services, unit)]
    assert serials[0] == first.certificate.serial_number == signer_of(services, unit)
    assert len(serials) == 2
    moving.by = timedelta(days=366)
    assert signer_of(services, unit) == serials[1]
    services.timestamp_wiring.renewal.renew_due()
    assert key_states(services, unit) == [KeyState.DESTROYED, KeyState.ACTIVE]


def test_when_the_use_of_the_key_has_ended_nothing_is_stamped(
    initialised_sqlite: Services, moving: MovingClock, unit: str
) -> None:
    services = initialised_sqlite
    signer_of(services, unit)
    moving.by = timedelta(days=366)

    assert failures(services, unit) == {"system_failure"}
    with pytest.raises(UnitMissing):
        services.timestamps.token_for(b"d" * 32, "sha256", unit=unit)
    assert services.timestamp_wiring.renewal.renew_due()
    signer_of(services, unit)


def test_a_unit_in_use_is_not_used_a_moment_longer_for_being_remembered(
    initialised_sqlite: Services, moving: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = initialised_sqlite
    monkeypatch.setattr("signing.timestamps.units.LOOK_AGAIN_SECONDS", 3600.0)
    signer_of(services)

    moving.by = timedelta(days=366)

    assert failures(services) == {"system_failure"}


def test_a_suspended_key_signs_nothing_until_it_is_active_again(
    initialised_sqlite: Services, moving: MovingClock
) -> None:
    services = initialised_sqlite
    first = signer_of(services)
    [one] = certificates(services)
    services.keys.change_state(one.key_id, KeyState.SUSPENDED, reason="a test")

    assert failures(services) == {"system_failure"}

    services.keys.change_state(one.key_id, KeyState.ACTIVE, reason="a test")
    assert signer_of(services) == first


@pytest.mark.parametrize("state", [KeyState.SUSPENDED, KeyState.DEACTIVATED, KeyState.COMPROMISED])
def test_a_unit_without_its_key_is_replaced(
    initialised_sqlite: Services, moving: MovingClock, state: KeyState
) -> None:
    services = initialised_sqlite
    first = signer_of(services)
    [one] = certificates(services)
    services.keys.change_state(one.key_id, state, reason="a test")
    assert failures(services) == {"system_failure"}

    assert services.timestamp_wiring.renewal.renew_due() == ["main"]

    assert signer_of(services) != first


def test_a_revoked_unit_signs_nothing_and_is_replaced(
    initialised_sqlite: Services, moving: MovingClock
) -> None:
    services = initialised_sqlite
    first = signer_of(services)
    services.revocation.revoke(serial_number=first, reason=RevocationReason.KEY_COMPROMISE)

    assert failures(services) == {"system_failure"}

    assert services.timestamp_wiring.renewal.renew_due() == ["main"]
    assert signer_of(services) != first
    assert key_states(services) == [KeyState.DESTROYED, KeyState.ACTIVE]


def test_what_a_crash_left_between_key_and_certificate_is_cleared_away(
    initialised_sqlite: Services, moving: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, renewal = initialised_sqlite, initialised_sqlite.timestamp_wiring.renewal
    moving.by = timedelta(days=340)

    class Killed(BaseException):
        pass

    def die(*_arguments: object, **_named: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(renewal._issuance, "issue", die)
        with pytest.raises(Killed):
            renewal.renew("main")
    assert renewal.renew("main")

    assert key_states(services) == [KeyState.ACTIVE, KeyState.DESTROYED, KeyState.ACTIVE]
    assert len(certificates(services)) == 2


def test_while_another_process_certifies_a_unit_nobody_else_does(
    initialised_sqlite: Services, moving: MovingClock
) -> None:
    services, renewal = initialised_sqlite, initialised_sqlite.timestamp_wiring.renewal
    moving.by = timedelta(days=340)
    services.leases.take(
        "service-key:time-stamping:main", holder="another", duration=timedelta(minutes=5)
    )

    assert not renewal.renew("main")

    assert len(certificates(services)) == 1
