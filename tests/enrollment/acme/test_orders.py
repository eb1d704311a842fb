"""What an order may ask for: validity, profile, names proven ahead; and the list of orders."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from enrollment.acme import routes
from enrollment.acme.payloads import rfc3339
from enrollment.grants.grant import Grant
from tests.enrollment.acme.client import AcmeClient
from tests.enrollment.acme.membership import issue, kind, member_of
from tests.enrollment.grants.world import SERVER, active_grant
from tests.enrollment.world import World

pytestmark = pytest.mark.usefixtures("no_caa")
CHALLENGED = "mail.moh.gov.kh"


@pytest.fixture
def grant(world: World) -> Grant:
    return active_grant(world, dns_names=(SERVER, CHALLENGED), preauthorized=(SERVER,))


@pytest.fixture
def member(world: World, grant: Grant) -> AcmeClient:
    return member_of(world, grant)


def test_a_certificate_ends_when_the_order_asks(world: World, member: AcmeClient) -> None:
    end = world.clock.now() + timedelta(days=30)
    order, certificate = issue(member, SERVER, notAfter=rfc3339(end))
    assert order.get_json()["notAfter"] == rfc3339(end)
    assert certificate.not_valid_after_utc == end


@pytest.mark.parametrize("days", [-1, 0, 4000])
def test_an_end_that_cannot_be_is_refused(world: World, member: AcmeClient, days: int) -> None:
    end = world.clock.now() + timedelta(days=days)
    assert kind(member.order(SERVER, notAfter=rfc3339(end))) == "malformed"
    assert kind(member.order(SERVER, notBefore=rfc3339(end))) == "malformed"


@pytest.mark.parametrize("value", ["tomorrow", "2026-12-01T00:00:00", 10**30, {}, "9" * 3000])
def test_an_end_that_is_no_instant_is_refused(member: AcmeClient, value: object) -> None:
    assert kind(member.order(SERVER, notAfter=value)) == "malformed"


def test_the_directory_names_profiles_and_an_order_has_its_grants(member: AcmeClient) -> None:
    named = member.client.get("/acme/directory").get_json()["meta"]["profiles"]
    assert {"tls-server", "xroad-authentication", "xroad-signing"} <= set(named)
    assert member.order(SERVER).get_json()["profile"] == "tls-server"
    assert member.order(SERVER, profile="tls-server").status_code == 201
    for other in ("tls-server-short-lived", "person-signing", ""):
        assert kind(member.order(SERVER, profile=other)) == "invalidProfile"


def test_all_orders_are_listed_page_by_page(
    member: AcmeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "ORDERS_ON_A_PAGE", 2)
    made = {member.order(SERVER).headers["Location"] for _ in range(5)}
    assert member.account is not None
    url: str | None = member.post(member.account, {}).get_json()["orders"]
    seen: list[str] = []
    while url is not None:
        answer = member.post(url, None)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        seen += answer.get_json()["orders"]
        links = [one for one in answer.headers.getlist("Link") if 'rel="next"' in one]
        url = links[0].partition(">")[0].removeprefix("<") if links else None
    assert len(seen) == len(set(seen)) == 5
    assert set(seen) == made


def test_nobody_sees_anothers_orders(world: World, grant: Grant, member: AcmeClient) -> None:
    member.order(SERVER)
    other = member_of(world, grant)
    assert kind(other.post(f"{member.account}/orders", None)) == "malformed"
    assert other.post(f"{other.account}/orders", None).get_json()["orders"] == []


def pre_authorized(client: AcmeClient, name: str) -> Any:
    return client.post("/new-authorization", {"identifier": {"type": "dns", "value": name}})


def test_a_name_is_authorized_ahead_of_its_order(world: World, member: AcmeClient) -> None:
    answer = pre_authorized(member, SERVER)
    assert answer.status_code == 201
    assert answer.get_json()["status"] == "valid"
    where = answer.headers["Location"]
    assert member.order(SERVER).get_json()["authorizations"] == [where]
    pending = pre_authorized(member, CHALLENGED)
    assert pending.get_json()["status"] == "pending"
    kinds = {one["type"] for one in pending.get_json()["challenges"]}
    assert kinds == {"http-01", "dns-01"}


@pytest.mark.parametrize("name", ["other.gov.kh", f"*.{SERVER}", "", "localhost"])
def test_no_other_name_is_authorized_ahead(member: AcmeClient, name: str) -> None:
    assert kind(pre_authorized(member, name)) in {"rejectedIdentifier", "malformed"}


def test_an_authorization_that_was_given_up_is_not_used(member: AcmeClient) -> None:
    where = pre_authorized(member, SERVER).headers["Location"]
    assert member.post(where, {"status": "deactivated"}).get_json()["status"] == "deactivated"
    assert where not in member.order(SERVER).get_json()["authorizations"]
    assert kind(member.post(where, {"status": "deactivated"})) == "malformed"


def test_every_question_of_an_order_is_answered_through_an_index(
    world: World, member: AcmeClient
) -> None:
    plans: list[str] = []

    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE")):
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(str(one[3]) for one in cursor.fetchall())

    event.listen(world.database.engine, "before_cursor_execute", explain)
    try:
        issue(member, SERVER)
        [authorization] = member.order(CHALLENGED).get_json()["authorizations"]
        [first, _] = member.post(authorization, None).get_json()["challenges"]
        member.post(first["url"], None)
    finally:
        event.remove(world.database.engine, "before_cursor_execute", explain)
    assert any("acme_orders" in one for one in plans)
    # By its state alone a table is read in the end from its beginning.
    of_acme = [one for one in plans if "acme_" in one]
    assert [one for one in of_acme if one.startswith("SCAN") or "(state=" in one] == []
