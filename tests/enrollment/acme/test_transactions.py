"""A request is one transaction with its nonce; what a process remembers is never the last word."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import event

from core.database import Database
from enrollment.acme.errors import BadNonce
from enrollment.acme.models import accounts, spent_nonces
from enrollment.grants.grant import Grant
from tests.enrollment.acme.client import AcmeClient, jwk_of, sign
from tests.enrollment.acme.membership import (
    csr_der,
    kind,
    member_of,
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


def in_another_process(world: World, client: AcmeClient) -> AcmeClient:
    """The same account at a server that shares nothing with the first but the database."""
    vars(world).pop("acme", None)
    return twin_of(world, client)


@contextmanager
def commits(database: Database) -> Iterator[list[str]]:
    """What is committed meanwhile: "write" where something was written."""
    written: list[str] = []
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    def end(_connection: Any) -> None:
        reads = all(one.startswith("SELECT") for one in seen)
        written.append("read" if reads else "write")
        seen.clear()

    event.listen(database.engine, "before_cursor_execute", note)
    event.listen(database.engine, "commit", end)
    try:
        yield written
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
        event.remove(database.engine, "commit", end)


def test_reading_and_ordering_are_one_transaction_each(world: World, member: AcmeClient) -> None:
    order = member.order(SERVER)
    document = order.get_json()
    for url in (order.headers["Location"], document["authorizations"][0]):
        with commits(world.database) as made:
            assert member.post(url, None).status_code == 200
        assert made == ["write"]
    with commits(world.database) as made:
        assert member.order(SERVER).status_code == 201
    assert made == ["write"]


def test_a_certificate_is_five_writing_transactions(world: World, member: AcmeClient) -> None:
    # Nonce; processing and the grant's use; reservation; certificate; what came of both.
    finalize = member.order(SERVER).get_json()["finalize"]
    with commits(world.database) as made:
        done = member.post(finalize, {"csr": csr_der(SERVER)})
    assert done.get_json()["status"] == "valid"
    assert made.count("write") == 5


def test_what_is_refused_has_no_effect_and_its_nonce_is_spent(
    world: World, member: AcmeClient
) -> None:
    wish = {"identifiers": [{"type": "dns", "value": "elsewhere.example.org"}]}
    document = sign(member.key, member.header("/new-order"), wish)
    assert kind(member.send("/new-order", document)) == "rejectedIdentifier"
    assert kind(member.send("/new-order", document)) == "badNonce"


def test_a_fault_takes_back_the_act_and_not_the_nonce(world: World, member: AcmeClient) -> None:
    nonce = member.nonce()
    before = count(world, accounts), count(world, spent_nonces)
    with pytest.raises(ZeroDivisionError), world.acme.nonces.spending(nonce) as connection:
        connection.execute(accounts.delete())
        raise ZeroDivisionError
    assert (count(world, accounts), count(world, spent_nonces)) == (before[0], before[1] + 1)
    with pytest.raises(BadNonce), world.acme.nonces.spending(nonce):
        pass


def count(world: World, table: Any) -> int:
    with world.database.read() as connection:
        return len(connection.execute(table.select()).all())


def test_a_key_that_another_process_changed_opens_nothing(world: World, member: AcmeClient) -> None:
    other = in_another_process(world, member)
    assert other.order(SERVER).status_code == 201  # remembered there
    new = ec.generate_private_key(ec.SECP256R1())
    url = member.url("/key-change")
    wish = {"account": member.account, "oldKey": jwk_of(member.key)}
    inner = sign(new, {"alg": "ES256", "jwk": jwk_of(new), "url": url}, wish)
    assert member.post("/key-change", inner).status_code == 200
    refused = other.order(SERVER)
    assert kind(refused) == "malformed"
    assert "signed with the key" in refused.get_json(force=True)["detail"]
    other.key = new
    assert other.order(SERVER).status_code == 201
    assert other.order(SERVER).status_code == 201


def test_an_account_that_another_process_closed_does_nothing_more(
    world: World, member: AcmeClient
) -> None:
    other = in_another_process(world, member)
    assert other.order(SERVER).status_code == 201
    path = str(member.account).removeprefix(member.url(""))
    assert member.post(path, {"status": "deactivated"}).status_code == 200
    for _ in range(2):
        assert kind(other.order(SERVER)) == "unauthorized"
