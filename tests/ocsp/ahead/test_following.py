"""The follower: what the log changed is in the store when its round ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import delete, update

from ca.models import certificates
from ca.revocation.changes import apply_wish, targets_where
from ca.revocation.reasons import RevocationReason
from ca.revocation.standing import Revoke
from core.transparency.errors import LogBehindPublication
from core.transparency.models import log_entries, log_state
from ocsp.ahead.position import read_position, store_id
from ocsp.stored.answers import keep_template
from ocsp.stored.heartbeat import read_heartbeat
from ocsp.stored.record import AnswerRecord
from tests.ocsp.ahead.signing_world import Ahead, Tokens
from tests.ocsp.conftest import add_delegate
from tests.ocsp.test_answers import verify

HOLD = RevocationReason.CERTIFICATE_HOLD
SUPERSEDED = RevocationReason.SUPERSEDED


def test_what_is_issued_is_answered_good_by_both_hashes_after_one_round(ahead: Ahead) -> None:
    certificate = ahead.issue()
    assert ahead.status_of(certificate) is None

    assert ahead.follower.follow().signed == 1

    for hashed in (None, SHA256()):
        answer = ahead.answer(certificate, hashed=hashed)
        assert answer is not None
        verify(answer, ahead.world.certificates["people-1"])
        assert answer.certificate_status.name == "GOOD"
        assert answer.this_update_utc == answer.produced_at_utc == ahead.clock.now()
        assert answer.next_update_utc == ahead.clock.now() + timedelta(hours=48)


def test_camdx_answers_hold_for_eight_hours(ahead: Ahead) -> None:
    certificate = ahead.issue("camdx-1")
    ahead.follower.follow()
    answer = ahead.answer(certificate, "camdx-1")
    assert answer is not None
    verify(answer, ahead.world.certificates["camdx-1"])
    assert answer.next_update_utc == ahead.clock.now() + timedelta(hours=8)


def test_revoked_held_and_released_are_answered_so_after_one_round(ahead: Ahead) -> None:
    revoked, held = ahead.issue(), ahead.issue()
    ahead.follower.follow()
    ahead.revocation.revoke(serial_number=revoked.serial_number, reason=SUPERSEDED)
    ahead.revocation.revoke(serial_number=held.serial_number, reason=HOLD)

    ahead.follower.follow()
    assert (ahead.status_of(revoked), ahead.status_of(held)) == ("REVOKED", "REVOKED")
    answer = ahead.answer(revoked)
    assert answer is not None
    assert answer.revocation_time_utc == ahead.clock.now()
    assert answer.revocation_reason is not None
    assert answer.revocation_reason.name == "superseded"

    ahead.revocation.release(serial_number=held.serial_number)
    ahead.follower.follow()
    assert ahead.status_of(held) == "GOOD"


def test_the_heartbeat_says_until_when_everything_is_in_the_store(ahead: Ahead) -> None:
    ahead.clock.advance(timedelta(minutes=1))
    ahead.follower.follow()
    assert read_heartbeat(ahead.store) == int(ahead.clock.now().timestamp())


def test_with_the_token_away_no_good_answer_stays_and_it_heals_by_itself(
    ahead: Ahead, tokens: Tokens
) -> None:
    revoked, released, other = (ahead.issue() for _ in range(3))
    ahead.revocation.revoke(serial_number=released.serial_number, reason=HOLD)
    ahead.follower.follow()
    ahead.walk()
    tokens.away = True
    ahead.revocation.revoke(serial_number=revoked.serial_number, reason=SUPERSEDED)
    ahead.revocation.release(serial_number=released.serial_number)
    late = ahead.issue()

    followed = ahead.follower.follow()

    assert (followed.signed, followed.taken_back) == (0, 2)
    assert ahead.status_of(revoked) is None
    assert ahead.status_of(released) is None
    assert ahead.status_of(other) == "GOOD"
    report = ahead.reports().report()
    assert report.lag_entries == 0
    assert sum(one.to_mend for one in report.authorities) >= 1

    ahead.walk()  # Tries, and leaves it for later.
    tokens.away = False
    assert ahead.walk() == 0
    ahead.clock.advance(timedelta(seconds=10))
    assert ahead.walk() >= 1
    assert ahead.status_of(revoked) == "REVOKED"
    assert (ahead.status_of(released), ahead.status_of(late)) == ("GOOD", "GOOD")
    assert sum(one.to_mend for one in ahead.reports().report().authorities) == 0


def test_a_mass_revocation_takes_effect_before_it_is_signed(ahead: Ahead) -> None:
    certificates = [ahead.issue() for _ in range(30)]
    ahead.follower.follow()
    ahead.walk()
    for one in certificates:
        ahead.revocation.revoke(serial_number=one.serial_number, reason=SUPERSEDED)

    followed = ahead.make_follower(most_signed=10).follow()

    assert (followed.signed, followed.taken_back) == (0, 30)
    assert {ahead.status_of(one) for one in certificates} == {None}
    ahead.walk()
    assert {ahead.status_of(one) for one in certificates} == {"REVOKED"}


def test_thousands_that_are_revoked_at_once_are_all_taken_back_and_signed(ahead: Ahead) -> None:
    database = ahead.world.database
    serial_numbers = ahead.world.issue_many("people-1", 3_000)
    ahead.walk()
    with database.begin() as connection:
        apply_wish(
            connection,
            log=ahead.world.log,
            retention=ahead.retention,
            targets=targets_where(connection, certificates.c.profile == "device"),
            wish=Revoke(RevocationReason.CESSATION_OF_OPERATION),
            now=ahead.clock.now(),
        )

    followed = ahead.follower.follow()

    assert (followed.signed, followed.taken_back) == (0, 3_000)
    assert set(standings(ahead, serial_numbers)) == {None}
    assert ahead.reports().report().lag_entries == 0
    ahead.walk()
    assert set(standings(ahead, serial_numbers)) == {RevocationReason.CESSATION_OF_OPERATION}


def standings(ahead: Ahead, serial_numbers: list[int]) -> Iterator[RevocationReason | None]:
    """The reasons of stored answers; None for those that were taken back."""
    for one in serial_numbers:
        octets = ahead.store.get(ahead.signing.key_of("people-1", one))
        assert octets is not None
        record = AnswerRecord.decode(octets)
        assert (record.signatures is None) == (record.reason is None)
        yield record.reason


def test_a_revoked_delegate_takes_all_its_answers_along_and_the_next_signs_them(
    ahead: Ahead,
) -> None:
    certificate, other = ahead.issue(), ahead.issue("camdx-1")
    ahead.follower.follow()
    ahead.walk()
    answer = ahead.answer(certificate)
    assert answer is not None
    serial_number = answer.certificates[0].serial_number
    add_delegate(ahead.world, "people-1")
    ahead.revocation.revoke(serial_number=serial_number, reason=RevocationReason.KEY_COMPROMISE)

    ahead.follower.follow()

    assert ahead.status_of(certificate) is None
    assert ahead.status_of(other, "camdx-1") == "GOOD"
    ahead.walk()
    answer = ahead.answer(certificate)
    assert answer is not None
    assert answer.certificates[0].serial_number != serial_number
    # A signer that learns of it late cannot put the old template back.
    verify(answer, ahead.world.certificates["people-1"])


def test_without_any_delegate_what_is_revoked_is_taken_back(ahead: Ahead) -> None:
    certificate = ahead.issue()
    ahead.follower.follow()
    ahead.clock.advance(timedelta(days=14))
    ahead.revocation.revoke(serial_number=certificate.serial_number, reason=SUPERSEDED)
    assert ahead.follower.follow().taken_back == 1
    assert ahead.status_of(certificate) is None


def test_a_restored_database_stops_the_follower_until_it_has_caught_up(ahead: Ahead) -> None:
    certificate = ahead.issue()
    ahead.follower.follow()
    ahead.world.log.publish()
    before = read_position(ahead.store)
    heartbeat = read_heartbeat(ahead.store)
    ahead.clock.advance(timedelta(seconds=5))
    forget_the_log(ahead)

    with pytest.raises(LogBehindPublication):
        ahead.follower.follow()

    assert read_position(ahead.store) == before
    assert read_heartbeat(ahead.store) == heartbeat
    # Nor does a walker sign what the backup says.
    ahead.clock.advance(timedelta(days=1))
    ahead.walk()
    answer = ahead.answer(certificate)
    assert answer is not None
    assert answer.this_update_utc < ahead.clock.now() - timedelta(hours=23)


def test_a_log_that_lost_entries_which_were_never_published_empties_the_store(
    ahead: Ahead,
) -> None:
    certificate = ahead.issue()
    ahead.follower.follow()
    name = store_id(ahead.store)
    forget_the_log(ahead)

    ahead.follower.follow()

    assert store_id(ahead.store) != name
    assert ahead.status_of(certificate) is None
    ahead.walk()
    assert ahead.status_of(certificate) == "GOOD"


def test_another_log_of_the_same_size_empties_the_store_too(ahead: Ahead) -> None:
    certificate = ahead.issue()
    ahead.follower.follow()
    name = store_id(ahead.store)
    forget_the_log(ahead)
    other = ahead.issue()

    ahead.follower.follow()

    assert store_id(ahead.store) != name
    ahead.walk()
    assert {ahead.status_of(one) for one in (certificate, other)} == {"GOOD"}


def test_an_old_delegate_that_signs_late_cannot_have_its_answers_given_again(
    ahead: Ahead,
) -> None:
    certificate = ahead.issue()
    ahead.follower.follow()
    late = ahead.make_signing()
    responding = late.responding("people-1")
    ahead.revocation.revoke(
        serial_number=responding.template.serial_number, reason=RevocationReason.KEY_COMPROMISE
    )
    ahead.follower.follow()

    # It had looked before the revocation, and writes after it.
    statuses = list(ahead.statuses.statuses("people-1", [certificate.serial_number]).values())
    signed = late.sign(
        "people-1", statuses, version=1 << 40, read_at=ahead.clock.now(), responding=responding
    )
    ahead.store.write(signed.records)
    keep_template(ahead.store, responding.template)
    assert ahead.status_of(certificate) is None


def forget_the_log(ahead: Ahead) -> None:
    """Have the database as it was before its first entry, as a backup of then has it."""
    with ahead.world.database.begin() as connection:
        connection.execute(delete(log_entries))
        connection.execute(
            update(log_state).values(size=0, edge=b"", published_size=0, published_edge=b"")
        )
