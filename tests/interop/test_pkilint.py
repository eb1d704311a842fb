"""pkilint's opinion of our status, by its own programs: nothing at WARNING or above."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cryptography import x509

from ocsp.settings import NeverIssued, OcspSettings
from tests.interop.conftest import SUBSCRIBERS, Status
from tests.interop.test_openssl import WITH_OCSP, run
from tests.ocsp.questions import ask, ask_many

BIN = Path(sys.executable).parent


def load(status: Status, name: str) -> x509.Certificate:
    return x509.load_der_x509_certificate((status.folder / f"{name}.der").read_bytes())


@pytest.fixture
def crls(published: Status) -> list[Path]:
    services = published.services
    found = []
    for authority in SUBSCRIBERS:
        shard = published.shard_of(load(published, f"{authority}-revoked"), authority)
        if services.authorities.authority(authority).parent is not None:
            services.crls.issue_delta(authority, shard)
    for issued in services.crls.all():
        published.write_crl(f"{issued.authority}-{issued.file_name}", issued.crl_der)
        found.append(published.folder / f"{issued.authority}-{issued.file_name}.crl.der")
    return found


def test_crls_have_no_findings(crls: list[Path]) -> None:
    # One of each authority and kind: starting the program takes longer than the lint.
    chosen = {(path.name.split("-1-")[0], "delta" in path.name): path for path in crls}
    assert len(chosen) >= len(SUBSCRIBERS) + len(WITH_OCSP)
    for path in chosen.values():
        done = run(BIN / "lint_crl", "lint", "-t", "CRL", "-p", "PKIX", "-s", "WARNING", path)
        assert (done.returncode, done.stdout.strip()) == (0, ""), (path.name, done.stdout)


def test_answers_have_no_findings(published: Status) -> None:
    for authority in WITH_OCSP:
        issuer = load(published, authority)
        good, revoked = (load(published, f"{authority}-{one}") for one in ("good", "revoked"))
        for number, question in enumerate(
            [ask(revoked, issuer), ask_many([(good, issuer), (revoked, issuer)], nonce=b"n" * 32)]
        ):
            path = published.folder / f"{authority}-{number}.ocsp"
            path.write_bytes(published.services.ocsp.answer(question).der)
            done = run(BIN / "lint_ocsp_response", "lint", "-s", "WARNING", path)
            assert (done.returncode, done.stdout.strip()) == (0, ""), (authority, done.stdout)


@pytest.mark.parametrize("said", [NeverIssued.REVOKED, NeverIssued.UNKNOWN])
def test_answers_about_what_was_never_issued_have_no_findings(
    published: Status, said: NeverIssued, monkeypatch: pytest.MonkeyPatch
) -> None:
    responder = published.services.ocsp
    monkeypatch.setattr(responder, "_settings", OcspSettings(never_issued=said))
    for authority in WITH_OCSP:
        pair = (load(published, f"{authority}-good"), load(published, authority))
        answer = responder.answer(ask_many([pair], serials=[99], nonce=b"n" * 32))
        path = published.folder / f"{authority}-never.ocsp"
        path.write_bytes(answer.der)
        done = run(BIN / "lint_ocsp_response", "lint", "-s", "WARNING", path)
        assert (done.returncode, done.stdout.strip()) == (0, ""), (authority, done.stdout)
