"""The benchmark of status itself, made so small that only its working is tested."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import commands
from bench.ocsp import comparison
from bench.ocsp.comparison import Scale
from bench.ocsp.load import LoadNotMade
from bench.ocsp.peers import cfssl_command
from bench.ocsp.room import RSA_3072_OCTETS, octets_stored
from bench.ocsp.software import SoftwareAuthority

FEW, MANY = 20, 30
TINY = Scale(rounds=1, seconds=1, few=FEW, sample=4, signatures=40, stored_rsa=500)

ROWS = {
    "limit.nginx-static",
    "limit.nginx-static.plain",
    "limit.granian-callable",
    "limit.granian-callable.2-headers",
    "limit.hsm-sign",
    "ocsp.front.get",
    "ocsp.front.post",
    f"ocsp.front.get.{MANY}",
    f"ocsp.front.post.{MANY}",
    f"ocsp.front.p99.{FEW}",
    f"ocsp.front.p99.{MANY}",
    "ocsp.responder",
    "ocsp.live",
    "ocsp.nginx.get",
    "ocsp.nginx.post",
    "ocsp.published",
    "ocsp.presign",
    f"ocsp.presign.{MANY}",
    f"ocsp.stored.octets.{FEW}",
    f"ocsp.stored.octets.{MANY}",
    "ocsp.stored.octets.rsa-3072",
    f"ocsp.worker.rss-anon.{FEW}",
    f"ocsp.worker.rss-anon.{MANY}",
    "peer.openssl-ocsp",
}


@pytest.mark.long
def test_every_row_is_measured_and_set_against_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, require: Callable[[str], str]
) -> None:
    for program in ("softhsm2-util", "wrk", "nginx", "openssl"):
        require(program)
    monkeypatch.setattr(comparison, "QUICK", TINY)
    output = tmp_path / "ocsp.json"
    options = ["ocsp", "--quick", "--stored", str(MANY), "--output", str(output)]
    result = CliRunner().invoke(commands.bench, options, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    rows = {row["name"]: row for row in json.loads(output.read_text())["rows"]}
    cfssl = {"peer.cfssl"} if shutil.which("cfssl") else set()
    assert set(rows) == ROWS | cfssl
    assert all(row["value"] > 0 for row in rows.values())
    assert rows["ocsp.front.get"]["vs"] == "limit.nginx-static"
    assert rows["ocsp.live"]["vs"] == "limit.hsm-sign"
    assert rows[f"ocsp.front.get.{MANY}"]["vs"] == "ocsp.front.get"


def test_a_peer_that_is_missing_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(LoadNotMade, match="apt-get install golang-cfssl"):
        cfssl_command(SoftwareAuthority.with_certificates(1), tmp_path / "cfssl", 1)


def test_answers_of_rsa_responders_take_their_two_signatures_and_little_more(
    tmp_path: Path,
) -> None:
    octets = octets_stored(tmp_path / "answers", 2_000)
    # LMDB's pages have 4,096 octets, of which four such records fill 3,400.
    assert 2 * RSA_3072_OCTETS < octets < 2 * RSA_3072_OCTETS + 400
