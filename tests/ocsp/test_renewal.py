"""Responders are certified by themselves, by real issuance with keys in SoftHSM."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from hsm.keys import KeyState
from ocsp.commands import ocsp_commands
from ocsp.identities import holder_of
from ocsp.responder import StatusResponder
from tests.ca.revocation.world import World
from tests.ocsp.questions import ask, read

if TYPE_CHECKING:
    from camtrust.wiring import Services

RENEWABLE = {"people-1", "organizations-1", "devices-1", "programs-1", "camdx-1"}


class MovingClock:
    """The machine's time, moved by the test."""

    def __init__(self) -> None:
        self.by = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.by


@pytest.fixture
def moving(initialised_sqlite: Services) -> MovingClock:
    clock = MovingClock()
    initialised_sqlite.clock = clock
    return clock


def delegates(services: Services, authority: str) -> list[x509.Certificate]:
    now = services.clock.now()
    held = services.statuses.good_certificates_of(holder_of(authority), at=now)
    return [x509.load_der_x509_certificate(one.certificate_der) for one in held]


def test_each_authority_gets_a_delegate_of_its_own_and_camdx_an_rsa_one(
    initialised_sqlite: Services,
) -> None:
    services = initialised_sqlite

    assert set(services.responder_renewal.renew_due()) == RENEWABLE
    assert services.responder_renewal.renew_due() == []

    for authority in RENEWABLE:
        [certificate] = delegates(services, authority)
        certificate.verify_directly_issued_by(services.authorities.authority(authority).certificate)
        assert certificate.extensions.get_extension_for_class(x509.OCSPNoCheck)
        is_rsa = isinstance(certificate.public_key(), rsa.RSAPublicKey)
        assert is_rsa == (authority == "camdx-1")


def test_a_delegate_is_replaced_a_week_before_it_runs_out_and_its_key_destroyed_after(
    initialised_sqlite: Services, moving: MovingClock
) -> None:
    services = initialised_sqlite
    services.responder_renewal.renew_due()
    [first] = delegates(services, "people-1")

    moving.by = timedelta(days=6)
    assert services.responder_renewal.renew_due() == []
    moving.by = timedelta(days=8)
    assert set(services.responder_renewal.renew_due()) == RENEWABLE
    second, still_good = delegates(services, "people-1")
    assert still_good == first
    assert second.not_valid_after_utc > first.not_valid_after_utc
    moving.by = timedelta(days=16)
    services.responder_renewal.renew_due()

    states = {
        record.state
        for record in services.keys.records()
        if record.label.startswith("ocsp-responder-people-1-")
    }
    assert states == {KeyState.ACTIVE, KeyState.DESTROYED}
    assert first not in delegates(services, "people-1")


def test_the_first_question_certifies_a_delegate_on_the_spot(
    initialised_sqlite: Services,
) -> None:
    services = initialised_sqlite
    services.responder_renewal.renew("people-1")
    [delegate] = delegates(services, "people-1")
    services.responder_renewal.renew("camdx-1")
    [other] = delegates(services, "camdx-1")
    assert delegates(services, "devices-1") == []

    for authority, certificate in (("people-1", delegate), ("camdx-1", other)):
        issuer = services.authorities.authority(authority).certificate
        response = read(services.ocsp.answer(ask(certificate, issuer)).der)
        assert response.serial_number == certificate.serial_number


def test_many_who_renew_at_once_certify_one(initialised_sqlite: Services) -> None:
    services = initialised_sqlite
    failures: list[BaseException] = []

    def renew() -> None:
        try:
            services.responder_renewal.renew("people-1")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=renew) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert failures == []
    assert len(delegates(services, "people-1")) == 1


def test_the_root_is_left_to_ceremonies(initialised_sqlite: Services) -> None:
    before = delegates(initialised_sqlite, "root-1")

    assert not initialised_sqlite.responder_renewal.renew("root-1")
    assert delegates(initialised_sqlite, "root-1") == before
    assert len(before) == 1


def test_the_commands_renew_list_and_answer(
    initialised_sqlite: Services, tmp_path_factory: pytest.TempPathFactory
) -> None:
    services, folder = initialised_sqlite, tmp_path_factory.mktemp("answers")
    run = CliRunner().invoke
    assert "people-1" in run(ocsp_commands, ["renew"], obj=services).output
    assert run(ocsp_commands, ["renew"], obj=services).output == "No responder is due.\n"
    listed = run(ocsp_commands, ["responders"], obj=services).output
    assert "health-1: nobody" in listed
    [delegate] = delegates(services, "people-1")
    issuer = services.authorities.authority("people-1").certificate
    (folder / "request").write_bytes(ask(delegate, issuer))
    (folder / "nonsense").write_bytes(b"nonsense")
    out = ["--out", str(folder / "response")]

    done = run(ocsp_commands, ["answer", str(folder / "request"), *out], obj=services)
    assert done.exit_code == 0, done.output
    assert read((folder / "response").read_bytes()).serial_number == delegate.serial_number
    refused = run(ocsp_commands, ["answer", str(folder / "nonsense"), *out], obj=services)
    assert refused.exception is not None
    assert "malformed request" in str(refused.exception)


def test_an_authority_without_responders_asks_to_try_later(
    world: World, responder: StatusResponder
) -> None:
    world.add_authority("health-1")
    certificate = world.issue("health-1")

    answer = responder.answer(ask(certificate, world.certificates["health-1"]))

    assert answer.der == bytes.fromhex("30030a0103")


def test_a_delegate_whose_key_was_lost_is_replaced_at_once(initialised_sqlite: Services) -> None:
    services = initialised_sqlite
    services.responder_renewal.renew_due()
    [first] = services.statuses.good_certificates_of(holder_of("people-1"), at=services.clock.now())
    services.keys.change_state(first.key_id, KeyState.SUSPENDED, reason="its token was lost")

    assert services.responder_renewal.renew_due() == ["people-1"]

    assert services.ocsp_identities.identity("people-1").not_after >= first.not_after
