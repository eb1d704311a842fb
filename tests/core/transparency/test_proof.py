"""Proofs that verify by themselves, and the command that verifies them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from core.database import Database
from core.errors import CamtrustError
from core.transparency.checkpoint import Checkpoint
from core.transparency.commands import log as commands
from core.transparency.cosignature import cosign, cosigner_key
from core.transparency.errors import NoteMalformed, NotProven
from core.transparency.log import TransparencyLog
from core.transparency.notes import VerifierKey, encode_base64
from core.transparency.proof import LogProof, verify_proof
from tests.conftest import SettableClock
from tests.core.transparency.doubles import ORIGIN, WITNESS, SoftwareSigner, append, entry

WITNESS_SIGNER = SoftwareSigner(WITNESS, 7)


@pytest.fixture
def proven_log(sqlite_log: TransparencyLog, sqlite: Database) -> TransparencyLog:
    append(sqlite_log, sqlite, 600)
    sqlite_log.publish()
    return sqlite_log


@pytest.fixture
def proof_file(proven_log: TransparencyLog, tmp_path: Path) -> Path:
    path = tmp_path / "entry.tlog-proof"
    path.write_text(proven_log.proof(300), "utf-8")
    return path


def _verify(*arguments: str | Path) -> Result:
    return CliRunner().invoke(commands, ["verify", *map(str, arguments)])


def test_every_entry_has_a_proof_that_verifies(proven_log: TransparencyLog) -> None:
    for index in (0, 1, 255, 256, 511, 512, 599):
        proof = LogProof.parse(proven_log.proof(index).encode())
        proven = verify_proof(proof, proven_log.key)
        assert (proven.index, proven.entry) == (index, entry(index))


def test_a_proof_has_the_format_of_the_specification(proven_log: TransparencyLog) -> None:
    text = proven_log.proof(300)
    lines = text.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1] == f"extra {encode_base64(entry(300).encode())}"
    assert lines[2] == "index 300"
    blank = lines.index("")
    assert [len(line) for line in lines[3:blank]] == [44] * (blank - 3)
    checkpoint = proven_log.published.checkpoint()
    assert checkpoint is not None
    assert "\n".join(lines[blank + 1 :]).encode() == checkpoint.encode()
    assert LogProof.parse(text.encode()).encode() == text


def test_a_tree_of_one_entry_has_an_empty_path(
    sqlite_log: TransparencyLog, sqlite: Database
) -> None:
    append(sqlite_log, sqlite, 1)
    sqlite_log.publish()
    proof = LogProof.parse(sqlite_log.proof(0).encode())
    assert proof.path == ()
    assert verify_proof(proof, sqlite_log.key).index == 0


def test_the_command_verifies_a_proof_offline(
    proof_file: Path, proven_log: TransparencyLog, tmp_path: Path
) -> None:
    result = _verify(proof_file, "--key", proven_log.key.vkey())
    assert result.exit_code == 0, result.output
    assert "Proven." in result.output
    key_file = tmp_path / "log-key.vkey"
    key_file.write_text(proven_log.key.vkey() + "\n")
    result = _verify(proof_file, "--key", key_file, "--json")
    assert result.exit_code == 0
    document = json.loads(result.output)
    assert document["proven"] is True
    assert (document["log"], document["index"], document["size"]) == (ORIGIN, 300, 600)
    assert document["facts"] == {"number": 300}


ALTERATIONS = {
    "another index": ("index 300", "index 301"),
    "an index beyond the tree": ("index 300", "index 600"),
    "another entry": (
        encode_base64(entry(300).encode()),
        encode_base64(entry(300, "certificate-revoked").encode()),
    ),
    "another size": ("\n600\n", "\n601\n"),
    "no header": ("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"),
    "no extra line": ("extra ", "other "),
    "another log": (f"\n\n{ORIGIN}\n", "\n\nlog.other.example/1\n"),
    "no checkpoint": ("\n\n", "\n"),
}


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_the_command_refuses_an_altered_proof(
    proof_file: Path, proven_log: TransparencyLog, alteration: str
) -> None:
    before = proof_file.read_text("utf-8")
    after = before.replace(*ALTERATIONS[alteration])
    assert after != before
    proof_file.write_text(after, "utf-8")
    result = _verify(proof_file, "--key", proven_log.key.vkey())
    assert result.exit_code == 1
    assert isinstance(result.exception, CamtrustError)


def test_the_command_refuses_a_path_that_lost_or_gained_a_hash(
    proof_file: Path, proven_log: TransparencyLog
) -> None:
    lines = proof_file.read_text("utf-8").split("\n")
    for altered in (lines[:3] + lines[4:], [*lines[:3], lines[3], *lines[3:]]):
        proof_file.write_text("\n".join(altered), "utf-8")
        result = _verify(proof_file, "--key", proven_log.key.vkey())
        assert result.exit_code == 1
        assert isinstance(result.exception, NotProven)


def test_the_command_refuses_another_key_of_the_log_s_name(proof_file: Path) -> None:
    stranger = VerifierKey(ORIGIN, SoftwareSigner(seed=9).public_key)
    result = _verify(proof_file, "--key", stranger.vkey())
    assert result.exit_code == 1
    assert isinstance(result.exception, NotProven)


def _usage_errors(proof_file: Path, key: str) -> Iterator[Result]:
    yield _verify(proof_file)
    yield _verify(proof_file, "--key", "nonsense")
    yield _verify(proof_file, "--key", cosigner_key(WITNESS_SIGNER).vkey())
    yield _verify(proof_file, "--key", key, "--witness", key)
    yield _verify(proof_file, "--key", key, "--quorum", "1")
    yield _verify(proof_file.with_name("absent"), "--key", key)


def test_wrong_usage_ends_with_exit_code_2(proof_file: Path, proven_log: TransparencyLog) -> None:
    results = list(_usage_errors(proof_file, proven_log.key.vkey()))
    assert [result.exit_code for result in results] == [2] * 6


def _cosigned(proof: LogProof, clock: SettableClock, signer: SoftwareSigner) -> LogProof:
    line = cosign(proof.checkpoint.note, signer, clock.now())
    checkpoint = proof.checkpoint.with_signatures((line,))
    return LogProof(proof.entry, proof.index, proof.path, Checkpoint.parse(checkpoint.encode()))


def test_a_witness_is_asked_for_and_found(
    proof_file: Path, proven_log: TransparencyLog, clock: SettableClock
) -> None:
    key, witness = proven_log.key.vkey(), cosigner_key(WITNESS_SIGNER).vkey()
    assert _verify(proof_file, "--key", key, "--witness", witness).exit_code == 1
    assert _verify(proof_file, "--key", key, "--witness", witness, "--quorum", "0").exit_code == 0
    cosigned = _cosigned(proven_log.prove(300), clock, WITNESS_SIGNER)
    proof_file.write_text(cosigned.encode(), "utf-8")
    result = _verify(proof_file, "--key", key, "--witness", witness, "--json")
    assert result.exit_code == 0
    assert json.loads(result.output)["witnesses"] == {WITNESS: clock.now().isoformat()}


def test_a_cosignature_of_another_time_is_not_proven(
    proven_log: TransparencyLog, clock: SettableClock
) -> None:
    proof = _cosigned(proven_log.prove(0), clock, WITNESS_SIGNER)
    own, cosignature = proof.checkpoint.note.signatures
    later = (int.from_bytes(cosignature.signature[:8], "big") + 1).to_bytes(8, "big")
    forged = (
        type(own)(own.name, own.key_id, own.signature),
        type(own)(cosignature.name, cosignature.key_id, later + cosignature.signature[8:]),
    )
    checkpoint = proof.checkpoint.with_signatures(forged)
    with pytest.raises(NotProven):
        verify_proof(
            LogProof(proof.entry, proof.index, proof.path, checkpoint),
            proven_log.key,
            [cosigner_key(WITNESS_SIGNER)],
        )


def test_a_proof_of_what_is_no_entry_of_ours_is_malformed(
    proven_log: TransparencyLog,
) -> None:
    proof = proven_log.prove(0)
    with pytest.raises(NoteMalformed):
        LogProof.parse(proof.encode().replace("extra ", "extra !").encode())
