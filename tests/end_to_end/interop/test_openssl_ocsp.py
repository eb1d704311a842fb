"""`openssl ocsp` asks the running public listener, by POST and by GET, and believes its answers."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.end_to_end.interop.conftest import WITH_OCSP, Nation, run

Require = Callable[[str], str]
EXPECTED = {"good": "good", "revoked": "revoked"}
every_authority = pytest.mark.parametrize("authority", WITH_OCSP)
every_hash = pytest.mark.parametrize("hashed", ["sha1", "sha256"])


def question(nation: Nation, authority: str, name: str, hashed: str) -> tuple[object, ...]:
    folder = nation.folder
    return (
        "-issuer", folder / f"{authority}.pem", f"-{hashed}",
        "-cert", folder / f"{authority}-{name}.pem",
    )  # fmt: skip


def assert_believed(said: str, authority: str, name: str) -> None:
    assert "Response verify OK" in said
    assert f"{authority}-{name}.pem: {EXPECTED[name]}" in said
    assert "WARNING" not in said
    if name == "revoked":
        assert "Reason: keyCompromise" in said


@every_hash
@every_authority
def test_post_with_a_nonce(require: Require, live: Nation, authority: str, hashed: str) -> None:
    for name in EXPECTED:
        done = run(
            require("openssl"), "ocsp", *question(live, authority, name, hashed), "-nonce",
            "-url", f"{live.url}/ocsp", "-CAfile", live.folder / "root-1.pem", "-resp_text",
        )  # fmt: skip
        assert_believed(done.stdout, authority, name)
        # openssl compares the nonce with its own, and warns where there is none.
        assert "OCSP Nonce" in done.stdout
        assert f"Hash Algorithm: {hashed}" in done.stdout


@every_hash
@every_authority
def test_get_without_a_nonce(
    require: Require, live: Nation, authority: str, hashed: str, tmp_path: Path
) -> None:
    openssl, curl = require("openssl"), require("curl")
    asked, answer, head = tmp_path / "asked", tmp_path / "answer", tmp_path / "head"
    for name in EXPECTED:
        of_this = question(live, authority, name, hashed)
        run(openssl, "ocsp", *of_this, "-no_nonce", "-reqout", asked)
        path = quote(base64.b64encode(asked.read_bytes()), safe="")
        fetched = run(
            curl, "--silent", "--fail", "--output", answer, "--dump-header", head,
            f"{live.url}/ocsp/{path}",
        )  # fmt: skip
        assert fetched.returncode == 0, fetched.stdout
        done = run(
            openssl, "ocsp", *of_this, "-no_nonce", "-respin", answer,
            "-CAfile", live.folder / "root-1.pem",
        )  # fmt: skip
        assert_believed(done.stdout, authority, name)
        # RFC 9919, Section 7.2: what has no nonce may be kept.
        assert "Cache-Control: max-age=" in head.read_text()


@every_hash
def test_several_certificates_in_one_request_with_a_nonce(
    require: Require, live: Nation, hashed: str
) -> None:
    for authority in WITH_OCSP:
        of_good = question(live, authority, "good", hashed)
        revoked = live.folder / f"{authority}-revoked.pem"
        done = run(
            require("openssl"), "ocsp", *of_good, "-cert", revoked, *of_good[-2:], "-nonce",
            "-url", f"{live.url}/ocsp", "-CAfile", live.folder / "root-1.pem", "-resp_text",
        )  # fmt: skip
        assert_believed(done.stdout, authority, "good")
        assert_believed(done.stdout, authority, "revoked")
        assert "OCSP Nonce" in done.stdout
        standings = [line.split()[-1] for line in done.stdout.splitlines() if "Cert Status" in line]
        assert standings == ["good", "revoked", "good"]


def test_the_responder_is_a_delegate_of_the_issuer_and_the_issuer_alone(
    require: Require, live: Nation
) -> None:
    # Without the anchor above, the delegate has to chain to the issuer itself.
    for authority in WITH_OCSP:
        for trusted, expected in ((authority, True), ("health-1", False)):
            done = run(
                require("openssl"), "ocsp", *question(live, authority, "good", "sha256"),
                "-url", f"{live.url}/ocsp", "-partial_chain",
                "-CAfile", live.folder / f"{trusted}.pem",
            )  # fmt: skip
            assert ("Response verify OK" in done.stdout) == expected, done.stdout


def test_the_root_s_responder_answers_for_each_issuing_authority(
    require: Require, live: Nation
) -> None:
    for authority in WITH_OCSP:
        done = run(
            require("openssl"), "ocsp", "-issuer", live.folder / "root-1.pem", "-nonce",
            "-cert", live.folder / f"{authority}.pem",
            "-url", f"{live.url}/ocsp", "-CAfile", live.folder / "root-1.pem",
        )  # fmt: skip
        assert "Response verify OK" in done.stdout
        assert f"{authority}.pem: good" in done.stdout


def test_openssl_finds_the_responder_where_the_certificate_says(
    require: Require, live: Nation
) -> None:
    for authority in WITH_OCSP:
        done = run(
            require("openssl"), "x509", "-noout", "-ocsp_uri",
            "-in", live.folder / f"{authority}-good.pem",
        )  # fmt: skip
        assert done.stdout.strip() == f"{live.url}/ocsp"


def test_curl_fetches_what_certificates_point_to(
    require: Require, live: Nation, tmp_path: Path
) -> None:
    openssl, curl = require("openssl"), require("curl")
    fetched = tmp_path / "fetched"
    for authority in WITH_OCSP:
        shown = run(
            openssl, "x509", "-noout", "-text", "-in", live.folder / f"{authority}-good.pem"
        ).stdout
        urls = [line.split("URI:")[1] for line in shown.splitlines() if "URI:http://" in line]
        crl, issuer = (next(u for u in urls if u.endswith(end)) for end in (".crl", ".cer"))
        run(curl, "--silent", "--fail", "--output", fetched, issuer)
        assert fetched.read_bytes() == (live.folder / f"{authority}.der").read_bytes()
        run(curl, "--silent", "--fail", "--output", fetched, crl)
        verified = run(
            openssl, "crl", "-inform", "DER", "-in", fetched, "-noout",
            "-CAfile", live.folder / f"{authority}.pem",
        )  # fmt: skip
        assert "verify OK" in verified.stdout
