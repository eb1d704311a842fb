"""A follower whose store moves under its hands: another follows, or a replica takes over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from ca.revocation.reasons import RevocationReason
from core.transparency.errors import LogBehindPublication
from ocsp.ahead.position import POSITION, read_position, store_id
from ocsp.identities import ResponderMissing
from ocsp.restoration import RestorationCheck
from ocsp.stored.answers import TEMPLATES, read_templates
from ocsp.stored.heartbeat import read_heartbeat
from ocsp.stored.lmdb_store import LmdbAnswerStore
from ocsp.stored.template import Template
from tests.ocsp.ahead.signing_world import Ahead
from tests.ocsp.ahead.test_following import forget_the_log


class Interrupted:
    """A store in which something else happens once, at the first call of one kind."""

    def __init__(
        self,
        store: LmdbAnswerStore,
        *,
        before_position: Callable[[], object] | None = None,
        after_position: Callable[[], object] | None = None,
        after_write: Callable[[], object] | None = None,
    ) -> None:
        self._store = store
        self._before_position = before_position
        self._after_position = after_position
        self._after_write = after_write

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def value(self, name: str) -> bytes | None:
        if name == POSITION:
            _act(self._before_position)
            self._before_position = None
        found = self._store.value(name)
        if name == POSITION:
            _act(self._after_position)
            self._after_position = None
        return found

    def write(self, records: Sequence[tuple[bytes, bytes]]) -> int:
        written = self._store.write(records)
        _act(self._after_write)
        self._after_write = None
        return written


def _act(act: Callable[[], object] | None) -> None:
    if act is not None:
        act()


@pytest.mark.parametrize("moment", ["before_position", "after_position"])
def test_a_follower_that_another_overtook_leaves_the_store_as_it_is(
    ahead: Ahead, moment: str
) -> None:
    certificate = ahead.issue()
    ahead.follower.follow()
    name = store_id(ahead.store)

    def overtake() -> None:
        ahead.issue()
        ahead.make_follower().follow()

    late = ahead.make_follower(store=Interrupted(ahead.store, **{moment: overtake}))
    late.follow()

    assert store_id(ahead.store) == name
    assert ahead.status_of(certificate) == "GOOD"


def test_a_store_that_went_back_meanwhile_is_followed_from_where_it_is(ahead: Ahead) -> None:
    certificate = ahead.issue()
    ahead.follower.follow()
    position = ahead.store.value(POSITION)
    key = ahead.signing.key_of("people-1", certificate.serial_number)
    good = ahead.store.get(key)
    assert position is not None
    assert good is not None
    ahead.revocation.revoke(
        serial_number=certificate.serial_number, reason=RevocationReason.KEY_COMPROMISE
    )
    ahead.follower.follow()
    assert ahead.status_of(certificate) == "REVOKED"
    heartbeat = read_heartbeat(ahead.store)

    def go_back() -> None:
        # As a replica has it that takes over before the last writes reached it.
        ahead.store.delete([key])
        ahead.store.write([(key, good)])
        ahead.store.set_value(POSITION, position)

    ahead.issue()
    ahead.clock.advance(timedelta(seconds=5))
    ahead.make_follower(store=Interrupted(ahead.store, after_write=go_back)).follow()
    # It did not note entries as followed whose effect is gone, nor that it had everything.
    assert ahead.store.value(POSITION) == position
    assert read_heartbeat(ahead.store) == heartbeat

    ahead.follower.follow()
    assert ahead.status_of(certificate) == "REVOKED"


def test_a_backup_that_was_restored_a_moment_ago_does_not_empty_the_store(ahead: Ahead) -> None:
    certificate = ahead.issue()
    # It looks every half a minute; no time passes for it here.
    restoration = RestorationCheck(
        database=ahead.world.database, log=ahead.world.log, monotonic=lambda: 0.0
    )
    follower = ahead.make_follower(restoration=restoration)
    follower.follow()
    ahead.world.log.publish()
    name, before = store_id(ahead.store), read_position(ahead.store)
    forget_the_log(ahead)

    with pytest.raises(LogBehindPublication):
        follower.follow()

    assert (store_id(ahead.store), read_position(ahead.store)) == (name, before)
    assert ahead.status_of(certificate) == "GOOD"


def test_an_answer_of_a_lost_history_does_not_outlast_a_revocation(ahead: Ahead) -> None:
    certificate = ahead.issue()
    for _ in range(5):
        ahead.issue()
    ahead.follower.follow()
    number = certificate.serial_number
    statuses = list(ahead.statuses.statuses("people-1", [number]).values())
    late = ahead.signing.sign("people-1", statuses, version=6, read_at=ahead.clock.now())
    forget_the_log(ahead)
    ahead.follower.follow()
    # A walker that had stood still since then; the log is shorter now than it was for that one.
    ahead.store.write(late.records)

    ahead.revocation.revoke(serial_number=number, reason=RevocationReason.KEY_COMPROMISE)
    ahead.follower.follow()

    assert ahead.status_of(certificate) == "REVOKED"


def test_a_delegate_that_is_revoked_before_its_first_answer_answers_nothing(ahead: Ahead) -> None:
    certificate = ahead.issue()

    class Late(Interrupted):
        def set_value(self, name: str, value: bytes) -> None:
            if name.startswith(TEMPLATES) and ahead.store.value(name) is None:
                # Between the signer's look at the delegate and its note that it answers.
                serial_number = Template.decode(value).serial_number
                ahead.revocation.revoke(
                    serial_number=serial_number, reason=RevocationReason.KEY_COMPROMISE
                )
                ahead.make_follower(signing=ahead.make_signing()).follow()
            ahead.store.set_value(name, value)

    late = ahead.make_signing(store=Late(ahead.store))
    statuses = list(ahead.statuses.statuses("people-1", [certificate.serial_number]).values())
    with pytest.raises(ResponderMissing):
        late.sign("people-1", statuses, version=1 << 20, read_at=ahead.clock.now())
    assert not read_templates(ahead.store)
