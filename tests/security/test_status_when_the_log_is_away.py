"""No status answer says good of what is revoked, whatever was restored and whatever is away."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from ca.revocation.reasons import RevocationReason
from camtrust.wiring import Services
from ocsp.response import ResponseStatus

Ask = Callable[..., Any]


def question(services: Services, issued: Any) -> bytes:
    certificate = x509.load_der_x509_certificate(issued.certificate_der)
    issuer = services.authorities.authority(issued.authority).certificate
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, SHA256())
    return builder.build().public_bytes(Encoding.DER)


@contextmanager
def log_away(services: Services) -> Iterator[None]:
    # A file in its place: root could write into a folder without any permission.
    folder = services.log_settings.folder
    aside = folder.with_name("log-aside")
    folder.rename(aside)
    folder.write_text("")
    try:
        yield
    finally:
        folder.unlink()
        aside.rename(folder)


def back_up(services: Services) -> Path:
    services.database.close()
    return Path(shutil.copy(services.home / "camtrust.db", services.home.parent / "backup.db"))


def restore(services: Services, backup: Path) -> None:
    services.database.close()
    for one in services.home.glob("camtrust.db-*"):
        one.unlink()
    shutil.copy(backup, services.home / "camtrust.db")


def test_an_old_backup_gives_no_answers_while_the_log_is_away(
    initialised_sqlite: Services, ask: Ask
) -> None:
    services = initialised_sqlite
    issued = services.issuance.issue(ask("sensor-1"))
    asked = question(services, issued)
    assert services.ocsp.answer(asked).status is ResponseStatus.SUCCESSFUL
    backup = back_up(services)
    services.revocation.revoke(
        serial_number=issued.serial_number, reason=RevocationReason.KEY_COMPROMISE
    )
    restore(services, backup)
    after_a_restart = Services(home=services.home)
    try:
        with log_away(services):
            assert after_a_restart.ocsp.answer(asked).status is ResponseStatus.TRY_LATER
        # The log is back and tells that the database is older.
        assert after_a_restart.ocsp.answer(asked).status is ResponseStatus.TRY_LATER
    finally:
        after_a_restart.close()


def test_a_process_that_knew_the_database_goes_on_answering_while_the_log_is_away(
    initialised_sqlite: Services, ask: Ask
) -> None:
    services = initialised_sqlite
    asked = question(services, services.issuance.issue(ask("sensor-1")))
    assert services.ocsp.answer(asked).status is ResponseStatus.SUCCESSFUL
    services.ocsp._restoration._good_until = float("-inf")
    with log_away(services):
        assert services.ocsp.answer(asked).status is ResponseStatus.SUCCESSFUL
