"""OpenSSL's opinion of our status."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
from cryptography import x509

from ca.revocation.reasons import RevocationReason
from ocsp.settings import NeverIssued, OcspSettings
from tests.interop.conftest import SUBSCRIBERS, Status

Require = Callable[[str], str]
WITH_OCSP = [one for one in SUBSCRIBERS if one != "health-1"]


def run(*command: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False
    )
    done.stdout += done.stderr
    return done


def test_verify_with_crls_of_the_whole_chain(require: Require, published: Status) -> None:
    openssl, folder = require("openssl"), published.folder
    for authority in SUBSCRIBERS:
        anchor = "health-1" if authority == "health-1" else "root-1"
        for name, expected in (
            ("good", "OK"),
            ("revoked", "certificate revoked"),
            ("held", "certificate revoked"),
        ):
            done = run(
                openssl, "verify", "-crl_check_all", "-x509_strict",
                "-CAfile", folder / f"{anchor}.pem", "-untrusted", folder / f"{authority}.pem",
                "-CRLfile", folder / f"{authority}-{name}.crl.pem",
                "-CRLfile", folder / "root-1.crl.pem",
                folder / f"{authority}-{name}.pem",
            )  # fmt: skip
            assert expected in done.stdout, (authority, name, done.stdout)
            assert (done.returncode == 0) == (expected == "OK")


def test_another_shards_crl_is_not_taken(require: Require, published: Status) -> None:
    openssl, folder = require("openssl"), published.folder
    certificate = published.subscriber("people-1", "alone")
    other = (published.shard_of(certificate, "people-1") + 1) % 16
    wrong = published.write_crl("wrong", published.services.crls.newest("people-1", other).crl_der)

    done = run(
        openssl, "verify", "-crl_check", "-extended_crl", "-CAfile", folder / "root-1.pem",
        "-untrusted", folder / "people-1.pem", "-CRLfile", wrong, folder / "people-1-alone.pem",
    )  # fmt: skip

    assert "different CRL scope" in done.stdout


def test_ocsp_of_each_authority_by_get_and_post(require: Require, published: Status) -> None:
    openssl, folder = require("openssl"), published.folder
    for authority in WITH_OCSP:
        for name, expected in (("good", "good"), ("revoked", "revoked"), ("held", "revoked")):
            for hashed in ("-sha1", "-sha256"):
                done = run(
                    openssl, "ocsp", "-issuer", folder / f"{authority}.pem", hashed,
                    "-cert", folder / f"{authority}-{name}.pem",
                    "-CAfile", folder / "root-1.pem", "-url", f"{published.url}/ocsp",
                )  # fmt: skip
                assert "Response verify OK" in done.stdout, (authority, done.stdout)
                assert f"{name}.pem: {expected}" in done.stdout, (authority, done.stdout)
                assert "WARNING" not in done.stdout, done.stdout


def test_ocsp_of_the_root_for_each_authority(require: Require, published: Status) -> None:
    openssl, folder = require("openssl"), published.folder
    certificates = [part for one in WITH_OCSP for part in ("-cert", folder / f"{one}.pem")]

    done = run(
        openssl, "ocsp", "-issuer", folder / "root-1.pem", *certificates,
        "-CAfile", folder / "root-1.pem", "-url", f"{published.url}/ocsp",
    )  # fmt: skip

    assert "Response verify OK" in done.stdout, done.stdout
    assert done.stdout.count(": good") == len(WITH_OCSP)


def test_ocsp_of_what_was_never_issued_is_unauthorized(require: Require, published: Status) -> None:
    openssl, folder = require("openssl"), published.folder

    done = run(
        openssl, "ocsp", "-issuer", folder / "people-1.pem", "-serial", "0x1234567890",
        "-CAfile", folder / "root-1.pem", "-url", f"{published.url}/ocsp",
    )  # fmt: skip

    assert "unauthorized (6)" in done.stdout


def test_ocsp_of_what_was_never_issued_is_what_the_settings_say(
    require: Require, published: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    openssl, folder = require("openssl"), published.folder
    for said, expected in (
        (NeverIssued.UNKNOWN, "0x1234567890: unknown"),
        (NeverIssued.REVOKED, "0x1234567890: revoked"),
    ):
        settings = OcspSettings(never_issued=said)
        monkeypatch.setattr(published.services.ocsp, "_settings", settings)
        done = run(
            openssl, "ocsp", "-issuer", folder / "people-1.pem", "-serial", "0x1234567890",
            "-CAfile", folder / "root-1.pem", "-url", f"{published.url}/ocsp", "-resp_text",
        )  # fmt: skip
        assert "Response verify OK" in done.stdout, done.stdout
        assert expected in done.stdout, done.stdout
        if said is NeverIssued.REVOKED:
            assert "Reason: certificateHold" in done.stdout
            assert "Revocation Time: Jan  1 00:00:00 1970 GMT" in done.stdout


def test_a_delta_revokes_and_releases_before_the_next_complete_crl(
    require: Require, published: Status
) -> None:
    openssl, folder, services = require("openssl"), published.folder, published.services
    for name, change in (("good", "revoke"), ("held", "release")):
        authority = "organizations-1"
        der = (folder / f"{authority}-{name}.der").read_bytes()
        certificate = x509.load_der_x509_certificate(der)
        if change == "revoke":
            services.revocation.revoke(
                serial_number=certificate.serial_number, reason=RevocationReason.SUPERSEDED
            )
        else:
            services.revocation.release(serial_number=certificate.serial_number)
        shard = published.shard_of(certificate, authority)
        delta = services.crls.issue_delta(authority, shard)
        path = published.write_crl(f"{name}-delta", delta.crl_der)
        both = folder / f"{name}-both.pem"
        complete = folder / f"{authority}-{name}.crl.pem"
        both.write_bytes(complete.read_bytes() + path.read_bytes())

        done = run(
            openssl, "verify", "-crl_check", "-extended_crl", "-use_deltas",
            "-CAfile", folder / "root-1.pem", "-untrusted", folder / f"{authority}.pem",
            "-CRLfile", both, folder / f"{authority}-{name}.pem",
        )  # fmt: skip

        expected = "certificate revoked" if change == "revoke" else ": OK"
        assert expected in done.stdout, (change, done.stdout)
