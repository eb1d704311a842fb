"""GnuTLS's opinion of our status."""

from __future__ import annotations

from collections.abc import Callable

from tests.interop.conftest import SUBSCRIBERS, Status
from tests.interop.test_openssl import WITH_OCSP, run

Require = Callable[[str], str]


def test_certtool_verifies_each_crl(require: Require, published: Status) -> None:
    certtool, folder = require("certtool"), published.folder
    for authority in SUBSCRIBERS:
        done = run(
            certtool, "--verify-crl", "--load-ca-certificate", folder / f"{authority}.pem",
            "--infile", folder / f"{authority}-revoked.crl.pem",
        )  # fmt: skip
        assert "Verification output: Verified" in done.stdout, (authority, done.stdout)
        assert done.returncode == 0


def test_certtool_finds_the_revoked_certificate(require: Require, published: Status) -> None:
    certtool, folder = require("certtool"), published.folder
    for authority in SUBSCRIBERS:
        anchor = folder / ("health-1.pem" if authority == "health-1" else "root-1.pem")
        for name, expected in (("good", "The certificate is trusted"), ("revoked", "revoked")):
            chain = folder / "chain.pem"
            chain.write_bytes(
                (folder / f"{authority}-{name}.pem").read_bytes()
                + (folder / f"{authority}.pem").read_bytes()
            )
            done = run(
                certtool, "--verify", "--load-ca-certificate", anchor, "--infile", chain,
                "--load-crl", folder / f"{authority}-{name}.crl.pem",
            )  # fmt: skip
            assert expected in done.stdout, (authority, name, done.stdout)


def test_ocsptool_asks_and_believes(require: Require, published: Status) -> None:
    ocsptool, folder = require("ocsptool"), published.folder
    for authority in WITH_OCSP:
        for name, expected in (("good", "good"), ("revoked", "revoked"), ("held", "revoked")):
            done = run(
                ocsptool, f"--ask={published.url}/ocsp",
                "--load-issuer", folder / f"{authority}.pem",
                "--load-cert", folder / f"{authority}-{name}.pem",
                "--load-trust", folder / f"{authority}.pem",
            )  # fmt: skip
            assert f"Certificate Status: {expected}" in done.stdout, (authority, done.stdout)
            assert "Verifying OCSP Response: Success" in done.stdout, (authority, done.stdout)
