"""`camtrust ocsp compact` says what it came to, and refuses where there is no file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from camtrust.wiring import Services
from ocsp.stored.commands import NothingToCompact, compact_command
from ocsp.stored.record import encode_version


def test_a_file_is_compacted_and_what_it_came_to_is_told(home: Path) -> None:
    services = Services(home=home)
    services.answer_store.write(
        [(b"tag1" + os.urandom(20), encode_version(1) + bytes(170)) for _ in range(2_000)]
    )
    told = CliRunner().invoke(compact_command, ["--json"], obj=services, catch_exceptions=False)
    facts = json.loads(told.stdout)
    assert facts["records"] == 2_000
    assert facts["octets_before"] > facts["octets_after"]
    assert facts["octets_per_record"] == round(facts["octets_after"] / 2_000, 1)
    again = CliRunner().invoke(compact_command, [], obj=services, catch_exceptions=False)
    assert again.stdout.startswith(f"2000 records: {facts['octets_after']} octets before, ")
    services.close()


def test_redis_is_not_compacted(home: Path, redis_prefix: str) -> None:
    (home / "camtrust.toml").write_text(
        f'[ocsp.answers]\nstore = "redis"\nredis_prefix = "{redis_prefix}"\n'
    )
    services = Services(home=home)
    with pytest.raises(NothingToCompact):
        CliRunner().invoke(compact_command, [], obj=services, catch_exceptions=False)
    services.close()
