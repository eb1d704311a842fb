"""What `camtrust doctor` says of CRLs, and what Prometheus is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from camtrust.app import create_app
from camtrust.doctor import examine
from camtrust.listeners import Listener
from camtrust.web_parts import app_parts
from camtrust.wiring import Services
from tests.conftest import SettableClock


def findings(services: Services) -> list[str]:
    return [one.detail for one in examine(services) if one.part == "CRLs" and not one.is_well]


@pytest.fixture
def services(initialised_sqlite: Services) -> Services:
    """A home whose clock a test moves, with every CRL that is due."""
    clock = SettableClock()
    clock.instant = initialised_sqlite.clock.now()
    initialised_sqlite.clock = clock
    initialised_sqlite.crls.issue_due()
    return initialised_sqlite


def let_pass(services: Services, **by: float) -> None:
    services.clock.advance(timedelta(**by))  # type: ignore[attr-defined]


def test_a_home_whose_crls_are_fresh_has_no_finding(services: Services) -> None:
    assert findings(services) == []


def test_overdue_crls_are_found_while_the_old_ones_still_hold(services: Services) -> None:
    let_pass(services, hours=25)

    [complete, delta] = [one for one in findings(services) if one.startswith("people-1")]

    assert complete.startswith("people-1: shard 0, 1, 2, 3 and 12 more overdue since")
    assert complete.endswith("UTC (complete)")
    assert delta.endswith("(delta)")
    assert "over (" not in complete
    let_pass(services, hours=48)
    assert "which is over (complete)" in " ".join(findings(services))


def test_a_clock_that_ran_ahead_is_found_with_what_to_do(services: Services) -> None:
    let_pass(services, days=30)
    services.crls.issue("people-1", 3)
    let_pass(services, days=-30)

    [finding] = findings(services)

    assert finding.startswith("people-1: shard 3 dated in the future")
    assert "camtrust crl redate" in finding
    services.crl_redating.redate("people-1", 3)
    services.crls.issue_due()
    assert findings(services) == []


def test_the_numbers_are_under_metrics(services: Services) -> None:
    let_pass(services, hours=25)
    client = create_app(app_parts(services), Listener.PUBLIC).test_client()

    text = client.get("/metrics").get_data(as_text=True)

    assert 'camtrust_crls_overdue{authority="people-1",kind="complete"} 16.0' in text
    assert 'camtrust_crl_next_update_timestamp_seconds{authority="root-1",kind="complete"}' in text
