"""The server's own key and certificate: made when first needed, replaced in time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ca.revocation.reasons import RevocationReason
from core.leases import Leases
from enrollment.cmp.certifying import HOLDER, PROFILE, ServerCertificateMissing
from hsm.errors import TokenUnavailable
from hsm.keys import KeyState
from tests.enrollment.world import World


def states(world: World) -> list[KeyState]:
    return [one.state for one in world.keys.records()]


def test_the_first_answer_to_sign_has_a_certificate_made(world: World) -> None:
    own = world.cmp.server_certificates
    assert own.name() is None
    signer = own.signer()
    assert own.signer().certificate == signer.certificate
    assert own.name() == signer.certificate.subject.public_bytes()
    [held] = world.register.page(limit=1)
    assert (held.profile, held.holder) == (PROFILE, HOLDER)
    assert [one.subject for one in signer.chain] == [signer.certificate.issuer]
    assert states(world) == [KeyState.ACTIVE]


def test_it_is_replaced_a_month_before_its_end_and_the_old_key_destroyed_after(
    world: World,
) -> None:
    own = world.cmp.server_certificates
    assert own.renew_due()
    first = own.signer().certificate
    world.clock.advance(timedelta(days=59))
    assert own.renew_due()
    assert own.signer().certificate == first
    world.clock.advance(timedelta(days=2))
    assert own.renew_due()
    second = own.signer().certificate
    assert second.public_key() != first.public_key()
    assert states(world) == [KeyState.ACTIVE, KeyState.ACTIVE]
    world.clock.advance(timedelta(days=61))
    assert own.renew_due()
    assert states(world)[0] is KeyState.DESTROYED


def test_a_revoked_one_is_replaced_at_once(world: World) -> None:
    own = world.cmp.server_certificates
    first = own.signer().certificate
    world.revocation.revoke(
        serial_number=first.serial_number, reason=RevocationReason.KEY_COMPROMISE
    )
    assert own.signer().certificate != first


def test_a_lost_key_is_replaced(world: World) -> None:
    own = world.cmp.server_certificates
    first = own.signer()
    del world.keys.held[first.key.key_id]
    assert own.signer().key.key_id != first.key.key_id


def test_a_token_that_is_away_is_waited_for(world: World) -> None:
    own = world.cmp.server_certificates
    first = own.signer().certificate
    world.keys.away = True
    for act in (own.signer, own.renew_due):
        with pytest.raises(TokenUnavailable):
            act()
    world.keys.away = False
    assert own.signer().certificate == first
    assert len(world.keys.records()) == 1


def test_before_the_ceremony_there_is_nobody_to_ask(world: World) -> None:
    with world.database.begin() as connection:
        connection.exec_driver_sql("UPDATE authorities SET state = 'retired'")
    world.authorities.forget()
    own = world.cmp.server_certificates
    assert own.renew_due() is False
    with pytest.raises(ServerCertificateMissing):
        own.signer()
    assert world.keys.records() == []


def test_one_process_renews_at_a_time(world: World) -> None:
    leases = Leases(database=world.database, clock=world.clock)
    assert leases.take("cmp-server", holder="another", duration=timedelta(minutes=5))
    assert world.cmp.server_certificates.renew_due() is False
    world.clock.advance(timedelta(minutes=6))
    assert world.cmp.server_certificates.renew_due()
