"""Two requests at the same time: one of them wins, on SQLite and on PostgreSQL."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from enrollment.acme.certificate_ids import certificate_id
from enrollment.grants.grant import Grant
from tests.enrollment.acme.client import AcmeClient, binding, jwk_of, sign
from tests.enrollment.acme.membership import (
    at_once,
    csr_der,
    fetch,
    issue,
    kind,
    member_of,
    new_client,
    secret,
    twin_of,
)
from tests.enrollment.grants.world import SERVER, active_grant
from tests.enrollment.world import World

pytestmark = pytest.mark.usefixtures("no_caa")


@pytest.fixture
def world(either_world: World) -> World:
    return either_world


@pytest.fixture
def grant(world: World) -> Grant:
    return active_grant(world, preauthorized=(SERVER,))


@pytest.fixture
def member(world: World, grant: Grant) -> AcmeClient:
    return member_of(world, grant)


def used(world: World, grant: Grant) -> int:
    return world.grants.find(grant.id).certificates_used


def finalized(client: AcmeClient, url: str) -> Any:
    """Finalize with a request of its own."""
    return client.post(url, {"csr": csr_der(SERVER)})


def test_two_different_requests_finalize_one_order_once(
    world: World, grant: Grant, member: AcmeClient
) -> None:
    order = member.order(SERVER)
    finalize = order.get_json()["finalize"]
    clients = (member, twin_of(world, member))
    answers = at_once([partial(finalized, one, finalize) for one in clients])
    assert sorted(one.status_code for one in answers) == [200, 403]
    [refused] = [one for one in answers if one.status_code == 403]
    assert kind(refused) == "orderNotReady"
    assert member.post(order.headers["Location"], None).get_json()["status"] == "valid"
    assert used(world, grant) == 1


def test_the_same_request_twice_at_once_is_one_certificate(
    world: World, grant: Grant, member: AcmeClient
) -> None:
    order = member.order(SERVER)
    finalize, csr = order.get_json()["finalize"], csr_der(SERVER)
    clients = (member, twin_of(world, member))
    answers = at_once([partial(one.post, finalize, {"csr": csr}) for one in clients])
    assert {one.status_code for one in answers} == {200}
    assert {one.get_json()["status"] for one in answers} <= {"processing", "valid"}
    shown = member.post(order.headers["Location"], None).get_json()
    assert shown["status"] == "valid"
    assert fetch(member, shown["certificate"]).serial_number
    assert used(world, grant) == 1


def changed_key(client: AcmeClient, new: ec.EllipticCurvePrivateKey) -> Any:
    url = client.url("/key-change")
    inner = sign(
        new,
        {"alg": "ES256", "jwk": jwk_of(new), "url": url},
        {"account": client.account, "oldKey": jwk_of(client.key)},
    )
    return client.post("/key-change", inner)


def test_of_two_key_changes_at_once_one_happens(
    world: World, grant: Grant, member: AcmeClient
) -> None:
    news = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    clients = [twin_of(world, member) for _ in news]
    pairs = zip(clients, news, strict=True)
    answers = at_once([partial(changed_key, one, new) for one, new in pairs])
    won = [new for new, answer in zip(news, answers, strict=True) if answer.status_code == 200]
    assert len(won) == 1
    [lost] = [answer for answer in answers if answer.status_code != 200]
    assert kind(lost) in {"malformed", "unauthorized"}
    member.key = won[0]
    assert member.order(SERVER).status_code == 201


def test_two_accounts_do_not_get_one_new_key(
    world: World, grant: Grant, member: AcmeClient
) -> None:
    new = ec.generate_private_key(ec.SECP256R1())
    clients = [member, member_of(world, grant)]
    answers = at_once([partial(changed_key, one, new) for one in clients])
    assert sorted(one.status_code for one in answers) == [200, 409]
    winner = clients[[one.status_code for one in answers].index(200)]
    [lost] = [one for one in answers if one.status_code == 409]
    # RFC 8555, Section 7.3.5.
    assert lost.headers["Location"] == winner.account


def test_the_same_new_account_twice_at_once_is_one(world: World, grant: Grant) -> None:
    first = new_client(world)
    bound = binding(grant.id, secret(world, grant), first.key, first.url("/new-account"))
    wish = {"termsOfServiceAgreed": True, "externalAccountBinding": bound}
    clients = (first, twin_of(world, first))
    answers = at_once([partial(one.post, "/new-account", wish) for one in clients])
    assert sorted(one.status_code for one in answers) == [200, 201]
    assert len({one.headers["Location"] for one in answers}) == 1


def test_one_signed_request_sent_twice_at_once_is_taken_once(
    world: World, member: AcmeClient
) -> None:
    wish = {"identifiers": [{"type": "dns", "value": SERVER}]}
    document = sign(member.key, member.header("/new-order"), wish)
    clients = (member, twin_of(world, member))
    answers = at_once([partial(one.send, "/new-order", document) for one in clients])
    assert sorted(one.status_code for one in answers) == [201, 400]
    [refused] = [one for one in answers if one.status_code == 400]
    assert kind(refused) == "badNonce"


def test_of_two_orders_that_replace_one_certificate_one_is_issued(
    world: World, grant: Grant, member: AcmeClient
) -> None:
    _order, certificate = issue(member, SERVER)
    replaces = str(certificate_id(certificate))
    orders = [member.order(SERVER, replaces=replaces).get_json() for _ in range(2)]
    pairs = zip((member, twin_of(world, member)), orders, strict=True)
    answers = at_once([partial(finalized, one, order["finalize"]) for one, order in pairs])
    assert sorted(one.status_code for one in answers) == [200, 409]
    [refused] = [one for one in answers if one.status_code == 409]
    assert kind(refused) == "alreadyReplaced"
