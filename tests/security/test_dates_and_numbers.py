"""Dates and numbers at the ends of what can be written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from ca.revocation.errors import InvalidityDateRefused, SelectionRefused
from ca.revocation.reasons import RevocationReason
from ca.revocation.selection import parse_selection
from camtrust.wiring import Services
from enrollment.certificate_commands import show_certificate
from enrollment.messages import RevocationMessage

Ask = Callable[..., Any]


@pytest.mark.parametrize("year", [1, 999, 9999])
def test_no_invalidity_date_holds_up_the_crls_of_a_shard(
    initialised_sqlite: Services, ask: Ask, year: int
) -> None:
    # Year 1 would be written with one digit: no GeneralizedTime, and so no CRL.
    services = initialised_sqlite
    issued = services.issuance.issue(ask("sensor-1"))
    with pytest.raises(InvalidityDateRefused):
        services.revocation.revoke(
            serial_number=issued.serial_number,
            reason=RevocationReason.KEY_COMPROMISE,
            invalidity_date=datetime(year, 1, 1, tzinfo=UTC),
        )
    services.crls.issue(issued.authority, issued.serial_number % 16)


def test_a_later_compromise_has_no_date_in_the_future(
    initialised_sqlite: Services, ask: Ask
) -> None:
    services = initialised_sqlite
    number = services.issuance.issue(ask("sensor-1")).serial_number
    services.revocation.revoke(serial_number=number, reason=RevocationReason.SUPERSEDED)
    with pytest.raises(InvalidityDateRefused):
        services.revocation.revoke(
            serial_number=number,
            reason=RevocationReason.KEY_COMPROMISE,
            invalidity_date=services.clock.now() + timedelta(days=1),
        )


def test_a_mass_revocation_with_a_date_in_the_future_is_never_a_job(
    initialised_sqlite: Services,
) -> None:
    with pytest.raises(InvalidityDateRefused):
        initialised_sqlite.mass_revocation.propose(
            parse_selection(["profile=device"]),
            reason=RevocationReason.KEY_COMPROMISE,
            officer="clerk",
            justification="A batch of devices was stolen.",
            invalidity_date=datetime.now(UTC) + timedelta(days=1),
        )
    assert initialised_sqlite.mass_revocation.open_jobs() == []


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_an_instant_that_utc_has_not_is_refused(instant: str) -> None:
    with pytest.raises(ValueError, match="years"):
        RevocationMessage.model_validate({"reason": "keyCompromise", "invalidity_date": instant})
    with pytest.raises(SelectionRefused):
        parse_selection([f"issued-from={instant}"])


@pytest.mark.parametrize("serial", ["f" * 60, "-5", "0"])
def test_a_number_that_is_no_serial_number_is_wrong_usage(
    initialised_sqlite: Services, serial: str
) -> None:
    ended = CliRunner().invoke(show_certificate, ["--", serial], obj=initialised_sqlite)
    assert ended.exit_code == 2, ended.output
