"""Webhooks: what is told to whom, how it is signed and tried again, and where it never goes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from ca.csr import verify_csr
from ca.revocation.reasons import RevocationReason
from core.database import Database
from core.outgoing.deliveries import CLAIM
from enrollment.application import Verdict
from enrollment.decisions import DecisionToMake
from enrollment.grants.grant import GrantProtocol
from enrollment.grants.issuing import GrantedRequest
from enrollment.grants.models import grants
from enrollment.officers import OfficerState
from enrollment.webhooks import following, sending
from enrollment.webhooks.models import webhook_deliveries, webhook_position
from enrollment.webhooks.settings import WebhookSettings
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.acme.dns_server import DnsServer
from tests.enrollment.grants.world import active_grant
from tests.enrollment.program_world import Program, officer, program
from tests.enrollment.webhooks.receiver import Receiver, is_signed
from tests.enrollment.world import World, client_key, slug

NAME = "hooks.moh.example"
OUTSIDE, INSIDE = "127.0.0.2", "127.0.0.1"
ALL = (
    "application.decided",
    "certificate.issued",
    "certificate.revoked",
    "certificate.suspended",
    "certificate.released",
    "certificate.expiring",
)


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        server.set_a(NAME, OUTSIDE)
        yield server


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    made = Receiver(OUTSIDE, tmp_path, NAME)
    yield made
    made.close()


@pytest.fixture
def told_in(
    dns: DnsServer, receiver: Receiver, tmp_path: Path, clock: Any
) -> Callable[[Database], Program]:
    """A program of a ministry, in a world whose webhooks reach 127.0.0.2 alone."""
    settings = WebhookSettings(
        ports=(receiver.port, 443),
        allowed_networks=(ip_network(OUTSIDE),),
        resolvers=(dns.resolver,),
        timeout_seconds=3,
        trust=receiver.trust,
    )

    def make(database: Database) -> Program:
        world = World(database, tmp_path, clock, webhook_settings=settings)
        return program(world, institution=world.found("moh"))

    return make


@pytest.fixture
def told(told_in: Callable[[Database], Program], sqlite: Database) -> Program:
    return told_in(sqlite)


@pytest.fixture
def either(told_in: Callable[[Database], Program], database: Database) -> Program:
    """As ``told``, on SQLite and on PostgreSQL."""
    return told_in(database)


def hook_of(told: Program, receiver: Receiver, *events: str, path: str = "/told") -> str:
    body = {"url": f"https://{NAME}:{receiver.port}{path}", "events": list(events or ALL)}
    answer = told.post("/webhooks", json=body)
    assert answer.status_code == 201, answer.get_json()
    hook: str = answer.get_json()["id"]
    return hook


def secret_of(told: Program, hook: str) -> str:
    answer = told.post(f"/webhooks/{hook}/secret", json={})
    assert answer.headers["Cache-Control"] == "no-store"
    secret: str = answer.get_json()["secret"]
    return secret


def deliveries(told: Program, hook: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = told.get(f"/webhooks/{hook}/deliveries").get_json()["deliveries"]
    return found


def run(world: World) -> int:
    world.programs.following.follow()
    return world.programs.sending.send_due()


def issue(told: Program, officers: tuple[str, ...] = ("first",), profile: str = "device") -> str:
    application: str = told.submit(profile=profile, holder="device:meter-1").get_json()["id"]
    registration = told.world.registration
    for one in officers:
        decision = DecisionToMake(
            f"{next(told.world.numbers):032x}", officer(told.world, one).id, Verdict.APPROVED
        )
        registration.delivery.issue_if_approved(
            registration.decisions.decide(application, decision)
        )
    return application


def messages(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in receiver.received]


def needed(told: Program, profile: str = "device") -> tuple[str, ...]:
    count = told.world.open_profiles.open(profile).approvals
    return ("first", "second")[:count]


def test_what_happens_to_an_application_is_told_signed_and_with_ids_alone(
    either: Program, receiver: Receiver
) -> None:
    hook = hook_of(either, receiver)
    application = issue(either, needed(either))
    found = either.world.registration.applications.find(application)
    assert found.authority is not None
    assert found.serial_number is not None
    either.world.revocation.revoke(
        serial_number=found.serial_number,
        authority=found.authority,
        reason=RevocationReason.SUPERSEDED,
    )
    assert run(either.world) == 3
    got = {one["type"]: one["data"] for one in messages(receiver)}
    ids = {"authority": found.authority, "serial_number": f"{found.serial_number:x}"}
    assert got == {
        "application.decided": {"application": application, "verdict": "approved"},
        "certificate.issued": {"application": application, **ids},
        "certificate.revoked": {"application": application, **ids},
    }
    secret = secret_of(either, hook)
    assert all(is_signed(one, secret) for one in receiver.received)
    assert not any(
        is_signed(replace(one, body=one.body + b" "), secret) for one in receiver.received
    )
    assert b"meter" not in b"".join(one.body for one in receiver.received)
    shown = deliveries(either, hook)
    assert {(one["state"], one["status"], one["tries"]) for one in shown} == {("delivered", 204, 1)}
    assert {one["id"] for one in shown} == {one.headers["webhook-id"] for one in receiver.received}
    assert run(either.world) == 0


def test_the_first_of_two_approvals_is_not_told(told: Program, receiver: Receiver) -> None:
    hook_of(told, receiver, "application.decided")
    application = issue(told, ("first",), profile="person-signing")
    assert run(told.world) == 0
    decision = DecisionToMake("e" * 32, officer(told.world, "second").id, Verdict.APPROVED)
    told.world.registration.decisions.decide(application, decision)
    assert run(told.world) == 1


def test_others_are_told_of_their_own_alone(told: Program, receiver: Receiver) -> None:
    world = told.world
    theirs = program(world, institution=world.found("moi"), http=told.http)
    sibling = program(world, institution="moh", http=told.http)
    nobody = program(world, http=told.http)
    hooks = [
        hook_of(one, receiver, "certificate.issued", path=f"/{number}")
        for number, one in enumerate((told, theirs, sibling, nobody))
    ]
    issue(told, needed(told))
    run(world)
    assert sorted(one.path for one in receiver.received) == ["/0", "/2"]
    issue(nobody, needed(told))
    run(world)
    assert sorted(one.path for one in receiver.received) == ["/0", "/2", "/3"]
    for answer in (
        theirs.get(f"/webhooks/{hooks[0]}"),
        sibling.get(f"/webhooks/{hooks[0]}/deliveries"),
        sibling.post(f"/webhooks/{hooks[0]}/secret", json={}),
        sibling.post(f"/webhooks/{hooks[0]}/rotation", json={}),
        sibling.post(f"/webhooks/{hooks[0]}/end", json={}),
        sibling.post(f"/webhooks/{hooks[0]}/deliveries/{'0' * 32}/resending", json={}),
    ):
        assert slug(answer) == "webhook-unknown"


def test_what_a_grant_gave_is_told_to_its_institution(told: Program, receiver: Receiver) -> None:
    grant = active_grant(told.world)
    with told.world.database.begin() as connection:
        connection.execute(update(grants).values(institution="moh"))
    hook_of(told, receiver, "certificate.issued")
    told.world.granted_issuance.issue(
        GrantedRequest(
            grant_id=grant.id,
            protocol=GrantProtocol.ACME,
            csr=verify_csr(csr_for(client_key(next(told.world.numbers)))),
            reference="order-1",
            facts={"dns_names": ("www.moh.gov.kh",), "server_name": "www.moh.gov.kh"},
        )
    )
    run(told.world)
    [message] = messages(receiver)
    assert message["data"]["grant"] == grant.id


def test_a_certificate_that_ends_soon_is_told_once(told: Program, receiver: Receiver) -> None:
    hook_of(told, receiver, "certificate.expiring")
    application = issue(told, needed(told))
    world = told.world
    held = world.delivery.certificate_of(world.registration.applications.find(application))
    assert world.programs.following.look_for_ends() == 0
    world.clock.instant = held.not_after - following.TOLD_BEFORE_END
    assert world.programs.following.look_for_ends() == 1
    assert world.programs.following.look_for_ends() == 1
    assert world.programs.sending.send_due() == 1
    [message] = messages(receiver)
    assert message["data"]["serial_number"] == f"{held.serial_number:x}"


def test_nothing_is_told_of_what_came_before_the_first_webhook(
    told: Program, receiver: Receiver
) -> None:
    issue(told, needed(told))
    hook_of(told, receiver)
    assert run(told.world) == 0


def test_a_receiver_that_refuses_is_asked_again_later_and_at_last_given_up(
    told: Program, receiver: Receiver
) -> None:
    hook = hook_of(told, receiver, "certificate.issued")
    issue(told, needed(told))
    receiver.status = 500
    assert run(told.world) == 0
    assert run(told.world) == 0
    assert len(receiver.received) == 1
    for wait in sending.WAITS:
        told.world.clock.advance(wait)
        run(told.world)
    assert len(receiver.received) == sending.MOST_TRIES
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 1
    assert len({one.body for one in receiver.received}) == 1
    told.sign_in()
    [given_up] = deliveries(told, hook)
    assert (given_up["state"], given_up["status"]) == ("given-up", 500)
    told.world.clock.advance(timedelta(days=30))
    assert run(told.world) == 0
    receiver.status = 200
    told.sign_in()
    again = told.post(f"/webhooks/{hook}/deliveries/{given_up['id']}/resending", json={})
    assert again.get_json()["state"] == "waiting"
    assert run(told.world) == 1
    assert deliveries(told, hook)[0]["state"] == "delivered"


def test_a_redirect_is_not_followed(told: Program, receiver: Receiver) -> None:
    hook = hook_of(told, receiver, "certificate.issued")
    issue(told, needed(told))
    receiver.status, receiver.location = 307, f"https://{NAME}:{receiver.port}/elsewhere"
    run(told.world)
    assert [one.path for one in receiver.received] == ["/told"]
    assert deliveries(told, hook)[0]["status"] == 307


def test_a_name_that_leads_inside_is_not_connected_to(
    told: Program, receiver: Receiver, dns: DnsServer, tmp_path: Path
) -> None:
    inside = Receiver(INSIDE, tmp_path, "inside.example")
    hook = hook_of(told, receiver, "certificate.issued")
    issue(told, needed(told))
    # It was outside when it was registered: what counts is where it leads now.
    dns.set_a(NAME, INSIDE)
    run(told.world)
    assert receiver.received == inside.received == []
    [kept] = deliveries(told, hook)
    assert "not reached from here" in kept["problem"]
    dns.set_a(NAME, OUTSIDE)
    told.world.clock.advance(sending.WAITS[0])
    assert run(told.world) == 1
    inside.close()


def test_a_server_that_cannot_prove_its_name_gets_nothing(
    told: Program, receiver: Receiver, dns: DnsServer
) -> None:
    dns.set_a("other.example", OUTSIDE)
    body = {"url": f"https://other.example:{receiver.port}/", "events": ["certificate.issued"]}
    hook = told.post("/webhooks", json=body).get_json()["id"]
    issue(told, needed(told))
    run(told.world)
    assert receiver.received == []
    assert "TLS" in deliveries(told, hook)[0]["problem"]


REFUSED = [
    "http://hooks.moh.example/",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://0x7f000001/",
    "https://2130706433/",
    "https://127.1/",
    "https://169.254.169.254/latest/",
    "https://localhost/",
    "https://user:pass@hooks.moh.example/",
    "https://hooks.moh.example:22/",
    "https://hooks.moh.example:99999/",
    "https://hooks.moh.example/#a",
    "https://hooks.moh.example/a b",
    "https://hooks.moh.example/\r\nX: y",
    "https://",
    "gopher://hooks.moh.example/",
    "https://hooks.moh.example\\@inside/",
]


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_messages_never_go_to_is_refused(world: World, url: str) -> None:
    ours = program(world, "webhook:manage")
    answer = ours.post("/webhooks", json={"url": url, "events": ["certificate.issued"]})
    assert slug(answer) == "webhook-refused"
    assert ours.get("/webhooks").get_json()["webhooks"] == []


def test_a_rotated_secret_and_the_old_one_are_good_for_a_day(
    told: Program, receiver: Receiver
) -> None:
    hook = hook_of(told, receiver, "certificate.issued")
    old = secret_of(told, hook)
    assert told.post(f"/webhooks/{hook}/rotation", json={}).get_json()["secret_number"] == 2
    new = secret_of(told, hook)
    assert new != old
    issue(told, needed(told))
    run(told.world)
    [message] = receiver.received
    assert is_signed(message, new)
    assert is_signed(message, old)
    told.world.clock.advance(timedelta(hours=24))
    told.sign_in()
    issue(told, needed(told))
    run(told.world)
    assert is_signed(receiver.received[1], new)
    assert not is_signed(receiver.received[1], old)


def test_an_ended_webhook_and_that_of_a_suspended_client_are_told_nothing(
    told: Program, receiver: Receiver
) -> None:
    world = told.world
    hook = hook_of(told, receiver, "certificate.issued")
    issue(told, needed(told))
    world.programs.following.follow()
    clients, by = world.programs.clients, officer(world, "registrar")
    clients.change_standing(told.id, OfficerState.SUSPENDED, by=by)
    assert world.programs.sending.send_due() == 0
    clients.change_standing(told.id, OfficerState.ACTIVE, by=by)
    told.sign_in()
    assert told.post(f"/webhooks/{hook}/end", json={}).get_json()["state"] == "ended"
    assert run(world) == 0
    assert receiver.received == []
    assert slug(told.post(f"/webhooks/{hook}/rotation", json={})) == "webhook-ended"


def at_once(count: int, act: Callable[[], Any]) -> list[Any]:
    done: list[Any] = []
    start = threading.Barrier(count)

    def one() -> None:
        start.wait()
        done.append(act())

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def test_two_processes_at_once_put_down_and_send_each_thing_once(
    either: Program, receiver: Receiver
) -> None:
    hook_of(either, receiver)
    for _ in range(3):
        issue(either, needed(either))
    at_once(4, either.world.programs.following.follow)
    with either.world.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(webhook_deliveries)) == 6
    sent = at_once(4, either.world.programs.sending.send_due)
    assert sum(sent) == 6
    assert len(receiver.received) == 6


def test_a_sender_that_dies_leaves_its_message_to_be_sent_again(
    either: Program, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = hook_of(either, receiver, "certificate.issued")
    issue(either, needed(either))
    either.world.programs.following.follow()
    with monkeypatch.context() as once:
        once.setattr(either.world.programs.sending._deliveries, "_note", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            either.world.programs.sending.send_due()
    assert either.world.programs.sending.send_due() == 0
    either.world.clock.advance(CLAIM)
    assert either.world.programs.sending.send_due() == 1
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 1
    assert deliveries(either, hook)[0]["tries"] == 2


def test_a_follower_that_is_killed_half_way_tells_everything_once(
    either: Program, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook_of(either, receiver)
    issue(either, needed(either))
    monkeypatch.setattr(following, "BATCH", 1)
    real = either.world.programs.following._put_down
    calls: list[int] = []

    def dies(*args: Any) -> None:
        real(*args)
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as once:
        once.setattr(either.world.programs.following, "_put_down", dies)
        with pytest.raises(KeyboardInterrupt):
            for _ in range(20):
                either.world.programs.following.follow()
    monkeypatch.setattr(following, "BATCH", 250)
    run(either.world)
    assert sorted(one["type"] for one in messages(receiver)) == [
        "application.decided",
        "certificate.issued",
    ]
    with either.world.database.read() as connection:
        assert (
            connection.scalar(select(webhook_position.c.size)) == either.world.log.sizes()["stored"]
        )


def test_ten_webhooks_are_enough(world: World) -> None:
    ours = program(world, "webhook:manage")
    body = {"url": f"https://{NAME}/", "events": ["certificate.issued"]}
    for _ in range(10):
        assert ours.post("/webhooks", json=body).status_code == 201
    assert slug(ours.post("/webhooks", json=body)) == "webhook-refused"


def test_old_deliveries_are_forgotten(told: Program, receiver: Receiver) -> None:
    hook = hook_of(told, receiver, "certificate.issued")
    issue(told, needed(told))
    run(told.world)
    assert told.world.programs.sending.forget_old() == 0
    told.world.clock.advance(sending.KEPT_FOR + timedelta(days=1))
    assert told.world.programs.sending.forget_old() == 1
    told.sign_in()
    assert deliveries(told, hook) == []
