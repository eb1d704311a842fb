"""The command: what it prints, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding

from camtrust.cli import camtrust
from camtrust.passes import TRUST_FOLDER
from core.errors import CamtrustError
from tests.signing.passes.issuers import NOW, Issuer, card, claims, identity, issuer, jwk, seconds
from tests.signing.passes.test_scanning import drawn, saved

AT = "2026-11-23T08:00:00Z"


@pytest.fixture
def health() -> Issuer:
    return issuer()


@pytest.fixture
def trust(health: Issuer, tmp_path: Path) -> str:
    file = tmp_path / "signer.pem"
    file.write_bytes(health.certificate.public_bytes(Encoding.PEM))
    return str(file)


def run(*arguments: str) -> tuple[int, Any]:
    done = CliRunner().invoke(camtrust, ["pass", "verify", *arguments])
    if isinstance(done.exception, CamtrustError):
        raise done.exception
    return done.exit_code, done.stdout if "--json" not in arguments else json.loads(done.stdout)


def test_a_verified_pass_ends_with_zero_and_its_facts(
    health: Issuer, trust: str, tmp_path: Path
) -> None:
    file = tmp_path / "pass.txt"
    file.write_text(health.hc1(claims()) + "\n")
    code, facts = run("--trust", trust, "--at", AT, "--json", str(file))
    assert code == 0
    assert (facts["status"], facts["format"]) == ("VERIFIED", "HC1")
    assert (facts["issuer"], facts["kind"]) == ("UT", "EU DCC vaccination")
    assert facts["subject"] == {
        "name": "Dara Sok",
        "standardised_name": "SOK<<DARA",
        "date_of_birth": "1990-04-12",
    }
    assert facts["signer"]["source"] == "signer.pem"
    assert facts["at"] == "2026-11-23T08:00:00+00:00"
    assert (facts["issued"], facts["expires"]) == (
        "2026-11-22T08:00:00+00:00",
        "2027-05-22T08:00:00+00:00",
    )


def test_any_other_status_ends_with_one_and_its_reason(
    health: Issuer, trust: str, tmp_path: Path
) -> None:
    file = tmp_path / "pass.png"
    file.write_bytes(saved(drawn(health.hc1(claims())), "PNG"))
    code, text = run("--trust", trust, "--at", "2028-01-01", str(file))
    assert code == 1
    assert text.startswith("EXPIRED\n  It expired on 2027-05-22 08:00 UTC.")
    code, facts = run("--trust", trust, "--at", "2028-01-01", "--json", str(file))
    assert (code, facts["status"]) == (1, "EXPIRED")


def test_without_trust_the_homes_own_folder_counts(
    health: Issuer, home: Path, tmp_path: Path
) -> None:
    file = tmp_path / "pass.pdf"
    file.write_bytes(saved(drawn(health.hc1(claims())), "PDF"))
    asked = ("--home", str(home), "--at", AT, "--json", str(file))
    assert run(*asked)[1]["status"] == "ISSUER_NOT_TRUSTED"
    (home / TRUST_FOLDER).mkdir()
    (home / TRUST_FOLDER / "signer.cer").write_bytes(health.der)
    assert run(*asked)[1]["status"] == "VERIFIED"


def test_a_broken_list_is_a_refusal_and_trusts_nobody(tmp_path: Path) -> None:
    file = tmp_path / "list.json"
    file.write_text("{}")
    with pytest.raises(CamtrustError, match=r"list\.json"):
        run("--trust", str(file), str(file))


def test_what_is_left_aside_of_a_list_is_said(health: Issuer, tmp_path: Path) -> None:
    file = tmp_path / "list.json"
    numbers = {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}
    keys = [numbers, {"kty": "EC", "crv": "P-256", "x5c": [], **coordinates(health)}]
    file.write_text(
        json.dumps({"keys": [*keys, {"kty": "EC", "crv": "P-256", **coordinates(health)}]})
    )
    done = CliRunner().invoke(camtrust, ["pass", "verify", "--trust", str(file), str(file)])
    assert done.stderr.count("Left aside: list.json, entry") == 2


def coordinates(one: Issuer) -> dict[str, str]:
    return {name: value for name, value in jwk(one).items() if name in "xy"}


def test_a_strangers_control_characters_do_not_reach_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "pass.txt"
    file.write_text(issuer().shc(card(iss="https://a.example/\x1b[2J\u202e")))
    code, text = run("--trust", str(signer_file(tmp_path)), str(file))
    assert code == 1
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_a_khmer_name_is_printed_as_it_is_written(
    health: Issuer, trust: str, tmp_path: Path
) -> None:
    name = "សុខ\u200bដារ៉ា"
    file = tmp_path / "pass.txt"
    file.write_text(health.claim169(identity(claim_169={4: name, 8: "19900412"})))
    code, text = run("--trust", trust, "--at", AT, str(file))
    assert code == 0
    assert f"Name:         {name}\n" in text


def signer_file(folder: Path) -> Path:
    file = folder / "other.der"
    file.write_bytes(issuer().der)
    return file


@pytest.mark.parametrize(
    "arguments", [["--at", "yesterday", "."], ["no-such-file"], [], ["--trust", "nowhere", "x"]]
)
def test_wrong_usage_ends_with_two(arguments: list[str]) -> None:
    assert CliRunner().invoke(camtrust, ["pass", "verify", *arguments]).exit_code == 2


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, trust: str) -> None:
    file = tmp_path / "large"
    with file.open("wb") as stream:
        stream.truncate(30 << 20)
    code, facts = run("--trust", trust, "--json", str(file))
    assert (code, facts["status"]) == (1, "NOT_SUPPORTED")


def test_as_a_program_it_needs_no_home_and_makes_none(
    health: Issuer, trust: str, tmp_path: Path
) -> None:
    file = tmp_path / "pass.txt"
    file.write_text(health.shc(card(nbf=seconds(NOW) - 60)))
    program = "from camtrust.cli import main; main()"
    command = [
        sys.executable,
        "-c",
        program,
        "pass",
        "verify",
        "--trust",
        trust,
        "--json",
        "pass.txt",
    ]
    done = subprocess.run(
        [*command, "--at", AT], cwd=tmp_path, capture_output=True, text=True, env=environment()
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "VERIFIED"
    assert not (tmp_path / "var").exists()


def environment() -> dict[str, str]:
    return {"PYTHONPATH": str(Path(__file__).parents[3]), "PATH": "/usr/bin:/bin"}
