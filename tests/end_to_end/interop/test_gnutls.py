"""GnuTLS judges chains, CRLs and answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.interop.conftest import SUBSCRIBERS, WITH_OCSP, Nation, run

Require = Callable[[str], str]
every_authority = pytest.mark.parametrize("authority", SUBSCRIBERS)


@every_authority
def test_certtool_verifies_a_chain(require: Require, nation: Nation, authority: str) -> None:
    done = run(
        require("certtool"), "--verify-chain", "--verify-profile", "medium",
        "--infile", nation.chain(authority, "good"),
    )  # fmt: skip
    assert (done.returncode, "Chain verification output: Verified" in done.stdout) == (0, True)


@every_authority
def test_certtool_verifies_crls_and_refuses_another_authority_s(
    require: Require, nation: Nation, authority: str
) -> None:
    other = "people-1" if authority != "people-1" else "devices-1"
    for issuer, verified in ((authority, True), (other, False)):
        done = run(
            require("certtool"), "--verify-crl",
            "--load-ca-certificate", nation.folder / f"{issuer}.pem",
            "--infile", nation.folder / f"{authority}-revoked.crl",
        )  # fmt: skip
        assert ("Verification output: Verified" in done.stdout) == verified, done.stdout


@every_authority
def test_certtool_stops_the_revoked_by_crl(
    require: Require, nation: Nation, authority: str
) -> None:
    anchor = SUBSCRIBERS[authority].anchor
    for name, crl, trusted in (
        ("good", "good", True),
        ("revoked", "before", True),
        ("revoked", "revoked", False),
    ):
        done = run(
            require("certtool"), "--verify", "--verify-profile", "medium",
            "--load-ca-certificate", nation.folder / f"{anchor}.pem",
            "--load-crl", nation.folder / f"{authority}-{crl}.crl",
            "--infile", nation.chain(authority, name),
        )  # fmt: skip
        verdict = done.stdout.split("Chain verification output: ")[1]
        assert verdict.startswith("Verified.") == trusted, done.stdout
        assert ("The certificate chain is revoked" in verdict) != trusted, done.stdout
        assert (done.returncode == 0) == trusted


@pytest.mark.parametrize("authority", WITH_OCSP)
def test_ocsptool_asks_and_believes(require: Require, live: Nation, authority: str) -> None:
    for name in ("good", "revoked"):
        done = run(
            require("ocsptool"), f"--ask={live.url}/ocsp", "--nonce",
            "--load-issuer", live.folder / f"{authority}.pem",
            "--load-cert", live.folder / f"{authority}-{name}.pem",
            "--load-trust", live.folder / f"{authority}.pem",
        )  # fmt: skip
        assert "Verifying OCSP Response: Success" in done.stdout, done.stdout
        assert f"Certificate Status: {name}" in done.stdout, done.stdout


@pytest.mark.parametrize("authority", WITH_OCSP)
def test_ocsptool_verifies_a_kept_answer_and_refuses_it_under_another_authority(
    require: Require, live: Nation, authority: str, tmp_path: Path
) -> None:
    ocsptool, kept = require("ocsptool"), tmp_path / "answer.der"
    run(
        ocsptool, f"--ask={live.url}/ocsp", "--outfile", kept, "--outder", "--no-nonce",
        "--load-issuer", live.folder / f"{authority}.pem",
        "--load-cert", live.folder / f"{authority}-good.pem",
        "--load-trust", live.folder / f"{authority}.pem",
    )  # fmt: skip
    other = "people-1" if authority != "people-1" else "devices-1"
    for trust, success in ((authority, True), (other, False)):
        done = run(
            ocsptool, "--verify-response", "--load-response", kept,
            "--load-trust", live.folder / f"{trust}.pem",
        )  # fmt: skip
        assert ("Verifying OCSP Response: Success" in done.stdout) == success, done.stdout
