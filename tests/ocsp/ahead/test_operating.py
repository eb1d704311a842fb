"""What operators see of signing ahead: commands, findings and metrics."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, generate_latest
from sqlalchemy import update

from camtrust.status_findings import ahead_findings
from ocsp.ahead.metrics import AheadCollector
from ocsp.models import signing_ranges
from ocsp.stored.heartbeat import write_heartbeat

if TYPE_CHECKING:
    from camtrust.wiring import Services


def run(services: Services, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = "from camtrust.cli import main; main()"
    home = ["--home", str(services.home)]
    return subprocess.run(
        [sys.executable, "-c", program, "ocsp", *arguments, *home], capture_output=True, text=True
    )


def facts(services: Services) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(run(services, "stored", "--json").stdout)
    return said


def findings(services: Services) -> dict[bool | None, list[str]]:
    found: dict[bool | None, list[str]] = {True: [], False: [], None: []}
    for detail, well in ahead_findings(services):
        found[well].append(detail)
    return found


def metrics(services: Services) -> str:
    registry = CollectorRegistry()
    registry.register(AheadCollector(lambda: services.ahead.reports, services.clock))
    return generate_latest(registry).decode()


def late(services: Services, ranges: int = 3, **values: Any) -> None:
    with services.database.begin() as connection:
        connection.execute(
            update(signing_ranges)
            .where(signing_ranges.c.authority == "people-1", signing_ranges.c.number < ranges)
            .values(**values)
        )


def test_before_anything_is_signed_that_is_a_note_and_no_fault(
    initialised_sqlite: Services,
) -> None:
    assert facts(initialised_sqlite)["store"] is None
    assert "nothing is signed ahead yet" in findings(initialised_sqlite)[None][0]
    assert not findings(initialised_sqlite)[False]


def test_two_workers_sign_everything_and_say_how_much(initialised: Services) -> None:
    done = run(initialised, "sign-ahead", "--once", "--workers", "2", "--json")
    assert done.returncode == 0, done.stderr
    signed = json.loads(done.stdout)["certificates"]
    said = facts(initialised)
    assert signed == said["certificates"] > 0
    assert {one["not_signed"] for one in said["authorities"].values()} == {0}
    assert "people-1: all hold until" in run(initialised, "stored").stdout
    # Nothing is due: a second run has nothing to do.
    again = run(initialised, "sign-ahead", "--once", "--json")
    assert json.loads(again.stdout)["certificates"] == 0
    assert not findings(initialised)[False]


def test_ranges_that_are_late_are_a_finding_and_a_number_long_before_answers_end(
    initialised_sqlite: Services,
) -> None:
    services = initialised_sqlite
    assert run(services, "sign-ahead", "--once").returncode == 0
    now = services.clock.now()
    late(services, due_at=now - timedelta(hours=13))

    [finding] = findings(services)[False]
    assert finding.startswith("people-1: 3 of 64 ranges were not signed again in time")
    text = metrics(services)
    assert 'camtrust_ocsp_ranges_overdue{authority="people-1"} 3.0' in text
    assert 'camtrust_ocsp_ranges_overdue{authority="camdx-1"} 0.0' in text

    late(services, due_at=now + timedelta(hours=1), holds_until=now + timedelta(hours=11))
    [finding] = findings(services)[False]
    assert "the first answers hold until" in finding
    [line] = [
        one
        for one in metrics(services).splitlines()
        if one.startswith('camtrust_ocsp_oldest_answer_holds_seconds{authority="people-1"}')
    ]
    assert 0 < float(line.rpartition(" ")[2]) <= 11 * 3600


def test_what_cannot_be_signed_is_named_and_kept_for_later(initialised_sqlite: Services) -> None:
    services = initialised_sqlite
    assert run(services, "sign-ahead", "--once").returncode == 0
    late(services, 64, due_at=services.clock.now(), signed_since=None)
    tokens = services.home / "tokens"
    tokens.rename(services.home / "tokens-away")

    refused = run(services, "sign-ahead", "--once", "--authority", "people-1")
    assert refused.returncode == 1
    assert "people-1" in refused.stderr
    assert "Traceback" not in refused.stderr

    (services.home / "tokens-away").rename(tokens)
    late(services, 64, lease_until=None)
    assert run(services, "sign-ahead", "--once").returncode == 0


def test_a_heartbeat_from_the_future_does_not_hide_that_nobody_follows(
    initialised_sqlite: Services,
) -> None:
    services = initialised_sqlite
    assert run(services, "sign-ahead", "--once").returncode == 0
    soon = services.clock.now() + timedelta(hours=3)
    write_heartbeat(services.answer_store, soon.timestamp())
    assert any("nobody follows the log" in one for one in findings(services)[None])


def test_a_name_that_no_authority_has_is_refused(initialised_sqlite: Services) -> None:
    refused = run(initialised_sqlite, "sign-ahead", "--once", "--authority", "nobody-1")
    assert refused.returncode == 1
    assert "There is no authority nobody-1." in refused.stderr
