"""``camtrust ca …`` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509

from ca.ceremony.commands import ca_commands
from ca.ceremony.custodians import QuorumMissing
from core.errors import CamtrustError
from hsm.keys import KeyAlgorithm, KeyState
from tests.ca.ceremony.conftest import FOUNDING, HIERARCHY, TWO, World, approve, enrolment, step


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table"
    path.mkdir()
    return path


@pytest.fixture(autouse=True)
def hierarchy_of_the_home(home: Path) -> None:
    (home / "hierarchy.toml").write_text(HIERARCHY)


def run(world: World, *arguments: str) -> Result:
    result = CliRunner().invoke(ca_commands, list(arguments), obj=world)
    if isinstance(result.exception, CamtrustError):
        raise result.exception
    return result


def lay_out(world: World, table: Path, *custodians: str) -> str:
    script = world.script("initial", enrolment() + FOUNDING)
    (table / "founding.toml").write_bytes(script.source)
    for name in custodians:
        (table / f"founding.{name}.sig").write_bytes(approve(script, name).signature)
    return str(table / "founding.toml")


def test_a_ceremony_is_held_from_the_files_on_the_table(world: World, table: Path) -> None:
    result = run(world, "ceremony", lay_out(world, table, *TWO))
    assert result.exit_code == 0
    assert "step 2: create-authority people-1 (log entry" in result.output
    assert "Ceremony initial is complete" in result.output


def test_a_dry_run_prints_the_transcript_and_leaves_no_key(world: World, table: Path) -> None:
    file = lay_out(world, table)
    assert "REHEARSAL" in run(world, "ceremony", file, "--dry-run").output
    document = json.loads(run(world, "ceremony", file, "--dry-run", "--json").output)
    assert [one["act"] for one in document["steps"]][:2] == ["open", "create-authority"]
    assert world.keys.records() == []


def test_without_enough_approvals_on_the_table_it_is_refused(world: World, table: Path) -> None:
    with pytest.raises(QuorumMissing):
        run(world, "ceremony", lay_out(world, table, "custodian-3"))


def test_a_custodian_may_approve_with_a_key_in_a_token(world: World, table: Path) -> None:
    key = world.keys.generate(token="status", label="custodian", algorithm=KeyAlgorithm.EC_P256)
    world.keys.change_state(key.key_id, KeyState.ACTIVE, reason="enrolled")
    file = lay_out(world, table)
    result = run(world, "approve", file, "--custodian", "custodian-9", "--key-id", key.key_id.hex())
    assert "custodian-9 approves initial" in result.output
    assert (table / "founding.custodian-9.sig").read_bytes()[:1] == b"\x30"
    wrong = run(world, "approve", file, "--custodian", "custodian-9", "--key-id", "xyz")
    assert wrong.exit_code == 2


def test_authorities_are_listed_and_shown(founded: World) -> None:
    rows = json.loads(run(founded, "list", "--json").output)
    assert {(one["name"], one["state"]) for one in rows} == {
        ("root-1", "active"), ("people-1", "active"),
    }  # fmt: skip
    assert "(anchor)" in run(founded, "list").output
    details = json.loads(run(founded, "show", "people-1", "--json").output)
    assert details["certificates"][0]["kind"] == "present"
    assert details["key_id"] in run(founded, "show", "people-1").output
    chain = x509.load_pem_x509_certificates(
        run(founded, "show", "people-1", "--chain").output_bytes
    )
    assert chain == founded.authorities.chain("people-1")


def test_ceremonies_are_listed(founded: World) -> None:
    [row] = json.loads(run(founded, "ceremonies", "--json").output)
    assert row["id"] == "initial"
    assert row["transcript_sha256"] in run(founded, "ceremonies").output


def test_a_folder_is_verified_with_exit_code_0_and_a_changed_one_with_1(founded: World) -> None:
    folder = founded.folder("initial")
    good = run(founded, "verify-transcript", str(folder))
    assert good.exit_code == 0
    assert "FAIL" not in good.output
    founded.hold(founded.script("root-crl", step("publish-crl", "root-1")), *TWO)
    later = str(founded.folder("root-crl"))
    against = run(founded, "verify-transcript", later, "--enrolment", str(folder))
    assert "as enrolled earlier" in against.output
    (folder / "transcript.txt").write_text("nothing happened")
    bad = run(founded, "verify-transcript", str(folder), "--json")
    assert bad.exit_code == 1
    assert json.loads(bad.output)["passed"] is False
