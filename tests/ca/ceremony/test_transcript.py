"""The folder that a ceremony leaves: complete, checkable without us, and telling of tampering."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from ca.ceremony.custodians import Custodian
from ca.ceremony.folder import FolderDiffers, FolderUnreadable, sums
from ca.ceremony.printing import render
from ca.ceremony.transcript import StepRecord, Transcript, canonical, compose
from ca.ceremony.verification import verify_folder
from core.errors import Malformed
from core.transparency.entry import LogEntry
from core.transparency.models import log_entries
from tests.ca.ceremony.conftest import TWO, World, step


@pytest.fixture
def folder(founded: World) -> Path:
    return founded.folder("initial")


def failed(folder: Path) -> dict[str, str]:
    return {one.name: one.detail for one in verify_folder(folder).checks if not one.passed}


def seal_again(folder: Path) -> None:
    """What a careful forger does last: make the sums fit."""
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    (folder / "SHA256SUMS").write_bytes(sums(files))


def alter(folder: Path, change: Callable[[dict[str, object]], None]) -> None:
    """Change the transcript as a forger would, paper and sums included."""
    document = json.loads((folder / "transcript.json").read_bytes())
    change(document)
    (folder / "transcript.json").write_bytes(canonical(document))
    (folder / "transcript.txt").write_text(render(Transcript(document)))
    seal_again(folder)


def test_the_folder_of_a_ceremony_passes_every_check(folder: Path) -> None:
    verification = verify_folder(folder)
    assert verification.passed
    assert [one.name for one in verification.checks] == [
        "folder", "transcript", "script", "approvals", "steps", "signatures", "keys",
    ]  # fmt: skip
    assert (
        verification.transcript_sha256
        == sha256((folder / "transcript.json").read_bytes()).hexdigest()
    )


def test_the_hash_on_paper_is_the_hash_in_the_log(founded: World, folder: Path) -> None:
    with founded.database.read() as connection:
        entries = [LogEntry.decode(row.entry) for row in connection.execute(log_entries.select())]
    steps = [one.facts for one in entries if one.kind == "ceremony-step"]
    assert [one["act"] for one in steps] == [
        "open", "create-authority", "create-authority", "publish-crl", "certify-responder", "close",
    ]  # fmt: skip
    assert steps[-1]["transcript_sha256"] == verify_folder(folder).transcript_sha256
    document = json.loads((folder / "transcript.json").read_bytes())
    for said, logged in zip(document["steps"], steps[:-1], strict=True):
        record = {name: value for name, value in said.items() if name != "log_index"}
        assert sha256(canonical(record)).hexdigest() == logged["record_sha256"]


def test_openssl_and_coreutils_repeat_the_checks_as_the_folder_says(
    folder: Path, require: Callable[[str], str]
) -> None:
    require("openssl")
    text = (folder / "VERIFY.md").read_text()
    commands = [
        line
        for block in re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
        for line in block.splitlines()
    ]
    assert len([one for one in commands if "openssl verify" in one]) == 3
    assert len([one for one in commands if "pkeyutl" in one]) == 2
    for command in commands:
        done = subprocess.run(
            [require("bash"), "-c", command], cwd=folder, capture_output=True, text=True
        )
        assert done.returncode == 0, (command, done.stderr)
        if command.startswith("openssl crl"):
            assert "verify OK" in done.stderr


def test_a_copy_of_the_folder_needs_nothing_of_the_service(folder: Path, tmp_path: Path) -> None:
    assert verify_folder(Path(shutil.copytree(folder, tmp_path / "elsewhere"))).passed


def test_the_printed_transcript_has_every_hash_and_a_line_for_each_to_sign(folder: Path) -> None:
    text = (folder / "transcript.txt").read_text()
    digits = re.sub(r"\s", "", text)
    for path in (folder / "certificates").iterdir():
        assert sha256(path.read_bytes()).hexdigest() in digits
    founded = json.loads((folder / "transcript.json").read_bytes())["steps"][0]["facts"]
    for custodian in founded["enrols"]["enrolled"]:
        assert Custodian(**custodian).key_sha256 in digits
    for office in ("ceremony-administrator", *TWO, "internal-witness", "auditor"):
        assert f"  {office}\n  name: ___" in text
    assert "custodian-3\n  name" not in text


@pytest.mark.parametrize(
    "path",
    ["script.toml", "hierarchy.toml", "certificates/people-1.cer", "crls/root-1-0.crl",
     "approvals/custodian-1.sig", "keys/root-1.json", "transcript.txt", "VERIFY.md",
     "SHA256SUMS", "transcript.json"],
)  # fmt: skip
def test_a_changed_file_is_found(folder: Path, path: str) -> None:
    changed = bytearray((folder / path).read_bytes())
    changed[len(changed) // 2] ^= 0x01
    (folder / path).write_bytes(bytes(changed))
    try:
        assert failed(folder)
    except Malformed:
        assert path == "transcript.json"


@pytest.mark.parametrize("path", ["certificates/people-1.cer", "approvals/custodian-2.sig"])
def test_a_missing_file_is_found_though_the_sums_were_made_to_fit(folder: Path, path: str) -> None:
    (folder / path).unlink()
    seal_again(folder)
    assert failed(folder)


def test_an_added_file_is_found(folder: Path) -> None:
    (folder / "certificates" / "extra.cer").write_bytes(b"")
    assert "extra.cer" in failed(folder)["folder"]


def test_another_certificate_in_place_of_one_is_found(folder: Path) -> None:
    shutil.copy(folder / "certificates/root-1.cer", folder / "certificates/people-1.cer")
    seal_again(folder)
    assert "steps" in failed(folder)


def test_a_transcript_rewritten_with_all_hashes_made_to_fit_no_longer_has_its_facts(
    folder: Path,
) -> None:
    def forge(document: dict[str, object]) -> None:
        steps = document["steps"]
        assert isinstance(steps, list)
        shutil.copy(folder / "certificates/root-1.cer", folder / "certificates/people-1.cer")
        content = (folder / "certificates/people-1.cer").read_bytes()
        steps[2]["artefacts"]["certificates/people-1.cer"] = sha256(content).hexdigest()

    alter(folder, forge)
    assert "keys" in failed(folder)


def test_an_approval_that_was_never_given_is_found(folder: Path) -> None:
    def forge(document: dict[str, object]) -> None:
        steps = document["steps"]
        assert isinstance(steps, list)
        steps[0]["facts"]["approved_by"] = ["custodian-1", "custodian-3"]

    shutil.copy(folder / "approvals/custodian-2.sig", folder / "approvals/custodian-3.sig")
    alter(folder, forge)
    assert "custodian-3" in failed(folder)["approvals"]


def test_a_lowered_quorum_is_found_beside_the_ceremony_that_enrolled_them(founded: World) -> None:
    founded.hold(founded.script("root-crl", step("publish-crl", "root-1")), *TWO)
    later, first = founded.folder("root-crl"), founded.folder("initial")
    assert verify_folder(later, enrolment=first).passed

    def forge(document: dict[str, object]) -> None:
        steps = document["steps"]
        assert isinstance(steps, list)
        steps[0]["facts"]["custodians"]["quorum"] = 1

    alter(later, forge)
    checks = {one.name: one for one in verify_folder(later, enrolment=first).checks}
    assert not checks["approvals"].passed


def test_a_step_left_out_of_the_transcript_is_found(folder: Path) -> None:
    def forge(document: dict[str, object]) -> None:
        steps = document["steps"]
        assert isinstance(steps, list)
        del steps[2]

    alter(folder, forge)
    assert "steps" in failed(folder)


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'{"format": "other"}', b"\xff"])
def test_what_is_no_transcript_is_malformed(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "transcript.json").write_bytes(content)
    with pytest.raises(Malformed):
        verify_folder(tmp_path)


@pytest.mark.parametrize("steps", ['"x"', "[]", "[1]", '[{"facts": 7}]', "null"])
def test_a_transcript_of_another_shape_fails_and_does_not_crash(tmp_path: Path, steps: str) -> None:
    document = '{"format":"camtrust-transcript-1","steps":' + steps + "}"
    (tmp_path / "transcript.json").write_text(document)
    assert not verify_folder(tmp_path).passed


def test_a_folder_without_transcript_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(FolderUnreadable):
        verify_folder(tmp_path)


def test_a_link_in_the_folder_is_refused(folder: Path) -> None:
    (folder / "certificates" / "link.cer").symlink_to(folder / "certificates" / "root-1.cer")
    with pytest.raises(FolderUnreadable):
        verify_folder(folder)


def test_a_lost_folder_is_written_again_the_same(founded: World, folder: Path) -> None:
    before = (folder / "SHA256SUMS").read_bytes()
    shutil.rmtree(folder)
    script = founded.ceremonies.script_of("initial")
    assert script is not None
    founded.ceremonies.hold(script, [], founded.hierarchy)
    assert (folder / "SHA256SUMS").read_bytes() == before


def test_a_changed_folder_is_kept_as_evidence(founded: World, folder: Path) -> None:
    (folder / "transcript.txt").write_text("nothing happened")
    script = founded.ceremonies.script_of("initial")
    assert script is not None
    with pytest.raises(FolderDiffers):
        founded.ceremonies.hold(script, [], founded.hierarchy)
    assert (folder / "transcript.txt").read_text() == "nothing happened"


def test_no_fact_can_draw_a_line_of_its_own_on_paper(founded: World) -> None:
    opening = founded.ceremonies.all_held()[0].transcript.document["steps"][0]
    facts = {**opening["facts"], "place": "here\nStep 9: nothing\u202e"}
    record = StepRecord(0, "open", "a", founded.clock.now(), facts, {})
    text = render(compose(ceremony="c", kind="initial", steps=[record], rehearsal=False))
    assert "place: here\\nStep 9: nothing\\u202e" in text
