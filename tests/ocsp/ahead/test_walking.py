"""Walkers: everything is signed again before it runs out, and nothing older overwrites."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from ca.models import certificates
from ca.revocation.reasons import RevocationReason
from ocsp.ahead.position import STORE_ID, store_id
from ocsp.ahead.ranges import LARGEST, LEASE, bounds
from ocsp.validity import Validity
from tests.ocsp.ahead.signing_world import Ahead, Tokens
from tests.ocsp.conftest import add_delegate

HOUR = timedelta(hours=1)
SUPERSEDED = RevocationReason.SUPERSEDED


@pytest.mark.parametrize("count", [1, 3, 64])
def test_ranges_together_hold_every_serial_number_once(count: int) -> None:
    made = bounds(count)
    assert made[0][0] == 0
    assert made[-1][1] == LARGEST
    assert [upper for _, upper in made[:-1]] == [lower for lower, _ in made[1:]]


def test_a_new_store_gets_an_answer_for_every_certificate(ahead: Ahead) -> None:
    made = [ahead.world.issue("people-1") for _ in range(12)]
    reserved = ahead.world.issue("people-1", state="reserved")
    other = ahead.world.issue("camdx-1")
    ahead.revocation.revoke(serial_number=made[0].serial_number, reason=SUPERSEDED)

    ahead.walk(page=3)

    assert [ahead.status_of(one) for one in made] == ["REVOKED"] + ["GOOD"] * 11
    assert ahead.status_of(other, "camdx-1") == "GOOD"
    assert ahead.status_of(reserved) is None
    report = ahead.reports().report()
    assert {one.not_signed for one in report.authorities} == {0}
    assert ahead.reports().progress() == 1.0


def test_a_lost_store_is_signed_anew(ahead: Ahead) -> None:
    certificate = ahead.issue()
    ahead.follower.follow()
    ahead.walk()
    before = store_id(ahead.store)
    ahead.store.delete_value(STORE_ID)

    ahead.follower.follow()
    assert store_id(ahead.store) not in (before, None)
    assert ahead.status_of(certificate) is None
    ahead.walk()
    assert ahead.status_of(certificate) == "GOOD"


def test_everything_is_signed_again_every_day_each_range_at_its_time(ahead: Ahead) -> None:
    made = [ahead.world.issue("people-1") for _ in range(12)]
    ahead.walk()
    walked = []
    for _ in range(24 * 2):
        ahead.clock.advance(HOUR)
        walked.append(ahead.walk())
        for one in made:
            answer = ahead.answer(one)
            assert answer is not None
            assert answer.next_update_utc is not None
            assert answer.next_update_utc - ahead.clock.now() >= 23 * HOUR
    # Not all at the same hour of the day: CamDX has its two ranges each time.
    people = [count - 2 for count in walked[24:48]]
    assert sum(people) == 4
    assert max(people) == 1


def test_camdx_answers_are_never_older_than_half_an_hour(ahead: Ahead) -> None:
    certificate = ahead.issue("camdx-1")
    ahead.walk()
    for _ in range(20):
        ahead.clock.advance(timedelta(minutes=7))
        ahead.walk()
        answer = ahead.answer(certificate, "camdx-1")
        assert answer is not None
        assert ahead.clock.now() - answer.this_update_utc <= timedelta(minutes=30)


def test_a_delegate_near_its_end_has_its_answers_signed_again_sooner(ahead: Ahead) -> None:
    certificate = ahead.issue()
    ahead.clock.advance(timedelta(days=14) - 3 * HOUR)
    ahead.walk()
    answer = ahead.answer(certificate)
    assert answer is not None
    assert answer.next_update_utc is not None
    end = answer.next_update_utc
    assert end - ahead.clock.now() < 3 * HOUR

    add_delegate(ahead.world, "people-1")
    ahead.clock.advance(2 * HOUR)
    ahead.walk()

    answer = ahead.answer(certificate)
    assert answer is not None
    assert answer.next_update_utc == ahead.clock.now() + 48 * HOUR


def test_expired_certificates_leave_the_store_unless_they_are_kept(ahead: Ahead) -> None:
    made = ahead.issue(days=3)
    ahead.walk()
    assert ahead.store.count() == 3  # The delegates' own certificates are the others.
    ahead.clock.advance(timedelta(days=3, hours=1))
    ahead.walk()
    assert ahead.status_of(made) is None
    assert ahead.store.count() == 2

    ahead.retention.authorities = frozenset({"people-1"})
    ahead.clock.advance(timedelta(days=1, hours=1))
    ahead.walk()
    answer = ahead.answer(made)
    assert answer is not None
    assert answer.single_extensions is not None


def test_certificates_that_nobody_asks_about_are_left_out(ahead: Ahead) -> None:
    short = ahead.issue(profile="tls-server")
    options: dict[str, Any] = {"unasked": frozenset({"tls-server"})}
    ahead.make_follower(**options).follow()
    ahead.walk(**options)
    assert ahead.status_of(short) is None


def test_a_walker_that_read_good_before_a_revocation_cannot_overwrite_it(ahead: Ahead) -> None:
    certificate = ahead.issue()
    ahead.follower.follow()
    ahead.clock.advance(timedelta(days=1))
    has_read, may_write = threading.Barrier(2, timeout=60), threading.Barrier(2, timeout=60)
    slow = ahead.make_signing()
    sign = slow.sign

    def sign_late(name: str, statuses: Any, **options: Any) -> Any:
        signed = sign(name, statuses, **options)
        if any(one.serial_number == certificate.serial_number for one in statuses):
            has_read.wait()
            may_write.wait()
        return signed

    slow.sign = sign_late  # type: ignore[method-assign]
    walker = ahead.make_walker("slow", signing=slow)
    walker.divide()
    walking = threading.Thread(target=lambda: [None for _ in iter(walker.walk_one, False)])
    walking.start()
    has_read.wait()
    ahead.revocation.revoke(serial_number=certificate.serial_number, reason=SUPERSEDED)
    ahead.follower.follow()
    assert ahead.status_of(certificate) == "REVOKED"

    may_write.wait()
    walking.join(60)

    assert not walking.is_alive()
    assert ahead.status_of(certificate) == "REVOKED"


def test_a_walker_that_was_stopped_is_followed_by_another_where_it_was(ahead: Ahead) -> None:
    made = [ahead.world.issue("people-1") for _ in range(9)]
    ahead.settings = ahead.settings.model_copy(
        update={"validity": {**ahead.settings.validity, "people": Validity(ranges=1)}}
    )

    class Killed(BaseException):
        """The end of a process."""

    pages = 0

    def die(one: Any, certificates_seen: int) -> None:
        nonlocal pages
        pages += 1
        if pages == 3 and one.authority == "people-1":
            raise Killed

    walker = ahead.make_walker("first", page=2, stepped=die)
    walker.divide()
    with pytest.raises(Killed):
        while walker.walk_one(authorities=["people-1"]):
            pass

    second = ahead.make_walker("second", page=2)
    assert not second.walk_one(authorities=["people-1"])  # The lease is not over.
    ahead.clock.advance(LEASE)
    begun = ahead.clock.now()
    assert second.walk_one(authorities=["people-1"])

    updates = []
    for one in made:
        answer = ahead.answer(one)
        assert answer is not None
        updates.append(answer.this_update_utc)
    # Two pages of the dead one's are not signed again: it lost one page.
    assert sum(one < begun for one in updates) >= 3
    # The first is no holder any more, and what it says of its progress is not believed.
    assert ahead.reports().progress() > 0


def test_many_walkers_never_have_one_range_at_once(ahead: Ahead) -> None:
    made = [ahead.world.issue("people-1") for _ in range(8)]
    ahead.make_walker().divide()
    taken = []

    def walk(holder: str) -> None:
        walker = ahead.make_walker(
            holder, stepped=lambda one, _n: taken.append((one.authority, one.number, holder))
        )
        while walker.walk_one():
            pass

    threads = [threading.Thread(target=walk, args=(f"w{n}",)) for n in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert {ahead.status_of(one) for one in made} == {"GOOD"}
    holders: dict[tuple[str, int], set[str]] = {}
    for authority, number, holder in taken:
        holders.setdefault((authority, number), set()).add(holder)
    assert {len(one) for one in holders.values()} == {1}


def test_one_authority_that_cannot_be_signed_for_does_not_hold_up_the_others(
    ahead: Ahead, tokens: Tokens
) -> None:
    certificate = ahead.issue()
    other = ahead.issue("camdx-1")
    held = ahead.statuses.good_certificates_of("responder:camdx-1", at=ahead.clock.now())
    del tokens.held[held[0].key_id]

    ahead.walk()

    assert ahead.status_of(certificate) == "GOOD"
    assert ahead.status_of(other, "camdx-1") is None
    ahead.clock.advance(HOUR)
    [camdx] = [one for one in ahead.reports().report().authorities if one.authority == "camdx-1"]
    assert not camdx.is_well(ahead.clock.now())
    assert camdx.overdue > 0


def test_a_certificate_that_was_put_into_the_table_without_an_entry_is_found(
    ahead: Ahead,
) -> None:
    ahead.walk()
    certificate = ahead.world.issue("people-1", state="reserved")
    with ahead.world.database.begin() as connection:
        connection.execute(
            update(certificates)
            .where(certificates.c.serial_number == certificate.serial_number)
            .values(state="replayed")
        )
    ahead.clock.advance(timedelta(days=1))
    ahead.walk()
    assert ahead.status_of(certificate) == "GOOD"
