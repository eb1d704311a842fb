"""What is published, what is left alone, and what is removed again."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509.ocsp import OCSPCertStatus

from ca.revocation.reasons import RevocationReason
from camtrust.cli import camtrust
from camtrust.publishing.publisher import ScheduledPublication, publication_jobs
from camtrust.wiring import Services
from core.errors import Unavailable
from core.publishing.target import Outcome
from ocsp.stored.answers import read_templates, withdraw_template
from tests.camtrust.publishing.conftest import AUTHORITY, Home
from tests.object_store import Bucket
from tests.ocsp.questions import ask, read

ROOT = Path(__file__).parents[3]


def run(world: Home, *arguments: str, code: int = 0) -> dict[str, Any]:
    home = str(world.services.home)
    done = CliRunner().invoke(
        camtrust, ["publish", "--home", home, "--json", *arguments], catch_exceptions=False
    )
    assert done.exit_code == code, done.output
    found: dict[str, Any] = json.loads(done.output)
    return found


def answers_in(folder: Path) -> dict[int, set[OCSPCertStatus]]:
    """Serial number and standings of the answers in a folder."""
    found: dict[int, set[OCSPCertStatus]] = {}
    for path in folder.glob("ocsp/**/*.ors"):
        answer = read(path.read_bytes())
        found.setdefault(answer.serial_number, set()).add(answer.certificate_status)
    return found


def revoke(world: Home, certificate: x509.Certificate) -> None:
    world.services.revocation.revoke(
        serial_number=certificate.serial_number, reason=RevocationReason.SUPERSEDED
    )


def test_everything_is_written_once_and_then_left_alone(world: Home, tmp_path: Path) -> None:
    certificate = world.issue("a")
    world.sign_ahead()
    first = run(world, "--to", str(tmp_path / "out"), "--answers")["published"]
    again = run(world, "--to", str(tmp_path / "out"), "--answers")["published"]

    count = len(world.services.authorities.all())
    assert first["certificates"] == {"written": count}
    assert again["certificates"] == {"unchanged": count}
    assert list(first["CRLs"]) == ["written"]
    assert list(again["CRLs"]) == ["unchanged"]
    assert "written" not in again["answers"]
    assert answers_in(tmp_path / "out")[certificate.serial_number] == {OCSPCertStatus.GOOD}


def test_what_is_served_is_what_is_published(world: Home, tmp_path: Path) -> None:
    run(world, "--to", str(tmp_path / "out"))

    for one in world.services.crls.all():
        file = tmp_path / "out" / "crl" / one.authority / one.file_name
        assert file.read_bytes() == one.crl_der


def test_a_revocation_replaces_both_answers(world: Home, tmp_path: Path) -> None:
    good, bad = world.issue("good"), world.issue("bad")
    world.sign_ahead()
    run(world, "--to", str(tmp_path / "out"), "--answers")
    revoke(world, bad)
    world.sign_ahead()
    run(world, "--to", str(tmp_path / "out"), "--answers")

    found = answers_in(tmp_path / "out")
    assert found[good.serial_number] == {OCSPCertStatus.GOOD}
    assert found[bad.serial_number] == {OCSPCertStatus.REVOKED}


def test_only_the_named_authorities_are_published(world: Home, tmp_path: Path) -> None:
    world.issue("a")
    world.sign_ahead()
    run(world, "--to", str(tmp_path / "out"), "--answers", "--authority", "root-1")

    assert [path.name for path in (tmp_path / "out" / "ca").iterdir()] == ["root-1.cer"]
    assert [path.name for path in (tmp_path / "out" / "crl").iterdir()] == ["root-1"]
    assert answers_in(tmp_path / "out") == {}
    # Who asks for all afterwards gets all.
    run(world, "--to", str(tmp_path / "out"), "--answers")
    assert answers_in(tmp_path / "out")


def test_answers_that_were_taken_back_or_ran_out_are_removed(
    world: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = world.issue("a")
    world.sign_ahead()
    run(world, "--to", str(tmp_path / "out"), "--answers")
    assert certificate.serial_number in answers_in(tmp_path / "out")

    [template] = [
        one
        for one in read_templates(world.services.answer_store).values()
        if one.authority == AUTHORITY
    ]
    withdraw_template(world.services.answer_store, template)
    done = run(world, "--to", str(tmp_path / "out"), "--answers")

    assert done["published"]["answers"]["removed"] >= 2
    assert certificate.serial_number not in answers_in(tmp_path / "out")


def test_an_answer_that_ran_out_is_removed(
    world: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = world.issue("a")
    world.sign_ahead()
    run(world, "--to", str(tmp_path / "out"), "--answers")
    later = world.services.clock.now() + timedelta(days=30)
    monkeypatch.setattr("core.clock.SystemClock.now", lambda _self: later)
    run(world, "--to", str(tmp_path / "out"), "--answers")

    assert certificate.serial_number not in answers_in(tmp_path / "out")


def test_what_the_store_does_not_know_is_removed_when_all_is_compared(
    world: Home, tmp_path: Path
) -> None:
    forgotten, kept = world.issue("forgotten"), world.issue("kept")
    world.sign_ahead()
    run(world, "--to", str(tmp_path / "out"), "--answers")
    store = world.services.answer_store
    octets = forgotten.serial_number.to_bytes(20, "big")
    store.delete([key for key, _ in store.scan() if key.endswith(octets)])
    foreign = tmp_path / "out" / "ocsp" / "robots.txt"
    foreign.write_text("")
    run(world, "--to", str(tmp_path / "out"), "--answers", "--all")

    found = answers_in(tmp_path / "out")
    assert forgotten.serial_number not in found
    assert kept.serial_number in found
    assert foreign.exists()


def test_an_object_is_found_under_the_url_of_the_question(world: Home, bucket: Bucket) -> None:
    certificate = world.issue("a")
    world.sign_ahead()
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",'
    policy += f'"Action":"s3:GetObject","Resource":"arn:aws:s3:::{bucket.name}/*"}}]}}'
    bucket.client.put_bucket_policy(Bucket=bucket.name, Policy=policy)
    done = run(world, "--to", f"s3://{bucket.name}/status", "--answers")

    assert done["orders_publishers"]
    for hashed in (SHA1(), SHA256()):
        question = base64.b64encode(ask(certificate, world.issuer, hashed)).decode()
        url = f"{bucket.address}/{bucket.name}/status/ocsp/{quote(question, safe='')}"
        with urlopen(url) as response:
            assert response.headers["Content-Type"] == "application/ocsp-response"
            assert "max-age=60, public" in response.headers["Cache-Control"]
            assert read(response.read()).serial_number == certificate.serial_number
    assert run(world, "--to", f"s3://{bucket.name}/status")["published"]["CRLs"].keys() == {
        "unchanged"
    }


def test_objects_that_the_store_does_not_know_are_removed(world: Home, bucket: Bucket) -> None:
    world.issue("a")
    world.sign_ahead()
    run(world, "--to", f"s3://{bucket.name}", "--answers")
    before = [key for key in bucket.listing() if key.startswith("ocsp/")]
    bucket.client.put_object(Bucket=bucket.name, Key="ocsp/index.html", Body=b"")
    store = world.services.answer_store
    [gone, *_] = [key for key, _ in store.scan()]
    store.delete([gone])
    done = run(world, "--to", f"s3://{bucket.name}", "--answers", "--all")

    assert done["published"]["answers"]["removed"] == 2
    after = [key for key in bucket.listing() if key.startswith("ocsp/")]
    assert len(after) == len(before) - 2 + 1


def test_a_run_that_was_killed_is_completed_by_the_next(world: Home, tmp_path: Path) -> None:
    certificates = [world.issue(f"device-{number}") for number in range(12)]
    world.sign_ahead()
    home, out = world.services.home, tmp_path / "out"
    world.services.close()
    for wait in (0.0, 0.02, 0.05):
        one = subprocess.Popen(
            [
                *(sys.executable, "-c", "from camtrust.cli import main; main()", "publish"),
                *("--home", str(home), "--to", str(out), "--answers"),
            ],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        while not (out / "ca").exists() and one.poll() is None:
            time.sleep(0.005)
        time.sleep(wait)
        one.send_signal(signal.SIGKILL)
        one.wait()
        for path in out.glob("ocsp/**/*.ors"):
            read(path.read_bytes())
        for path in out.glob("crl/**/*.crl"):
            x509.load_der_x509_crl(path.read_bytes())
    run(Home(Services(home=home), world.ahead), "--to", str(out), "--answers")

    assert {one.serial_number for one in certificates} <= set(answers_in(out))
    assert {path.name for path in out.iterdir()} == {
        ".camtrust",
        "ca",
        "crl",
        "ocsp",
        "unauthorized.ors",
    }


def test_the_scheduler_publishes_where_the_settings_say(world: Home, tmp_path: Path) -> None:
    assert publication_jobs(world.services) == []
    certificate = world.issue("a")
    world.sign_ahead()
    with (world.services.home / "camtrust.toml").open("a") as settings:
        settings.write('\n[publish]\nto = "published"\nanswers = true\n')
    world.services.__dict__.pop("settings")

    [job] = publication_jobs(world.services)
    job.run()

    assert certificate.serial_number in answers_in(world.services.home / "published")


def test_a_walk_goes_on_in_the_next_run(world: Home, tmp_path: Path) -> None:
    certificate = world.issue("a")
    world.sign_ahead()
    with (world.services.home / "camtrust.toml").open("a") as settings:
        settings.write('\n[publish]\nto = "published"\nanswers = true\n')
    world.services.__dict__.pop("settings")
    seconds = iter(range(0, 1_000_000, 100))
    scheduled = ScheduledPublication(world.services, monotonic=lambda: next(seconds))
    note = world.services.home / "published" / ".camtrust" / "answers.json"

    runs = 0
    while not note.exists():
        scheduled.run()
        runs += 1
        assert runs < 100

    assert runs > 2
    assert certificate.serial_number in answers_in(world.services.home / "published")


def test_without_a_destination_the_usage_is_wrong(world: Home) -> None:
    home = str(world.services.home)
    done = CliRunner().invoke(camtrust, ["publish", "--home", home])

    assert done.exit_code == 2
    assert "--to" in done.output


def test_a_place_that_cannot_be_written_is_a_refusal(world: Home, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    home = str(world.services.home)
    done = CliRunner().invoke(camtrust, ["publish", "--home", home, "--to", f"{tmp_path}/file/x"])

    assert isinstance(done.exception, Unavailable)
    assert done.exception.kept is not None


def test_outcomes_are_said_in_words(world: Home, tmp_path: Path) -> None:
    home = str(world.services.home)
    done = CliRunner().invoke(camtrust, ["publish", "--home", home, "--to", str(tmp_path / "out")])

    assert done.exit_code == 0
    assert f"CRLs: {len(world.services.crls.all())} {Outcome.WRITTEN}" in done.output
