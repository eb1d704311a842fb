"""The commands of ``camtrust log``, but for ``verify`` (test_proof)."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Connection

from core.database import Database
from core.transparency.commands import log as commands
from core.transparency.cosignature import cosigner_key
from core.transparency.entry import LogEntry
from core.transparency.errors import LogUnavailable
from core.transparency.log import TransparencyLog
from core.transparency.proof import LogProof, verify_proof
from core.transparency.settings import LogSettings
from tests.conftest import SettableClock
from tests.core.transparency.doubles import WITNESS, SoftwareSigner, append, entry, forget


class Services(SimpleNamespace):
    """What the wiring offers, with parts in memory."""

    replayed: list[int]

    def replay_entry(self, connection: Connection, index: int, entry: LogEntry) -> None:
        self.replayed.append(index)


@pytest.fixture
def services(
    sqlite: Database, sqlite_log: TransparencyLog, settings: LogSettings, clock: SettableClock
) -> Services:
    return Services(
        database=sqlite,
        log=sqlite_log,
        log_settings=settings,
        clock=clock,
        witness_signer=SoftwareSigner(WITNESS, 7),
        acts_views=(),
        replayed=[],
    )


def _run(services: Services, *arguments: str) -> Result:
    return CliRunner().invoke(commands, list(arguments), obj=services)


def test_the_keys_are_printed_for_those_who_verify(services: Services) -> None:
    assert _run(services, "key").output.strip() == services.log.key.vkey()
    witness = json.loads(_run(services, "key", "--witness", "--json").output)
    assert witness["vkey"] == cosigner_key(services.witness_signer).vkey()


def test_status_tells_what_is_stored_and_published(services: Services, sqlite: Database) -> None:
    append(services.log, sqlite, 3)
    assert json.loads(_run(services, "status", "--json").output) == {
        "origin": services.log.key.name,
        "stored": 3,
        "published": 0,
        "witnessed": 0,
    }
    assert "stored     3" in _run(services, "status").output


def test_publish_prints_the_checkpoint(services: Services, sqlite: Database) -> None:
    append(services.log, sqlite, 3)
    result = _run(services, "publish")
    assert result.exit_code == 0
    assert result.output.encode() == services.log.published.checkpoint().encode()


def test_a_proof_is_written_that_verifies(
    services: Services, sqlite: Database, tmp_path: Path
) -> None:
    append(services.log, sqlite, 3)
    services.log.publish()
    out = tmp_path / "entry.tlog-proof"
    assert _run(services, "proof", "2", "--out", str(out)).exit_code == 0
    assert _run(services, "proof", "2").output == out.read_text("utf-8")
    proven = verify_proof(LogProof.parse(out.read_bytes()), services.log.key)
    assert proven.entry == entry(2)
    assert _run(services, "proof", "3").exit_code == 1


def test_the_monitor_ends_with_1_when_it_found_something(
    services: Services, sqlite: Database
) -> None:
    append(services.log, sqlite, 3)
    services.log.publish()
    result = _run(services, "monitor")
    assert result.exit_code == 0
    assert "No fault found." in result.output
    forget(sqlite, 2)
    result = _run(services, "monitor", "--json")
    assert result.exit_code == 1
    assert json.loads(result.output)["findings"][0]["kind"] == "entry-not-stored"


def test_a_restored_database_catches_up(services: Services, sqlite: Database) -> None:
    append(services.log, sqlite, 5)
    services.log.publish()
    forget(sqlite, 3)
    assert "2 entries" in _run(services, "catch-up").output
    assert services.replayed == [3, 4]


def test_rebuilding_asks_first_and_refuses_while_files_are_there(
    services: Services, sqlite: Database
) -> None:
    append(services.log, sqlite, 5)
    assert "Aborted" in _run(services, "rebuild").output
    assert services.log.published.checkpoint() is None
    assert _run(services, "rebuild", "--yes").exit_code == 0
    refused = _run(services, "rebuild", "--yes")
    assert refused.exit_code == 1
    assert isinstance(refused.exception, LogUnavailable)


def test_without_witnesses_nobody_is_asked(services: Services, sqlite: Database) -> None:
    append(services.log, sqlite, 5)
    services.log.publish()
    result = _run(services, "cosign")
    assert result.exit_code == 0
    assert "No witness" in result.output


def test_an_absent_witness_ends_cosigning_with_1(
    services: Services, sqlite: Database, settings: LogSettings, clock: SettableClock
) -> None:
    vkey = cosigner_key(services.witness_signer).vkey()
    witnesses = [{"vkey": vkey, "url": "http://127.0.0.1:1/"}]
    watched = LogSettings.model_validate({**settings.model_dump(), "witnesses": witnesses})
    services.log = TransparencyLog(
        database=sqlite, settings=watched, signer=SoftwareSigner(), clock=clock
    )
    append(services.log, sqlite, 5)
    services.log.publish()
    result = _run(services, "cosign", "--json")
    assert result.exit_code == 1
    assert "does not answer" in json.loads(result.output)["witnesses"][WITNESS]
