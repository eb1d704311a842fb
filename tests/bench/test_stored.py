"""A filled home is one that issuance, the log and its monitor take for their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from sqlalchemy import func, select

from bench.issuance.homes import AUTHORITIES, Home, key_ids, measured_home
from bench.issuance.requests import decided_requests
from ca.models import certificates
from camtrust.wiring import Services

STORED = 7


def test_filled_certificates_are_stored_logged_and_published(
    tmp_path: Path, require: Callable[[str], str]
) -> None:
    require("softhsm2-util")
    with measured_home(tmp_path / "home", stored=STORED, database_url=None) as home:
        services = Services(home=home.folder)
        try:
            check_filled(services)
        finally:
            services.close()
        check_keys(home)


def check_filled(services: Services) -> None:
    filled = certificates.c.authority == "people-1"
    with services.database.read() as connection:
        rows = connection.execute(select(certificates).where(filled)).all()
        size = connection.scalar(select(func.max(certificates.c.log_index)).where(filled))
    # One was issued as the pattern of the others.
    assert len(rows) == STORED + 1
    for row in rows:
        certificate = x509.load_der_x509_certificate(row.certificate_der)
        assert certificate.serial_number == row.serial_number
    checkpoint = services.log.published.checkpoint()
    assert checkpoint is not None
    assert checkpoint.size > (size or 0)
    assert services.monitor.run().findings == []
    [request] = decided_requests(1, authority="people-1")
    assert services.issuance.issue(request).log_index >= checkpoint.size


def check_keys(home: Home) -> None:
    assert set(key_ids(home)) == set(AUTHORITIES.values())
