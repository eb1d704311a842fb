"""Platforms are told of registered documents: signed, tried again, claimed by one process."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import jwt
import pytest
from sqlalchemy import select

from core.database import Database
from core.outgoing.posting import Posted
from signing.documents.verification.announcing import MOST_TRIES, Announcing
from signing.documents.verification.models import document_announcements
from signing.documents.verification.platforms import Announcement
from signing.documents.verification.settings import PlatformSettings, VerificationSettings
from tests.enrollment.acme.dns_server import DnsServer
from tests.enrollment.webhooks.receiver import Receiver
from tests.enrollment.world import World
from tests.signing.documents.verification.conftest import DETAILS, ID, SECOND, SIGNATURE

NAME = "verify.gov.kh"
HOST = "platform.example"
OUTSIDE = "127.0.0.2"


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Receiver]:
    receiver = Receiver(OUTSIDE, tmp_path, HOST)
    yield receiver
    receiver.close()


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        server.set_a(HOST, OUTSIDE)
        yield server


@pytest.fixture
def settings(platform: Receiver, dns: DnsServer) -> VerificationSettings:
    told = PlatformSettings(
        url=f"https://{HOST}:{platform.port}/documents?from=camtrust",
        allowed_networks=(ip_network(OUTSIDE),),
        resolvers=(dns.resolver,),
        timeout_seconds=3,
        trust=platform.trust,
    )
    return VerificationSettings(platforms={NAME: told})


def made(database: Database, folder: Path, clock: Any, settings: VerificationSettings) -> World:
    world = World(database, folder, clock, verification_settings=settings)
    world.found()
    world.verification.keys.make()
    return world


@pytest.fixture
def world(sqlite: Database, tmp_path: Path, clock: Any, settings: VerificationSettings) -> World:
    return made(sqlite, tmp_path, clock, settings)


@pytest.fixture
def on_both(
    database: Database, tmp_path: Path, clock: Any, settings: VerificationSettings
) -> World:
    return made(database, tmp_path, clock, settings)


@pytest.fixture
def announcing(world: World) -> Announcing:
    return world.verification.announcing


def rows(world: World) -> list[tuple[object, ...]]:
    table = document_announcements
    query = select(table.c.position, table.c.state, table.c.tries, table.c.status)
    with world.database.read() as connection:
        return [tuple(row) for row in connection.execute(query.order_by(table.c.position))]


def told(world: World, receiver: Receiver) -> list[dict[str, Any]]:
    """What the platform read, checked with another library against the published key set."""
    key_set = jwt.PyJWKSet.from_dict(world.verification.keys.key_set())
    found = []
    for one in receiver.received:
        assert one.headers["content-type"] == "application/jose"
        header = jwt.get_unverified_header(one.body)
        assert header["typ"] == "document-registration+jws"
        claims = jwt.decode(
            one.body,
            key_set.keys[0].key,
            algorithms=["ES256"],
            audience=NAME,
            options={"verify_iat": False},
        )
        found.append(claims)
    return found


def test_each_signature_is_told_once_in_a_signed_body(on_both: World, platform: Receiver) -> None:
    world, announcing = on_both, on_both.verification.announcing
    world.verification.registry.register(ID, DETAILS, SIGNATURE)
    world.verification.registry.register(ID, DETAILS, SECOND)
    assert announcing.send_due() == 2
    assert announcing.send_due() == 0
    assert rows(world) == [(1, "taken", 1, 204), (2, "taken", 1, 204)]
    first, second = sorted(told(world, platform), key=lambda one: one["position"])
    assert first == {
        "address": f"{world.public_url}/v/{ID}",
        "aud": NAME,
        "iat": int(world.clock.now().timestamp()),
        "id": str(ID),
        "institution": "moh",
        "length": SIGNATURE.length,
        "position": 1,
        "sha256": SIGNATURE.sha256.hex(),
        "signed_at": "2026-12-01T04:16:00+00:00",
    }
    assert second["sha256"] == SECOND.sha256.hex()
    assert platform.received[0].path == "/documents?from=camtrust"


def test_title_and_subject_are_told_of_public_documents_alone(
    world: World, announcing: Announcing, platform: Receiver
) -> None:
    public = dataclasses.replace(DETAILS, is_public=True)
    world.verification.registry.register(ID, public, SIGNATURE)
    announcing.send_due()
    [claims] = told(world, platform)
    assert claims["title"] == DETAILS.title
    assert "SOK" not in json.dumps(claims)


def test_a_platform_that_has_it_already_is_content(
    world: World, announcing: Announcing, platform: Receiver
) -> None:
    platform.status = 409
    world.verification.registry.register(ID, DETAILS, SIGNATURE)
    assert announcing.send_due() == 1


@pytest.mark.parametrize("status", [302, 401, 500])
def test_a_platform_that_refuses_is_asked_again_until_it_takes_it(
    world: World, announcing: Announcing, platform: Receiver, status: int
) -> None:
    platform.status = status
    world.verification.registry.register(ID, DETAILS, SIGNATURE)
    assert announcing.send_due() == 0
    assert rows(world) == [(1, "waiting", 1, status)]
    assert announcing.send_due() == 0
    assert len(platform.received) == 1
    platform.status = 200
    world.clock.advance(timedelta(seconds=31))
    assert announcing.send_due() == 1
    assert rows(world) == [(1, "taken", 2, 200)]


def test_a_platform_that_is_away_for_good_is_given_up_after_days(
    world: World, announcing: Announcing, platform: Receiver
) -> None:
    platform.close()
    world.verification.registry.register(ID, DETAILS, SIGNATURE)
    began = world.clock.now()
    for _ in range(MOST_TRIES):
        assert announcing.send_due() == 0
        world.clock.advance(timedelta(hours=48))
    assert rows(world) == [(1, "given-up", MOST_TRIES, None)]
    assert world.clock.now() - began > timedelta(days=4)
    assert announcing.send_due() == 0


def test_what_a_process_claimed_and_left_is_sent_by_another(
    world: World, announcing: Announcing, platform: Receiver
) -> None:
    world.verification.registry.register(ID, DETAILS, SIGNATURE)

    class Dying:
        def tell(self, announcement: Announcement) -> Posted:
            raise KeyboardInterrupt

    dying = Announcing(
        database=world.database,
        registry=world.verification.registry,
        platforms={NAME: Dying()},
        addresses=world.verification.addresses,
        clock=world.clock,
    )
    with pytest.raises(KeyboardInterrupt):
        dying.send_due()
    assert announcing.send_due() == 0
    world.clock.advance(timedelta(minutes=2, seconds=1))
    assert announcing.send_due() == 1
    assert len(platform.received) == 1


def test_a_token_that_is_away_leaves_it_waiting(
    world: World, announcing: Announcing, platform: Receiver
) -> None:
    world.verification.registry.register(ID, DETAILS, SIGNATURE)
    world.keys.away = True
    assert announcing.send_due() == 0
    world.keys.away = False
    assert platform.received == []
    world.clock.advance(timedelta(minutes=1))
    assert announcing.send_due() == 1


def test_a_redirect_and_a_name_that_leads_inside_are_not_followed(
    world: World, announcing: Announcing, platform: Receiver, dns: DnsServer
) -> None:
    platform.status, platform.location = 307, f"https://{HOST}:{platform.port}/elsewhere"
    world.verification.registry.register(ID, DETAILS, SIGNATURE)
    assert announcing.send_due() == 0
    assert [one.path for one in platform.received] == ["/documents?from=camtrust"]
    platform.status, platform.location = 204, None
    dns.set_a(HOST, "127.0.0.1")
    world.clock.advance(timedelta(minutes=1))
    assert announcing.send_due() == 0
    assert len(platform.received) == 1


def test_a_platform_is_named_by_https_alone() -> None:
    named = ("http://verify.gov.kh/", "https://user@verify.gov.kh/", "https://x/#y", "ftp://x")
    for url in (*named, "https://ក/"):
        with pytest.raises(ValueError, match="url"):
            PlatformSettings(url=url)
    with pytest.raises(ValueError, match="the host alone"):
        VerificationSettings(url="https://verify.gov.kh/path")
