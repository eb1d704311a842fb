"""The one path by which certificates come to be, on real tokens and databases."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import insert, select, update

from ca.authorities import AuthorityNotIssuing
from ca.issuance import Issuance, IssuedCertificate
from ca.issuance.errors import (
    IssuanceInProgress,
    KeyBelongsToAnother,
    KeyBlocked,
    SignatureMismatch,
)
from ca.issuance.record import LEASE
from ca.issuance.serial_numbers import new_serial_number
from ca.models import authorities, blocked_keys, certificates, revocations
from camtrust.wiring import Services
from core.errors import CamtrustError, Unavailable
from core.transparency.errors import LogUnavailable
from hsm.errors import TokenUnavailable

Ask = Callable[..., Any]


def row_of(services: Services, serial_number: int) -> Any:
    with services.database.read() as connection:
        return connection.execute(
            select(certificates).where(certificates.c.serial_number == serial_number)
        ).one()


def only_row(services: Services, reference: str) -> Any:
    with services.database.read() as connection:
        return connection.execute(
            select(certificates).where(certificates.c.reference == reference)
        ).one()


def standing_of(services: Services, serial_number: int) -> str | None:
    with services.database.read() as connection:
        return connection.scalar(
            select(revocations.c.state).where(revocations.c.serial_number == serial_number)
        )


def test_openssl_verifies_what_is_issued(
    initialised: Services, ask: Ask, tmp_path: Path, require: Callable[[str], str]
) -> None:
    issued = initialised.issuance.issue(ask("sensor-1"))
    leaf, *chain = (
        x509.load_der_x509_certificate(issued.certificate_der),
        *initialised.authorities.chain(issued.authority),
    )
    for name, members in (("leaf", [leaf]), ("root", chain[-1:]), ("chain", chain[:-1])):
        pem = b"".join(one.public_bytes(Encoding.PEM) for one in members)
        (tmp_path / f"{name}.pem").write_bytes(pem)
    command = ["verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted", "chain.pem"]
    done = subprocess.run(
        [require("openssl"), *command, "leaf.pem"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "leaf.pem: OK", done.stderr


def test_what_is_issued_is_stored_logged_and_published(initialised: Services, ask: Ask) -> None:
    issued = initialised.issuance.issue(ask("sensor-1"))
    row = row_of(initialised, issued.serial_number)
    assert (row.state, row.certificate_der) == ("issued", issued.certificate_der)
    checkpoint = initialised.log.published.checkpoint()
    assert checkpoint is not None
    assert checkpoint.size > issued.log_index
    assert initialised.monitor.run().is_clean


def test_serial_numbers_have_159_random_bits_and_are_positive() -> None:
    numbers = [new_serial_number() for _ in range(2000)]
    assert len(set(numbers)) == len(numbers)
    assert max(numbers) < 1 << 159
    assert max(number.bit_length() for number in numbers) == 159
    assert min(numbers) > 0


def test_one_reference_gets_one_certificate(initialised: Services, ask: Ask) -> None:
    request = ask("sensor-1", reference="application:1")
    first = initialised.issuance.issue(request)
    assert initialised.issuance.issue(request) == first


def test_many_threads_with_one_reference_get_one_certificate(
    initialised: Services, ask: Ask
) -> None:
    request = ask("sensor-1", reference="application:1")

    def attempt(_number: int) -> IssuedCertificate | CamtrustError:
        return initialised.issuance.issue_many([request])[0]

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(8)))
    issued = {one.serial_number for one in outcomes if isinstance(one, IssuedCertificate)}
    assert len(issued) == 1
    assert all(isinstance(one, IssuedCertificate | IssuanceInProgress) for one in outcomes), (
        outcomes
    )


def test_a_key_of_another_holder_is_refused(initialised: Services, ask: Ask) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    initialised.issuance.issue(ask("sensor-1", key=key))
    with pytest.raises(KeyBelongsToAnother):
        initialised.issuance.issue(ask("sensor-2", key=key))
    initialised.issuance.issue(ask("sensor-1", key=key))


def test_two_holders_racing_with_one_key_do_not_both_get_it(
    initialised: Services, ask: Ask
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    requests = [ask(f"sensor-{number}", key=key) for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(lambda one: initialised.issuance.issue_many([one])[0], requests))
    issued = [one for one in outcomes if isinstance(one, IssuedCertificate)]
    assert len(issued) <= 1
    assert all(
        isinstance(one, IssuedCertificate | KeyBelongsToAnother | IssuanceInProgress)
        for one in outcomes
    ), outcomes


def test_a_blocked_key_is_refused(initialised_sqlite: Services, ask: Ask) -> None:
    request = ask("sensor-1")
    with initialised_sqlite.database.begin() as connection:
        connection.execute(
            insert(blocked_keys).values(
                public_key_sha256=request.csr.public_key_sha256,
                reason="keyCompromise",
                blocked_at=initialised_sqlite.clock.now(),
            )
        )
    with pytest.raises(KeyBlocked):
        initialised_sqlite.issuance.issue(request)


def test_one_refusal_does_not_hold_up_the_batch(initialised: Services, ask: Ask) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    requests = [
        ask("sensor-1", key=key),
        ask("sensor-2", key=key),
        ask("sensor-3", organization_name="x\x00y"),
        ask("sensor-4"),
    ]
    outcomes = initialised.issuance.issue_many(requests)
    assert [isinstance(one, IssuedCertificate) for one in outcomes] == [True, False, False, True]
    assert isinstance(outcomes[1], KeyBelongsToAnother)


def test_a_retired_authority_issues_nothing(initialised_sqlite: Services, ask: Ask) -> None:
    with initialised_sqlite.database.begin() as connection:
        connection.execute(
            update(authorities).where(authorities.c.name == "devices-1").values(state="retired")
        )
    initialised_sqlite.authorities.forget()
    with pytest.raises(AuthorityNotIssuing):
        initialised_sqlite.issuance.issue(ask("sensor-1", authority="devices-1"))


def test_nothing_is_issued_while_the_log_cannot_be_written(
    initialised_sqlite: Services, ask: Ask
) -> None:
    folder = initialised_sqlite.log_settings.folder
    aside = folder.with_name("log-aside")
    initialised_sqlite.issuance.issue(ask("sensor-1"))
    folder.rename(aside)
    folder.write_text("a file where the folder was")
    with pytest.raises(LogUnavailable):
        initialised_sqlite.issuance.issue(ask("sensor-2", reference="application:2"))
    with initialised_sqlite.database.read() as connection:
        query = select(certificates).where(certificates.c.reference == "application:2")
        assert connection.execute(query).first() is None
    folder.unlink()
    aside.rename(folder)
    initialised_sqlite.issuance.issue(ask("sensor-2", reference="application:2"))


def test_a_token_that_goes_away_costs_a_serial_number_and_comes_back_by_itself(
    initialised_sqlite: Services, ask: Ask
) -> None:
    tokens = initialised_sqlite.home / "tokens"
    aside = tokens.with_name("tokens-aside")
    initialised_sqlite.issuance.issue(ask("sensor-1"))
    tokens.rename(aside)
    initialised_sqlite.keys.close()
    del initialised_sqlite.__dict__["keys"]
    fresh = Services(home=initialised_sqlite.home)
    try:
        with pytest.raises(TokenUnavailable):
            fresh.issuance.issue(ask("sensor-2", reference="application:2"))
        aside.rename(tokens)
        issued = _until_available(fresh.issuance, ask("sensor-2", reference="application:2"))
    finally:
        fresh.close()
        shutil.rmtree(aside, ignore_errors=True)
    assert isinstance(issued, IssuedCertificate)


def _until_available(issuance: Issuance, request: Any) -> IssuedCertificate:
    for _attempt in range(20):
        try:
            return issuance.issue(request)
        except Unavailable:
            # The module is restarted once a second at most.
            import time

            time.sleep(0.2)
    return issuance.issue(request)


class FaultyKey:
    """A key whose token returns signatures with a bit changed."""

    def __init__(self, key: Any) -> None:
        self.key_id, self.algorithm, self.public_key = key.key_id, key.algorithm, key.public_key
        self._key = key

    def sign(self, message: bytes) -> bytes:
        # Another message's signature: well-formed, and not over what was linted.
        signature: bytes = self._key.sign(message + b"\x00")
        return signature


class FaultyKeys:
    """A key store whose keys are faulty."""

    def __init__(self, keys: Any) -> None:
        self._keys = keys

    def signing_key(self, key_id: bytes) -> FaultyKey:
        return FaultyKey(self._keys.signing_key(key_id))


def with_keys(services: Services, keys: Any) -> Issuance:
    return Issuance(
        database=services.database,
        log=services.log,
        keys=keys,
        authorities=services.authorities,
        profiles=services.profiles,
        linter=services.linter,
        recovery=services.recovery,
        clock=services.clock,
    )


def test_a_wrong_signature_is_noticed_and_its_serial_number_revoked(
    initialised_sqlite: Services, ask: Ask
) -> None:
    issuance = with_keys(initialised_sqlite, FaultyKeys(initialised_sqlite.keys))
    with pytest.raises(SignatureMismatch):
        issuance.issue(ask("sensor-1", reference="application:1"))
    row = only_row(initialised_sqlite, "application:1")
    assert (row.state, row.certificate_der) == ("abandoned", None)
    assert standing_of(initialised_sqlite, row.serial_number) == "revoked"
    # Asked again with a sound token, the same reference gets a new serial number.
    issued = initialised_sqlite.issuance.issue(ask("sensor-1", reference="application:1"))
    assert issued.serial_number != row.serial_number


class SlowKey:
    """A key whose token signs for so long that the lease runs out."""

    def __init__(self, key: Any, services: Services) -> None:
        self.key_id, self.algorithm, self.public_key = key.key_id, key.algorithm, key.public_key
        self._key = key
        self._services = services

    def sign(self, message: bytes) -> bytes:
        with self._services.database.begin() as connection:
            connection.execute(
                update(certificates)
                .where(certificates.c.state == "reserved")
                .values(lease_until=self._services.clock.now() - timedelta(seconds=1))
            )
        assert self._services.recovery.recover() == 1
        signature: bytes = self._key.sign(message)
        return signature


class SlowKeys:
    """A key store whose keys are slow."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def signing_key(self, key_id: bytes) -> SlowKey:
        return SlowKey(self._services.keys.signing_key(key_id), self._services)


def test_a_certificate_signed_after_its_lease_is_not_handed_out(
    initialised: Services, ask: Ask
) -> None:
    issuance = with_keys(initialised, SlowKeys(initialised))
    outcome = issuance.issue_many([ask("sensor-1", reference="application:1")])[0]
    assert isinstance(outcome, Unavailable)
    row = only_row(initialised, "application:1")
    assert (row.state, row.certificate_der) == ("abandoned", None)
    assert standing_of(initialised, row.serial_number) == "revoked"


def test_a_reservation_is_left_alone_while_its_lease_lasts(
    initialised_sqlite: Services, ask: Ask
) -> None:
    assert initialised_sqlite.recovery.recover() == 0
    assert timedelta(minutes=1) < LEASE
