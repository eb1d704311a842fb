"""openssl verifies what each issuing authority issued, strictly, with CRLs on all levels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ca.plan import CertificateRequest
from ca.revocation.reasons import RevocationReason
from camtrust.wiring import Services
from tests.end_to_end.interop.conftest import (
    POLICY_ARC,
    SUBSCRIBERS,
    Nation,
    request_by_openssl,
    run,
    shard_of,
)

Require = Callable[[str], str]
every_authority = pytest.mark.parametrize("authority", SUBSCRIBERS)


def verify(
    openssl: str, nation: Nation, authority: str, name: str, *options: object
) -> tuple[int, str]:
    folder = nation.folder
    done = run(
        openssl, "verify", "-x509_strict", "-check_ss_sig",
        "-CAfile", folder / f"{SUBSCRIBERS[authority].anchor}.pem",
        "-untrusted", folder / f"{authority}.pem",
        *options, folder / f"{authority}-{name}.pem",
    )  # fmt: skip
    return done.returncode, done.stdout


@every_authority
def test_the_request_that_openssl_made_is_certified_with_its_own_key(
    require: Require, nation: Nation, authority: str
) -> None:
    openssl, folder = require("openssl"), nation.folder
    certified = run(
        openssl, "x509", "-in", folder / f"{authority}-good.pem", "-noout", "-pubkey"
    ).stdout
    own = run(openssl, "pkey", "-in", folder / f"{authority}-good.key", "-pubout").stdout
    assert certified == own


@every_authority
def test_a_chain_verifies_strictly(require: Require, nation: Nation, authority: str) -> None:
    assert verify(require("openssl"), nation, authority, "good")[0] == 0


@every_authority
def test_a_chain_is_valid_under_the_policy_of_its_profile_and_no_other(
    require: Require, nation: Nation, authority: str
) -> None:
    openssl, policy = require("openssl"), SUBSCRIBERS[authority].policy
    for asked in (policy or 1, 99):
        code, said = verify(
            openssl, nation, authority, "good",
            "-explicit_policy", "-policy", f"{POLICY_ARC}.{asked}",
        )  # fmt: skip
        assert (code == 0) == (asked == policy), said


@every_authority
def test_crls_of_all_levels_let_the_good_pass_and_stop_the_revoked(
    require: Require, nation: Nation, authority: str
) -> None:
    openssl, folder = require("openssl"), nation.folder
    root_crl = ("-CRLfile", folder / "root-1.crl")
    for name, crl, error in (
        ("good", "good", None),
        ("revoked", "before", None),
        ("revoked", "revoked", "error 23 at 0 depth lookup: certificate revoked"),
    ):
        own_crl = ("-CRLfile", folder / f"{authority}-{crl}.crl")
        for check in ("-crl_check", "-crl_check_all"):
            code, said = verify(openssl, nation, authority, name, check, *own_crl, *root_crl)
            assert (code == 0) == (error is None), said
            assert error is None or error in said


@every_authority
def test_without_the_crl_nothing_passes(require: Require, nation: Nation, authority: str) -> None:
    code, said = verify(
        require("openssl"), nation, authority, "good", "-crl_check",
        "-CRLfile", nation.folder / "root-1.crl",
    )  # fmt: skip
    assert code != 0
    assert "unable to get certificate CRL" in said


def test_under_a_revoked_authority_nothing_passes(
    require: Require, initialised_sqlite: Services, tmp_path: Path
) -> None:
    services, openssl = initialised_sqlite, require("openssl")
    subscriber = SUBSCRIBERS["programs-1"]
    der = services.issuance.issue(
        CertificateRequest(
            profile=subscriber.profile,
            csr=request_by_openssl(tmp_path / "leaf", "ec-p256"),
            holder="test:below",
            facts=subscriber.facts,
        )
    ).certificate_der
    leaf = x509.load_der_x509_certificate(der)
    authority = services.authorities.authority("programs-1").certificate
    root = services.authorities.authority("root-1").certificate
    services.revocation.revoke(
        serial_number=authority.serial_number, reason=RevocationReason.CA_COMPROMISE
    )
    own_crl = services.crls.newest("programs-1", shard_of(leaf)).crl_der
    root_crl = services.crls.issue("root-1", 0).crl_der
    for name, one in (("leaf", leaf), ("authority", authority), ("root", root)):
        (tmp_path / f"{name}.pem").write_bytes(one.public_bytes(Encoding.PEM))
    crls = [x509.load_der_x509_crl(one).public_bytes(Encoding.PEM) for one in (own_crl, root_crl)]
    (tmp_path / "crls.pem").write_bytes(b"".join(crls))

    done = run(
        openssl, "verify", "-x509_strict", "-crl_check_all", "-CRLfile", tmp_path / "crls.pem",
        "-CAfile", tmp_path / "root.pem", "-untrusted", tmp_path / "authority.pem",
        tmp_path / "leaf.pem",
    )  # fmt: skip

    assert "error 23 at 1 depth lookup: certificate revoked" in done.stdout
