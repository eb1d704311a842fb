"""Signatures beside files, and archives that are renewed."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms
from click.testing import CliRunner

from camtrust.cli import camtrust
from core.errors import CamtrustError
from signing.documents.levels import Level
from tests.signing.documents.judges import Judges
from tests.signing.documents.pdfs import one_page
from tests.signing.documents.test_signatures import signatures
from tests.signing.documents.world import World, run

SHEET = b"name,sum\nTest,1\n"


@pytest.mark.parametrize("level", [Level.B_B, Level.B_T, Level.B_LT])
def test_openssl_verifies_a_signature_beside_a_file(
    level: Level, world: World, tmp_path: Path
) -> None:
    signature = world.files().sign(io.BytesIO(SHEET), world.seal, level)
    (tmp_path / "sheet.csv").write_bytes(SHEET)
    (tmp_path / "sheet.csv.p7s").write_bytes(signature.der)
    verify = (
        *("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any"),
        *("-in", tmp_path / "sheet.csv.p7s", "-content", tmp_path / "sheet.csv"),
        *("-CAfile", world.folder / "root.pem", "-out", "/dev/null"),
    )
    assert "successful" in run(*verify)
    (tmp_path / "sheet.csv").write_bytes(SHEET.replace(b"1", b"9"))
    assert "verification fai" in run(*verify, expect=4)
    signed = cms.ContentInfo.load(signature.der, strict=True)["content"]
    kinds = {one["type"].native for one in signed["signer_infos"][0]["signed_attrs"]}
    # EN 319 122-1, Section 6.3: beside a file the signing-time attribute is demanded.
    assert "signing_time" in kinds
    answers = [one for one in signed["crls"] if one.name == "other"]
    assert bool(answers) is level.has_evidence


def test_no_archive_is_made_beside_a_file(world: World) -> None:
    with pytest.raises(CamtrustError) as refusal:
        world.files().sign(io.BytesIO(SHEET), world.seal, Level.B_LTA)
    assert refusal.value.problem == "signature-level-not-offered"


def renewed(world: World, pdf: bytes) -> bytes:
    target = io.BytesIO()
    world.engine().archiving.renew(io.BytesIO(pdf), target, None)
    return target.getvalue()


def test_a_renewed_archive_has_a_new_time_stamp_over_the_old_one(
    world: World, judges: Judges
) -> None:
    archived = world.sign(one_page(), level=Level.B_LTA)
    twice = renewed(world, renewed(world, archived))
    assert twice.startswith(archived)
    found = signatures(twice)
    assert sorted(found) == ["Signature1", "Timestamp1", "Timestamp2", "Timestamp3"]
    assert found["Timestamp3"].external_md_algorithm == "sha512"
    code, said = judges.adesverify(twice)
    assert code == 0, said
    assert judges.qpdf(twice)[0] == 0


@pytest.mark.parametrize("level", [None, Level.B_LT])
def test_what_has_no_archive_is_not_renewed(level: Level | None, world: World) -> None:
    pdf = one_page() if level is None else world.sign(one_page(), level=level)
    with pytest.raises(CamtrustError) as refusal:
        renewed(world, pdf)
    assert refusal.value.problem == "nothing-to-renew"


def command(world: World, *arguments: str | Path, expect: int = 0) -> Any:
    home = str(world.services.home)
    said = CliRunner().invoke(camtrust, [*map(str, arguments), "--home", home])
    assert said.exit_code == expect, said.output
    return said


def test_the_command_line_signs_and_refuses(world: World, tmp_path: Path) -> None:
    source, target = tmp_path / "in.pdf", tmp_path / "out.pdf"
    source.write_bytes(one_page())
    signing = ("documents", "sign", "--key", "seal", "--level", "B-B", "--json")
    said = json.loads(command(world, *signing, "--reason", "A test", source, target).output)
    assert said == {"level": "B-B", "field": "Signature1", "stamped_at": None, "file": str(target)}
    assert list(signatures(target.read_bytes())) == ["Signature1"]
    nobody = ("documents", "sign", "--key", "nobody")
    refusal = command(world, *nobody, source, tmp_path / "other.pdf", expect=1).exception
    assert isinstance(refusal, CamtrustError)
    assert refusal.problem == "signer-unknown"
    assert not (tmp_path / "other.pdf").exists()


def test_the_command_line_signs_encrypted_documents_archives_and_renews(
    world: World, judges: Judges, tmp_path: Path
) -> None:
    plain, locked, signed, renewed_ = (tmp_path / f"{one}.pdf" for one in "abcd")
    plain.write_bytes(one_page())
    run("qpdf", "--encrypt", "user", "owner", "256", "--", plain, locked)
    (tmp_path / "password").write_text("user\n")
    password = ("--password-file", tmp_path / "password")
    command(
        world, "documents", "sign", "--key", "seal", "--level", "B-LTA", *password, locked, signed
    )
    command(world, "documents", "renew", *password, signed, renewed_)
    code, said = judges.adesverify(renewed_.read_bytes(), password="user")
    assert code == 0, said


def test_the_command_line_signs_beside_a_file(world: World, tmp_path: Path) -> None:
    source, target = tmp_path / "sheet.csv", tmp_path / "sheet.csv.p7s"
    source.write_bytes(SHEET)
    command(world, "documents", "sign-file", "--key", "seal", "--level", "B-B", source, target)
    run(
        *("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any"),
        *("-in", target, "-content", source, "-CAfile", world.folder / "root.pem"),
    )
