"""Live signing never holds up what is stored, and what it cannot do, the store does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.ocsp import OCSPCertStatus, OCSPResponseStatus
from structlog.contextvars import bind_contextvars, get_contextvars
from structlog.testing import capture_logs
from werkzeug.test import Client, TestResponse

from ca.revocation.reasons import RevocationReason
from ca.revocation.revocation import Revocation
from camtrust.serving.bounded import BoundedApp
from camtrust.serving.status.slots import Slots
from core.database import DatabaseUnavailable
from ocsp.budget import Rate, TokenBucket
from ocsp.identities import Identity
from ocsp.responder import StatusResponder
from ocsp.response import Signer
from ocsp.standings import StoredStandings
from ocsp.stored.answers import withdraw_template
from ocsp.stored.heartbeat import HEARTBEAT, write_heartbeat
from ocsp.stored.lmdb_store import LmdbAnswerStore
from ocsp.stored.record import withdrawn
from ocsp.stored.store import StoreUnavailable
from tests.ca.revocation.world import Keeps, World
from tests.conftest import SettableClock
from tests.ocsp.conftest import NoRenewal, make_responder
from tests.ocsp.front.signed_ahead import BlockedKey, Front, template_of
from tests.ocsp.questions import ask, ask_many, nonce_of, read

TYPE = "application/ocsp-request"
Pair = tuple[x509.Certificate, x509.Certificate]


@pytest.fixture
def pair(world: World, front: Front) -> Pair:
    """A certificate whose answer was signed ahead, and its issuer's."""
    subscriber = world.issue("people-1")
    front.sign(subscriber)
    return subscriber, world.certificates["people-1"]


def post(front: Front, question: bytes) -> TestResponse:
    return Client(front.application).post("/ocsp", data=question, content_type=TYPE)


def block(front: Front) -> BlockedKey:
    """Have the token of people-1 answer no more until it is told to go on."""
    identities = front.responder._identities
    identity = identities.identity("people-1")
    signer = identity.signer
    key = BlockedKey(signer.key)
    blocked = Signer(key, signer.certificate_der, signer.key_hash)  # type: ignore[arg-type]
    identities._known["people-1"] = Identity(blocked, identity.not_after, identity.found_at)
    return key


def test_stored_answers_flow_while_the_token_answers_nobody(front: Front, pair: Pair) -> None:
    key = block(front)
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(post, front, ask_many([pair], nonce=b"n" * 32)) for _ in range(2)]
        for _ in waiting:
            assert key.asked.acquire(timeout=20)
        # Both slots are taken. What is stored goes out, and so it does to who sent a nonce.
        for question in (ask(*pair), ask_many([pair], nonce=b"m" * 32)):
            got = post(front, question)
            assert read(got.data).certificate_status is OCSPCertStatus.GOOD
            assert nonce_of_nothing(got)
        # Of what is not stored nothing can be said.
        status = read(post(front, ask_many([pair, pair])).data).response_status
        assert status is OCSPResponseStatus.TRY_LATER
        assert not any(one.done() for one in waiting)
        key.go_on.set()
        for one in waiting:
            assert nonce_of(one.result(20).data) == b"n" * 32


def nonce_of_nothing(got: TestResponse) -> bool:
    """Tell whether a response has no extensions."""
    return not read(got.data).extensions


def test_who_gets_the_stored_answer_for_a_nonce_keeps_it_for_himself(
    world: World, front: Front, pair: Pair, retention: Keeps, renewal: NoRenewal
) -> None:
    spent = TokenBucket(Rate(1, 3600), monotonic=lambda: 0.0)
    front.responder = make_responder(world, retention, renewal, signatures=spent)
    front.__post_init__()
    with_nonce = ask_many([pair], nonce=b"n" * 32)
    assert nonce_of(post(front, with_nonce).data) == b"n" * 32

    beyond = post(front, with_nonce)

    assert read(beyond.data).certificate_status is OCSPCertStatus.GOOD
    assert nonce_of_nothing(beyond)
    assert "private" in beyond.headers["Cache-Control"]
    assert front.application.counts.budget == 1
    several = post(front, ask_many([pair, pair]))
    assert read(several.data).response_status is OCSPResponseStatus.TRY_LATER
    assert several.headers["Cache-Control"] == "no-store"


def test_errors_cost_nothing_of_the_budget(
    world: World, front: Front, pair: Pair, retention: Keeps, renewal: NoRenewal
) -> None:
    budget = TokenBucket(Rate(1, 3600), monotonic=lambda: 0.0)
    front.responder = make_responder(world, retention, renewal, signatures=budget)
    front.__post_init__()
    for question in (b"nonsense", ask_many([pair], serials=[99])):
        post(front, question)
    assert nonce_of(post(front, ask_many([pair], nonce=b"n")).data) == b"n"


def test_a_dead_follower_has_everything_asked_live(
    front: Front,
    pair: Pair,
    clock: SettableClock,
    revocation: Revocation,
) -> None:
    revocation.revoke(serial_number=pair[0].serial_number, reason=RevocationReason.KEY_COMPROMISE)
    # Nobody signed it anew. As long as the follower beats, that counts as not having happened.
    clock.advance(timedelta(minutes=10))
    assert read(post(front, ask(*pair)).data).certificate_status is OCSPCertStatus.GOOD
    clock.advance(timedelta(seconds=1))
    assert read(post(front, ask(*pair)).data).certificate_status is OCSPCertStatus.REVOKED
    front.sign(pair[0])
    clock.advance(timedelta(seconds=1))
    assert read(post(front, ask(*pair)).data).this_update_utc == clock.now() - timedelta(seconds=1)
    assert front.application.counts.stored == 1


@pytest.mark.parametrize("ahead", [timedelta(hours=5), timedelta(minutes=10, seconds=2)])
def test_a_heartbeat_from_the_future_has_everything_asked_live(
    front: Front, pair: Pair, clock: SettableClock, revocation: Revocation, ahead: timedelta
) -> None:
    revocation.revoke(serial_number=pair[0].serial_number, reason=RevocationReason.KEY_COMPROMISE)
    write_heartbeat(front.store, (clock.now() + ahead).timestamp())
    clock.advance(timedelta(seconds=1))
    assert read(post(front, ask(*pair)).data).certificate_status is OCSPCertStatus.REVOKED


def test_a_clock_that_is_put_back_hides_no_dead_follower(
    front: Front, pair: Pair, clock: SettableClock, revocation: Revocation
) -> None:
    revocation.revoke(serial_number=pair[0].serial_number, reason=RevocationReason.KEY_COMPROMISE)
    clock.advance(timedelta(hours=1))
    front.beat()
    assert read(post(front, ask(*pair)).data).certificate_status is OCSPCertStatus.GOOD
    clock.advance(-timedelta(minutes=50))
    front.store.delete_value(HEARTBEAT)
    assert read(post(front, ask(*pair)).data).certificate_status is OCSPCertStatus.REVOKED


def test_where_live_cannot_answer_either_the_stored_answer_holds_until_next_update(
    front: Front, pair: Pair, clock: SettableClock, world: World
) -> None:
    clock.advance(timedelta(hours=47))
    world.keys.held.clear()
    assert read(post(front, ask(*pair)).data).certificate_status is OCSPCertStatus.GOOD
    assert front.application.counts.budget == 1
    clock.advance(timedelta(hours=1))
    status = read(post(front, ask(*pair)).data).response_status
    assert status is OCSPResponseStatus.TRY_LATER


def test_a_store_that_is_away_has_everything_asked_live_until_it_is_back(
    front: Front,
    pair: Pair,
    clock: SettableClock,
    store: LmdbAnswerStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def away(*_: object) -> None:
        asked.append(1)
        raise StoreUnavailable("The store cannot be reached.")

    with monkeypatch.context() as patched:
        for name in ("get", "value", "values"):
            patched.setattr(store, name, away)
        for _ in range(5):
            answer = read(post(front, ask(*pair)).data)
            assert answer.certificate_status is OCSPCertStatus.GOOD
        assert front.application.counts.live == 5
        # A store that is away may take long to say so: it is asked once a second.
        assert len(asked) == 1
    clock.advance(timedelta(seconds=6))
    front.beat()
    post(front, ask(*pair))
    assert front.application.counts.stored == 1


def test_a_responder_that_was_withdrawn_answers_nothing_more(
    world: World, front: Front, pair: Pair, retention: Keeps, clock: SettableClock
) -> None:
    issuer = world.authorities.authority("people-1")
    withdraw_template(front.store, template_of(world, issuer, retention))
    clock.advance(timedelta(seconds=6))
    assert read(post(front, ask(*pair)).data).this_update_utc == clock.now()
    assert front.application.counts.live == 1


def test_no_responder_as_yet_means_try_later_or_what_is_stored(front: Front, pair: Pair) -> None:
    def no_database(_octets: bytes) -> None:
        raise DatabaseUnavailable("The database cannot be reached.")

    front.answer = no_database  # type: ignore[assignment]
    front.__post_init__()
    assert read(post(front, ask(*pair)).data).certificate_status is OCSPCertStatus.GOOD
    several = post(front, ask_many([pair, pair]))
    assert read(several.data).response_status is OCSPResponseStatus.TRY_LATER


def test_a_fault_is_internal_error_and_tells_nothing(front: Front, pair: Pair) -> None:
    def fails(_octets: bytes) -> None:
        raise ZeroDivisionError("a secret")

    front.answer = fails  # type: ignore[assignment]
    front.__post_init__()
    got = post(front, ask_many([pair, pair]))
    assert got.status_code == 200
    assert read(got.data).response_status is OCSPResponseStatus.INTERNAL_ERROR
    assert got.headers["Cache-Control"] == "no-store"


# What live answers say out of the store.


@pytest.fixture
def from_store(world: World, front: Front, responder: StatusResponder) -> Front:
    responder._standings = StoredStandings(
        store=front.store,
        tables=responder._standings,
        authorities=world.authorities,
        clock=world.clock,
        monotonic=front.now,
    )
    return front


def test_a_live_answer_out_of_the_store_says_when_its_standing_was_known(
    from_store: Front, pair: Pair, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object) -> None:
        raise AssertionError("the tables were asked")

    tables = from_store.responder._standings._tables  # type: ignore[attr-defined]
    monkeypatch.setattr(tables, "standings", asked)
    beat = clock.now()
    clock.advance(timedelta(seconds=7))
    answer = read(post(from_store, ask_many([pair], nonce=b"n" * 32)).data)
    assert answer.certificate_status is OCSPCertStatus.GOOD
    assert answer.this_update_utc == beat
    assert answer.produced_at_utc == clock.now()


@pytest.mark.parametrize("seconds", [11, -1])
def test_a_pulse_that_is_too_old_or_from_another_clock_has_the_tables_asked(
    from_store: Front, pair: Pair, clock: SettableClock, seconds: int, revocation: Revocation
) -> None:
    revocation.revoke(serial_number=pair[0].serial_number, reason=RevocationReason.KEY_COMPROMISE)
    clock.advance(timedelta(seconds=seconds))
    answer = read(post(from_store, ask_many([pair], nonce=b"n" * 32)).data)
    assert answer.certificate_status is OCSPCertStatus.REVOKED
    assert answer.this_update_utc == clock.now()


def test_a_withdrawn_record_says_nothing(
    from_store: Front, pair: Pair, revocation: Revocation
) -> None:
    revocation.revoke(serial_number=pair[0].serial_number, reason=RevocationReason.KEY_COMPROMISE)
    [(key, _record)] = from_store.store.scan()
    from_store.store.write([(key, withdrawn(1 << 40))])
    for question in (ask(*pair), ask_many([pair], nonce=b"n" * 32)):
        answer = read(post(from_store, question).data)
        assert answer.certificate_status is OCSPCertStatus.REVOKED


def test_a_revocation_in_the_store_is_told_with_time_and_reason(
    from_store: Front, pair: Pair, revocation: Revocation, clock: SettableClock
) -> None:
    revocation.revoke(serial_number=pair[0].serial_number, reason=RevocationReason.KEY_COMPROMISE)
    from_store.sign(pair[0])
    answer = read(post(from_store, ask_many([pair], nonce=b"n" * 32)).data)
    assert answer.revocation_reason is x509.ReasonFlags.key_compromise
    assert answer.revocation_time_utc == clock.now()


def test_what_was_never_issued_is_looked_up_in_the_tables(from_store: Front, pair: Pair) -> None:
    never = read(post(from_store, ask_many([pair, pair], serials=[99, 98])).data)
    assert never.response_status is OCSPResponseStatus.UNAUTHORIZED


def test_slots_let_so_many_in_and_so_many_wait() -> None:
    slots = Slots(1, waiting=1, wait_seconds=20)
    assert slots.enter()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(slots.enter)
        while slots._queue is not None and slots._queue._value:
            pass
        assert not slots.enter()
        slots.leave()
        assert waiting.result(20)
    slots.leave()
    assert slots.enter()


def test_each_change_of_the_follower_is_an_event_with_its_own_name(
    front: Front, pair: Pair, clock: SettableClock
) -> None:
    with capture_logs() as events:
        for _ in range(2):
            post(front, ask(*pair))
            clock.advance(timedelta(minutes=10, seconds=1))
        front.beat()
        post(front, ask(*pair))
    assert [(one["event"], one["log_level"]) for one in events] == [
        ("stored-answers-followed", "info"),
        ("stored-answers-not-followed", "warning"),
        ("stored-answers-followed", "info"),
    ]


def test_nothing_of_a_request_stays_in_its_thread_for_the_events_of_others() -> None:
    def app(_environ: Any, _start_response: Any) -> list[bytes]:
        bind_contextvars(request_id="of this request")
        return []

    BoundedApp(app, slots=Slots(1, waiting=0, wait_seconds=0), busy_problem="")({}, print)
    assert "request_id" not in get_contextvars()
