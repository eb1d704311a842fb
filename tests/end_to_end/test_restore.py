"""An old backup is restored: nothing is issued or answered until the log was replayed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select

from ca.csr import verify_csr
from ca.issuance.replay import AuthorityNotRestored
from ca.models import certificates, revocations
from ca.plan import CertificateRequest
from ca.revocation.reasons import RevocationReason
from camtrust.wiring import Services
from core.errors import CamtrustError
from core.transparency.entry import JsonValue, LogEntry
from core.transparency.errors import LogBehindPublication


def request(name: str, key: ec.EllipticCurvePrivateKey | None = None) -> CertificateRequest:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    csr = builder.sign(key or ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return CertificateRequest(
        profile="device",
        csr=verify_csr(csr.public_bytes(Encoding.DER)),
        holder=f"device:{name}",
        facts={
            "common_name": name,
            "device_serial_number": name,
            "organization_name": "Test Ministry",
        },
    )


class Restored:
    """A home whose database is older than its published log, and what happened in between."""

    def __init__(self, services: Services) -> None:
        self.old = services.issuance.issue(request("before")).serial_number
        services.crls.issue("devices-1", 0)
        database = services.home / "camtrust.db"
        backup = services.home.with_name("backup.db")
        services.close()
        shutil.copy(database, backup)
        later = Services(home=services.home)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.new = later.issuance.issue(request("after", self.key)).serial_number
        for serial in (self.old, self.new):
            later.revocation.revoke(
                serial_number=serial, authority="devices-1", reason=RevocationReason.SUPERSEDED
            )
        self.crl_number = later.crls.issue("devices-1", 0).number
        later.close()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{database}{suffix}").unlink(missing_ok=True)
        shutil.copy(backup, database)
        self.services = Services(home=services.home)


@pytest.fixture
def restored(initialised_sqlite: Services) -> Iterator[Restored]:
    restored = Restored(initialised_sqlite)
    yield restored
    restored.services.close()


def test_nothing_is_issued_from_a_restored_backup(restored: Restored) -> None:
    with pytest.raises(LogBehindPublication):
        restored.services.issuance.issue(request("too-early"))


def test_nothing_is_revoked_or_published_from_a_restored_backup(restored: Restored) -> None:
    services = restored.services
    with pytest.raises(LogBehindPublication):
        services.revocation.revoke(
            serial_number=restored.old,
            authority="devices-1",
            reason=RevocationReason.KEY_COMPROMISE,
        )
    with pytest.raises(LogBehindPublication):
        services.log.publish()
    with pytest.raises(CamtrustError):
        services.crls.issue("devices-1", 0)


def test_replaying_the_log_brings_serials_and_revocations_back(restored: Restored) -> None:
    services = restored.services
    assert services.log.catch_up(services.replay_entry) > 0
    assert services.monitor.run().is_clean
    with services.database.read() as connection:
        row = connection.execute(
            select(certificates).where(certificates.c.serial_number == restored.new)
        ).one()
        assert (row.state, row.certificate_der) == ("replayed", None)
        revoked = connection.scalars(
            select(revocations.c.serial_number).where(revocations.c.state == "revoked")
        ).all()
    assert {restored.old, restored.new} <= set(revoked)


def test_after_the_replay_issuing_goes_on_and_crl_numbers_still_rise(restored: Restored) -> None:
    services = restored.services
    services.log.catch_up(services.replay_entry)
    services.issuance.issue(request("later"))
    assert services.crls.issue("devices-1", 0).number > restored.crl_number
    # The key was certified for somebody whom the backup does not know: it is nobody else's.
    with pytest.raises(CamtrustError, match="another holder"):
        services.issuance.issue(request("another", restored.key))


def test_a_backup_from_before_a_ceremony_is_refused_with_what_to_do(
    initialised_sqlite: Services,
) -> None:
    facts: dict[str, JsonValue] = {"authority": "people-9", "serial_number": "1"}
    entry = LogEntry("certificate-reserved", initialised_sqlite.clock.now(), facts)
    with (
        initialised_sqlite.database.begin() as connection,
        pytest.raises(AuthorityNotRestored, match="after it"),
    ):
        initialised_sqlite.replay_entry(connection, 0, entry)
