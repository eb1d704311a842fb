"""One certificate: revoke, hold, release, and what is never allowed."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import update

from ca.models import certificates
from ca.revocation.errors import (
    AlreadyRevoked,
    CertificateExpired,
    CertificateUnknown,
    InvalidityDateRefused,
    NotOnHold,
    ReasonRefused,
    SerialAmbiguous,
)
from ca.revocation.reasons import RevocationReason, parse_reason
from ca.revocation.revocation import Revocation
from ca.revocation.standing import Standing
from ca.revocation.status import StatusDirectory
from tests.ca.revocation.world import World, entries_of

END_ENTITY_REASONS = [
    one
    for one in RevocationReason
    if one not in {RevocationReason.CA_COMPROMISE, RevocationReason.CERTIFICATE_HOLD}
]


@pytest.mark.parametrize("reason", END_ENTITY_REASONS)
def test_a_certificate_is_revoked_with_each_reason_and_logged(
    world: World, revocation: Revocation, reason: RevocationReason
) -> None:
    serial = world.issue("people-1").serial_number

    record = revocation.revoke(serial_number=serial, reason=reason)

    assert record.standing is Standing.REVOKED
    assert record.reason is reason
    entry = entries_of(world.database)[-1]
    assert entry.kind == "certificate-revoked"
    assert entry.facts["serial_number"] == f"{serial:x}"
    assert entry.facts["reason"] == reason
    assert entry.facts["stays_after_expiry"] is True


def test_a_confirmed_revocation_is_published_in_the_log(
    world: World, revocation: Revocation
) -> None:
    serial = world.issue("people-1").serial_number

    revocation.revoke(serial_number=serial, reason=RevocationReason.SUPERSEDED)

    checkpoint = world.log.published.checkpoint()
    assert checkpoint is not None
    assert checkpoint.size == len(entries_of(world.database))


@pytest.mark.parametrize(
    "word", ["unused", "removeFromCRL", "aACompromise", "KeyCompromise", "1", "", "keycompromise "]
)
def test_a_word_that_is_no_reason_is_refused(word: str) -> None:
    with pytest.raises(ReasonRefused):
        parse_reason(word)


def test_revoking_twice_with_one_reason_changes_nothing(
    world: World, revocation: Revocation
) -> None:
    serial = world.issue("people-1").serial_number
    first = revocation.revoke(serial_number=serial, reason=RevocationReason.SUPERSEDED)
    logged = len(entries_of(world.database))

    world.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]
    second = revocation.revoke(serial_number=serial, reason=RevocationReason.SUPERSEDED)

    assert second == first
    assert len(entries_of(world.database)) == logged


def test_a_revocation_is_for_good(world: World, revocation: Revocation) -> None:
    serial = world.issue("people-1").serial_number
    first = revocation.revoke(serial_number=serial, reason=RevocationReason.SUPERSEDED)

    with pytest.raises(AlreadyRevoked):
        revocation.release(serial_number=serial)
    with pytest.raises(AlreadyRevoked):
        revocation.hold(serial_number=serial)
    with pytest.raises(AlreadyRevoked):
        revocation.revoke(serial_number=serial, reason=RevocationReason.UNSPECIFIED)

    again = revocation.revoke(serial_number=serial, reason=RevocationReason.SUPERSEDED)
    assert again == first


def test_a_compromise_that_shows_later_replaces_the_reason_and_keeps_the_date(
    world: World, revocation: Revocation
) -> None:
    serial = world.issue("people-1").serial_number
    first = revocation.revoke(serial_number=serial, reason=RevocationReason.SUPERSEDED)
    world.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]

    second = revocation.revoke(serial_number=serial, reason=RevocationReason.KEY_COMPROMISE)

    assert second.reason is RevocationReason.KEY_COMPROMISE
    assert second.revoked_at == first.revoked_at
    assert second.changed_at > first.changed_at


def test_a_hold_can_be_released_and_the_certificate_is_good_again(
    world: World, revocation: Revocation
) -> None:
    serial = world.issue("people-1").serial_number
    directory = StatusDirectory(database=world.database)

    revocation.hold(serial_number=serial)
    held = directory.statuses("people-1", [serial])[serial]
    revocation.release(serial_number=serial)

    assert held.reason is RevocationReason.CERTIFICATE_HOLD
    assert directory.statuses("people-1", [serial])[serial].is_good
    assert [one.kind for one in entries_of(world.database)[-2:]] == [
        "certificate-held",
        "certificate-released",
    ]
    assert revocation.release(serial_number=serial).standing is Standing.RELEASED


def test_the_reason_certificate_hold_is_a_hold(world: World, revocation: Revocation) -> None:
    serial = world.issue("people-1").serial_number

    record = revocation.revoke(serial_number=serial, reason=RevocationReason.CERTIFICATE_HOLD)

    assert record.standing is Standing.ON_HOLD
    assert revocation.hold(serial_number=serial) == record


def test_a_hold_that_becomes_a_revocation_keeps_the_day_of_the_hold(
    world: World, revocation: Revocation
) -> None:
    serial = world.issue("people-1").serial_number
    held = revocation.hold(serial_number=serial)
    world.clock.advance(timedelta(days=2))  # type: ignore[attr-defined]

    revoked = revocation.revoke(serial_number=serial, reason=RevocationReason.KEY_COMPROMISE)

    assert revoked.standing is Standing.REVOKED
    assert revoked.revoked_at == held.revoked_at


def test_what_is_not_on_hold_cannot_be_released(world: World, revocation: Revocation) -> None:
    with pytest.raises(NotOnHold):
        revocation.release(serial_number=world.issue("people-1").serial_number)


def test_a_serial_number_never_given_out_is_unknown(world: World, revocation: Revocation) -> None:
    with pytest.raises(CertificateUnknown):
        revocation.revoke(serial_number=1234567, reason=RevocationReason.UNSPECIFIED)
    serial = world.issue("people-1").serial_number
    with pytest.raises(CertificateUnknown):
        revocation.hold(serial_number=serial, authority="root-1")


def test_a_serial_number_of_two_authorities_asks_which(
    world: World, revocation: Revocation
) -> None:
    mine, other = world.issue("people-1"), world.issue("root-1")
    with world.database.begin() as connection:
        connection.execute(
            update(certificates)
            .where(certificates.c.serial_number == other.serial_number)
            .values(serial_number=mine.serial_number)
        )

    with pytest.raises(SerialAmbiguous):
        revocation.hold(serial_number=mine.serial_number)

    assert revocation.hold(serial_number=mine.serial_number, authority="root-1")


def test_an_expired_certificate_keeps_its_status(world: World, revocation: Revocation) -> None:
    serial = world.issue("people-1", days=1).serial_number
    world.clock.advance(timedelta(days=2))  # type: ignore[attr-defined]

    with pytest.raises(CertificateExpired):
        revocation.revoke(serial_number=serial, reason=RevocationReason.UNSPECIFIED)


def test_ca_compromise_is_for_authorities_alone(world: World, revocation: Revocation) -> None:
    with pytest.raises(ReasonRefused):
        revocation.revoke(
            serial_number=world.issue("people-1").serial_number,
            reason=RevocationReason.CA_COMPROMISE,
        )

    record = revocation.revoke(
        serial_number=world.certificates["people-1"].serial_number,
        reason=RevocationReason.CA_COMPROMISE,
    )

    assert record.authority == "root-1"
    assert record.reason is RevocationReason.CA_COMPROMISE


def test_an_invalidity_date_lies_in_the_past(world: World, revocation: Revocation) -> None:
    serial = world.issue("people-1").serial_number
    now = world.clock.now()
    with pytest.raises(InvalidityDateRefused):
        revocation.revoke(
            serial_number=serial,
            reason=RevocationReason.KEY_COMPROMISE,
            invalidity_date=now + timedelta(hours=1),
        )

    record = revocation.revoke(
        serial_number=serial,
        reason=RevocationReason.KEY_COMPROMISE,
        invalidity_date=now - timedelta(days=30),
    )

    assert record.invalidity_date == now - timedelta(days=30)


def test_a_reserved_serial_number_is_born_revoked_and_not_answered_for_before(
    world: World, revocation: Revocation
) -> None:
    serial = world.issue("people-1", state="reserved").serial_number
    directory = StatusDirectory(database=world.database)

    revocation.revoke(serial_number=serial, reason=RevocationReason.KEY_COMPROMISE)
    assert directory.statuses("people-1", [serial]) == {}

    with world.database.begin() as connection:
        connection.execute(
            update(certificates)
            .where(certificates.c.serial_number == serial)
            .values(state="issued", certificate_der=b"\x30\x00")
        )
    assert not directory.statuses("people-1", [serial])[serial].is_good


def test_an_abandoned_serial_number_is_never_good(world: World, revocation: Revocation) -> None:
    serial = world.issue("people-1", state="abandoned").serial_number
    directory = StatusDirectory(database=world.database)
    assert directory.statuses("people-1", [serial]) == {}

    revocation.revoke(serial_number=serial, reason=RevocationReason.UNSPECIFIED)

    assert directory.statuses("people-1", [serial])[serial].reason is RevocationReason.UNSPECIFIED


def test_what_fails_in_the_log_is_not_revoked(
    world: World, revocation: Revocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    serial = world.issue("people-1").serial_number

    def fails(*_: object) -> list[int]:
        raise OSError("disk full")

    monkeypatch.setattr(world.log, "append", fails)
    with pytest.raises(OSError, match="disk full"):
        revocation.hold(serial_number=serial)

    assert StatusDirectory(database=world.database).statuses("people-1", [serial])[serial].is_good


def test_many_who_revoke_at_once_write_it_once(world: World, revocation: Revocation) -> None:
    serial = world.issue("people-1").serial_number
    failures: list[BaseException] = []

    def revoke() -> None:
        try:
            revocation.revoke(serial_number=serial, reason=RevocationReason.SUPERSEDED)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=revoke) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert failures == []
    kinds = [one.kind for one in entries_of(world.database)]
    assert kinds.count("certificate-revoked") == 1


def test_changes_of_a_shard_are_in_order_even_if_the_clock_stands(
    world: World, revocation: Revocation
) -> None:
    first = revocation.hold(serial_number=world.issue("people-1").serial_number)
    second = revocation.hold(serial_number=world.issue("people-1").serial_number)

    assert second.changed_at > first.changed_at


def test_a_holders_good_certificates_are_found_newest_first(
    world: World, revocation: Revocation
) -> None:
    first, second, held, gone = (
        world.issue("people-1", holder="responder:people-1", days=days).serial_number
        for days in (9, 9, 9, 1)
    )
    revocation.hold(serial_number=held)
    revocation.hold(serial_number=first)
    revocation.release(serial_number=first)
    world.issue("people-1", holder="person:2")
    world.clock.advance(timedelta(days=2))  # type: ignore[attr-defined]

    found = StatusDirectory(database=world.database).good_certificates_of(
        "responder:people-1", at=world.clock.now()
    )

    assert [one.serial_number for one in found] == [second, first]
    assert gone not in {one.serial_number for one in found}
