"""`camtrust tsa`: status, request, answer, verify, renew, certificate."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography import x509

from camtrust.wiring import Services
from core.errors import CamtrustError
from signing.timestamps.commands import tsa_commands
from tests.signing.timestamps.conftest import certificate_of, write_chain
from tests.signing.timestamps.queries import DATA, query, read

Run = Callable[..., Result]


@pytest.fixture
def run(stamping: Services) -> Run:
    def invoke(*arguments: str | Path) -> Result:
        return CliRunner().invoke(tsa_commands, [str(one) for one in arguments], obj=stamping)

    return invoke


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    file = tmp_path / "letter"
    file.write_bytes(DATA)
    return file


def refusal(result: Result) -> CamtrustError:
    assert isinstance(result.exception, CamtrustError), result.output
    return result.exception


def test_status_shows_units_policy_and_what_the_clock_relies_on(run: Run) -> None:
    said = run("status").output

    assert "Policy: 2.999.855.1.32" in said
    assert "the settings declare it right" in said
    assert "main at /tsa: signs until" in said
    assert "camdx at /tsa/camdx: signs until" in said


def test_status_as_json(run: Run, stamping: Services) -> None:
    facts = json.loads(run("status", "--json").output)

    assert facts["clock"]["trusted"] is True
    assert [one["unit"] for one in facts["units"]] == ["main", "camdx"]
    serial_number = certificate_of(stamping, "main").serial_number
    assert facts["units"][0]["in_use"]["serial_number"] == f"{serial_number:x}"


@pytest.mark.parametrize("hash_algorithm", ["sha256", "sha384", "sha512"])
def test_a_file_is_stamped_and_verified(
    run: Run, letter: Path, tmp_path: Path, unit: str, hash_algorithm: str
) -> None:
    reply, asked = tmp_path / "letter.tsr", tmp_path / "letter.tsq"
    stamped = run(
        *("request", letter, "--out", reply, "--query-out", asked),
        *("--unit", unit, "--hash", hash_algorithm),
    )
    assert stamped.exit_code == 0, stamped.output

    verified = run("verify", reply, "--data", letter, "--query", asked, "--json")

    facts = json.loads(verified.output)
    assert facts["verified"] is True
    assert facts["hash_algorithm"] == hash_algorithm
    assert "Time-Stamping Unit" in facts["signer"]


def test_without_certificates_they_are_given_along(
    run: Run, letter: Path, tmp_path: Path, stamping: Services
) -> None:
    reply = tmp_path / "letter.tsr"
    root, chain = write_chain(stamping, "main", tmp_path)
    run("request", letter, "--out", reply, "--no-certificates")

    missing = refusal(run("verify", reply, "--data", letter))
    verified = run(
        *("verify", reply, "--data", letter, "--trust", root, "--untrusted", chain),
    )

    assert "not in the token" in missing.detail
    assert verified.exit_code == 0, verified.output
    assert "Stamped at 20" in verified.output


def test_a_query_of_openssl_is_answered(
    run: Run, letter: Path, tmp_path: Path, require: Callable[[str], str]
) -> None:
    asked, reply = tmp_path / "query", tmp_path / "reply"
    openssl = [require("openssl"), "ts", "-query", "-data", str(letter), "-sha512"]
    subprocess.run([*openssl, "-out", str(asked)], check=True, capture_output=True)

    assert run("answer", asked, "--out", reply).exit_code == 0
    assert read(reply.read_bytes()).status == "granted"


def test_a_refusal_is_kept_and_told(run: Run, tmp_path: Path) -> None:
    asked, reply = tmp_path / "query", tmp_path / "reply"
    asked.write_bytes(query("sha1"))

    told = refusal(run("answer", asked, "--out", reply))

    assert "SHA-256" in told.detail
    assert str(reply) in (told.kept or "")
    assert read(reply.read_bytes()).failures == {"bad_alg"}
    # Who verifies a refusal gets to read it.
    again = refusal(run("verify", reply, "--data", asked))
    assert "SHA-256" in again.detail


def test_another_file_does_not_verify(run: Run, letter: Path, tmp_path: Path) -> None:
    reply, other = tmp_path / "letter.tsr", tmp_path / "other"
    run("request", letter, "--out", reply)
    other.write_bytes(DATA + b".")

    assert "other data" in refusal(run("verify", reply, "--data", other)).detail


def test_the_certificate_is_written_for_who_registers_it(
    run: Run, tmp_path: Path, stamping: Services
) -> None:
    out = tmp_path / "camdx.pem"

    assert run("certificate", "--unit", "camdx", "--out", out).exit_code == 0

    [written] = x509.load_pem_x509_certificates(out.read_bytes())
    assert written == certificate_of(stamping, "camdx")
    missing = refusal(run("certificate", "--successor", "--out", out))
    assert missing.detail == "The unit main has no successor."


def test_renewing_what_is_not_due_does_nothing(run: Run) -> None:
    assert run("renew").output == "No unit is due.\n"
    assert json.loads(run("renew", "--json").output) == {"renewed": []}


def test_a_file_without_certificates_is_no_trust(run: Run, letter: Path, tmp_path: Path) -> None:
    reply: Any = tmp_path / "letter.tsr"
    run("request", letter, "--out", reply)

    told = refusal(run("verify", reply, "--data", letter, "--trust", letter))

    assert "holds no certificates" in told.detail
