"""Signing ahead with SoftHSM, openssl, and processes that are killed."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import insert, update

from ca.models import certificates
from ca.revocation.reasons import RevocationReason
from ocsp.identities import holder_of
from ocsp.models import signing_ranges
from ocsp.stored.answers import StoredAnswers
from ocsp.stored.record import AnswerRecord
from tests.ocsp.questions import ask, read
from tests.ocsp.test_answers import verify

if TYPE_CHECKING:
    from camtrust.wiring import Services

AUTHORITY = "people-1"
COUNT = 2_500
KILLS = 3
# Only so that a fault does not hold the suite up for ever.
PATIENCE_SECONDS = 120.0


def sign_all(services: Services) -> None:
    services.ahead.follower.follow()
    walker = services.ahead.walker()
    walker.divide()
    while walker.walk_one():
        pass


def a_certificate(services: Services) -> tuple[x509.Certificate, x509.Certificate]:
    """A certificate of people-1 (its own delegate's) with its issuer's."""
    services.responder_renewal.renew_due()
    held = services.statuses.good_certificates_of(holder_of(AUTHORITY), at=services.clock.now())
    issuer = services.authorities.authority(AUTHORITY).certificate
    return x509.load_der_x509_certificate(held[-1].certificate_der), issuer


def fill(services: Services, count: int) -> list[int]:
    """Put rows of certificates that nobody looks at into the table."""
    now = services.clock.now()
    rows = [
        {
            "authority": AUTHORITY,
            "serial_number": secrets.randbits(158) + 1,
            "state": "issued",
            "profile": "person-signing",
            "profile_version": 1,
            "holder": "person:1",
            "public_key_sha256": secrets.token_bytes(32),
            "tbs_sha256": secrets.token_bytes(32),
            "not_before": now,
            "not_after": now + timedelta(days=365),
            "crl_shard": 0,
            "reserved_at": now,
            "certificate_der": b"\x30\x00",
        }
        for _ in range(count)
    ]
    with services.database.begin() as connection:
        connection.execute(insert(certificates), rows)
    return [int(str(row["serial_number"])) for row in rows]


@pytest.mark.parametrize("hashed", [SHA1(), SHA256()], ids=["sha1", "sha256"])
def test_openssl_and_cryptography_accept_a_stored_answer_of_softhsm(
    initialised: Services,
    require: Callable[[str], str],
    tmp_path: Path,
    hashed: SHA1 | SHA256,
) -> None:
    certificate, issuer = a_certificate(initialised)
    sign_all(initialised)

    found = StoredAnswers(store=initialised.answer_store).find(ask(certificate, issuer, hashed))

    assert found is not None
    verify(read(found.der), issuer)
    (tmp_path / "answer.der").write_bytes(found.der)
    (tmp_path / "leaf.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (tmp_path / "issuer.pem").write_bytes(issuer.public_bytes(Encoding.PEM))
    root = initialised.authorities.chain(AUTHORITY)[-1]
    (tmp_path / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    question = ["-issuer", "issuer.pem", f"-{hashed.name}", "-cert", "leaf.pem", "-no_nonce"]
    said = subprocess.run(
        [require("openssl"), "ocsp", "-respin", "answer.der", *question, "-CAfile", "root.pem"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Response verify OK" in said.stderr
    assert "leaf.pem: good" in said.stdout


def signer_command(services: Services) -> list[str]:
    return list(services.ahead.worker_command("--once", "--json", "--authority", AUTHORITY))


def test_walkers_that_are_killed_again_and_again_leave_no_certificate_without_an_answer(
    initialised: Services,
) -> None:
    initialised.responder_renewal.renew_due()
    serial_numbers = fill(initialised, COUNT)
    initialised.ahead.follower.follow()
    initialised.ahead.walker().divide()
    store = initialised.answer_store
    stored = []
    for _ in range(KILLS):
        before = store.count()
        process = subprocess.Popen(signer_command(initialised), stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while store.count() < before + COUNT // 10 and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.002)
        process.kill()
        process.wait()
        stored.append(store.count())
        let_leases_end(initialised)
    # Nothing that was stored was lost, and each went on where the one before it was.
    assert stored == sorted(stored)
    assert stored[-1] >= KILLS * COUNT // 10 or stored[-1] >= COUNT

    said = subprocess.run(signer_command(initialised), capture_output=True, check=True)

    left = int(json.loads(said.stdout)["certificates"])
    # Of what was signed before, at most the page in hand of each that was killed is repeated.
    assert left <= COUNT - stored[-1] + KILLS * 500 + 100
    now = initialised.clock.now()
    for one in serial_numbers:
        octets = store.get(initialised.ahead.signing.key_of(AUTHORITY, one))
        assert octets is not None
        record = AnswerRecord.decode(octets)
        assert record.signatures is not None
        assert record.next_update > now + timedelta(hours=47)


def let_leases_end(services: Services) -> None:
    """What two minutes do."""
    with services.database.begin() as connection:
        connection.execute(
            update(signing_ranges)
            .where(signing_ranges.c.lease_until.is_not(None))
            .values(lease_until=services.clock.now())
        )


def test_the_status_signer_answers_a_revocation_by_itself_and_ends_when_it_is_asked_to(
    initialised: Services,
) -> None:
    certificate, issuer = a_certificate(initialised)
    home = str(initialised.home)
    command = [sys.executable, "-m", "camtrust.serving.processes", "status-signer", home, "1"]
    process = subprocess.Popen(command)
    try:
        question = ask(certificate, issuer)
        await_status(initialised, question, "GOOD")
        initialised.revocation.revoke(
            serial_number=certificate.serial_number, reason=RevocationReason.SUPERSEDED
        )
        # It was the delegate itself: another is certified, and signs that the first is revoked.
        await_status(initialised, question, "REVOKED")
        await_true(lambda: initialised.ahead.reports.report().lag_entries == 0)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
    finally:
        process.kill()
        process.wait()


def await_status(services: Services, question: bytes, wanted: str) -> None:
    def is_so() -> bool:
        found = StoredAnswers(store=services.answer_store).find(question)
        return found is not None and read(found.der).certificate_status.name == wanted

    await_true(is_so)


def await_true(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)
