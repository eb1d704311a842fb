"""Long CRLs: their memory, what openssl says of them, and a process that is killed on the way."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ca.crl.record import IssuedCrl
from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.web_parts import app_parts
from camtrust.wiring import Services
from tests.ca.crl.issue_killed import STAGES
from tests.ca.crl.revoked_rows import fill

AUTHORITY = "people-1"
REPOSITORY = Path(__file__).resolve().parents[3]
# Ours is a process of 130 MiB before it begins.
MOST_MEBIBYTES = 300
SIGKILLED = -9


def path_of(services: Services, issued: IssuedCrl) -> Path:
    return services.home / "public" / "crl" / AUTHORITY / issued.file_name


def run(module: str, services: Services, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"tests.ca.crl.{module}", str(services.home), *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )


def issue_measured(services: Services, kind: str) -> dict[str, int]:
    done = run("issue_measured", services, AUTHORITY, kind)
    assert done.returncode == 0, done.stderr
    facts: dict[str, int] = json.loads(done.stdout)
    return facts


def check_with_openssl(openssl: str, services: Services, crl: Path, folder: Path) -> None:
    issuer = folder / "issuer.pem"
    certificate = services.authorities.authority(AUTHORITY).certificate
    issuer.write_bytes(certificate.public_bytes(Encoding.PEM))
    done = subprocess.run(
        [openssl, "crl", "-inform", "DER", "-in", crl, "-noout", "-CAfile", issuer],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "verify OK\n")


def test_fifty_thousand_entries_go_from_the_table_to_the_wire(
    initialised: Services, require: Callable[[str], str], tmp_path: Path
) -> None:
    services = initialised
    now = services.clock.now()
    fill(services.database, AUTHORITY, 40_000, changed_at=now - timedelta(days=2))

    complete = services.crls.issue(AUTHORITY, 0)
    fill(services.database, AUTHORITY, 10_000, changed_at=complete.this_update + timedelta(days=1))
    delta = services.crls.issue_delta(AUTHORITY, 0)
    again = services.crls.issue(AUTHORITY, 0)

    assert [one.entries for one in (complete, delta, again)] == [40_000, 10_000, 50_000]
    client = create_app(app_parts(services), Listener.PUBLIC).test_client()
    for issued in (delta, again):
        check_with_openssl(require("openssl"), services, path_of(services, issued), tmp_path)
        sent = client.get(f"/crl/{AUTHORITY}/{issued.file_name}").data
        assert sent == path_of(services, issued).read_bytes()
        # As the table has it, too.
        stored = services.crls.newest(AUTHORITY, 0, delta=issued.is_delta)
        assert stored.crl_der == sent
        assert len(x509.load_der_x509_crl(sent)) == issued.entries
    assert left_behind(services) == set()


@pytest.mark.parametrize("stage", STAGES)
def test_a_process_that_is_killed_leaves_the_old_crl_and_nothing_else(
    initialised_sqlite: Services, stage: str
) -> None:
    services = initialised_sqlite
    old = services.crls.issue(AUTHORITY, 0)
    der = path_of(services, old).read_bytes()
    # Just long enough to leave memory (ca.crl.octets).
    fill(services.database, AUTHORITY, 20_500, changed_at=services.clock.now())

    killed = run("issue_killed", services, AUTHORITY, stage)
    assert killed.returncode == SIGKILLED, killed.stderr
    assert path_of(services, old).read_bytes() == der
    # At most one, under a name that the next one takes.
    assert left_behind(services) <= {".0.crl.new"}

    newest = services.crls.issue(AUTHORITY, 0)
    assert newest.entries == 20_500
    assert newest.number > old.number
    with services.crls.open(AUTHORITY, 0).file as served:
        assert served.read() == newest.crl_der
    assert left_behind(services) == set()


def left_behind(services: Services) -> set[str]:
    """Return files that nobody serves: beside the published ones, and where lists are built."""
    folder = services.home / "public" / "crl" / AUTHORITY
    published = {f"{shard}{kind}.crl" for shard in range(16) for kind in ("", "-delta")}
    beside = {one.name for one in folder.iterdir()} - published - {".lock"}
    return beside | {one.name for one in (services.home / "run").iterdir()}


@pytest.mark.long
def test_a_million_entries_take_less_than_300_mib(
    initialised: Services, require: Callable[[str], str], tmp_path: Path
) -> None:
    services = initialised
    now = services.clock.now()
    fill(services.database, AUTHORITY, 1_000_000, changed_at=now - timedelta(days=2))

    complete = issue_measured(services, "complete")
    newest = services.crls.newest(AUTHORITY, 0)
    check_with_openssl(require("openssl"), services, path_of(services, newest), tmp_path)
    fill(services.database, AUTHORITY, 100_000, changed_at=newest.this_update + timedelta(hours=1))
    delta = issue_measured(services, "delta")
    newest_delta = services.crls.newest(AUTHORITY, 0, delta=True)
    check_with_openssl(require("openssl"), services, path_of(services, newest_delta), tmp_path)

    assert (complete["entries"], delta["entries"]) == (1_000_000, 100_000)
    for facts in (complete, delta):
        assert facts["sent"] == facts["octets"]
        assert facts["peak_mib"] < MOST_MEBIBYTES
    assert left_behind(services) == set()
