"""``/enrollment/v1/staff-lists`` and ``/enrollment/v1/institutions`` as programs use them."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from flask.testing import FlaskClient

from core.access import Principal, Role
from tests.enrollment.lists.files import DARA, HEADER, csv_of, person, xlsx_of
from tests.enrollment.lists.world import MOI, brought, crowd, listed, officer
from tests.enrollment.world import Caller, World, slug

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def clerk(world: World, client: FlaskClient) -> Caller:
    officer(world, "clerk")
    return Caller(client, world.held["clerk"])


@pytest.fixture
def second(world: World, client: FlaskClient) -> Caller:
    officer(world, "second")
    return Caller(client, world.held["second"])


@pytest.fixture
def stranger(world: World, client: FlaskClient) -> Caller:
    officer(world, "stranger", "moh")
    return Caller(client, world.held["stranger"])


@pytest.fixture
def administrator(world: World, client: FlaskClient) -> Caller:
    world.enroll("admin", Role.CA_ADMINISTRATOR)
    return Caller(client, world.held["admin"])


def upload(caller: Caller, octets: bytes, media_type: str = "text/csv", **more: Any) -> Any:
    return caller.post("/staff-lists", data=octets, content_type=media_type, **more)


def test_from_the_upload_to_the_people(world: World, clerk: Caller) -> None:
    short = (*person(1)[:7], "20000001", *person(1)[8:])
    answer = upload(clerk, csv_of(DARA, short, (*person(2)[:6], "?", *person(2)[7:])))
    assert answer.status_code == 201
    path = answer.headers["Location"].removeprefix("/enrollment/v1")
    shown = answer.get_json()
    assert shown["state"] == "ready"
    assert shown["counts"] == {"new": 2, "returned": 0, "changed": 0, "unchanged": 0, "rejected": 1}
    assert (shown["unaccepted"], shown["uploaded_by"]) == (1, "clerk")
    [row] = clerk.get(f"{path}/rows?proposed=true").get_json()["rows"]
    assert row["findings"][0] == {
        "code": "leading-zero",
        "severity": "proposal",
        "column": "national_id",
        "was": "20000001",
        "proposed": "020000001",
        "text": "The spreadsheet took leading zeros away.",
    }
    accepted = clerk.post(f"{path}/acceptance", json={"rows": [row["number"]]}).get_json()
    assert (accepted["unaccepted"], accepted["revision"]) == (0, 1)
    assert slug(clerk.post(f"{path}/approval", json={"revision": 0})) == "list-changed"
    done = clerk.post(f"{path}/approval", json={"revision": 1}).get_json()
    assert done["state"] == "applied"
    assert listed(world) == ["0001", "0012"]
    rejects = clerk.get(f"{path}/rejects")
    assert rejects.headers["Content-Type"] == "text/csv; charset=utf-8"
    [reject] = csv.DictReader(io.StringIO(rejects.text.removeprefix("\ufeff")))
    assert reject["date_of_birth"] == "?"
    assert slug(clerk.post(f"{path}/withdrawal", json={})) == "list-not-ready"


def test_a_workbook_is_taken_too_and_nothing_else(clerk: Caller) -> None:
    assert upload(clerk, xlsx_of(DARA), XLSX).get_json()["counts"]["new"] == 1
    assert slug(upload(clerk, b"%PDF", "application/pdf")) == "unsupported-media-type"
    assert slug(upload(clerk, xlsx_of(DARA)[:500], XLSX)) == "list-unreadable"
    assert slug(upload(clerk, b"\xff\xfeS\0", "text/csv")) == "list-unreadable"
    assert slug(upload(clerk, b"a,b,c\n1,2,3")) == "list-columns-missing"
    broken = upload(clerk, csv_of(DARA, ("1",) * 100_000)).get_json()
    assert (broken["state"], broken["problem"]) == ("unreadable", "list-too-large")


def test_a_large_list_is_taken_and_read_by_the_scheduler(world: World, clerk: Caller) -> None:
    rows = [
        (*person(number)[:5], "F", "1985", f"{300_000_000 + number}", "") for number in range(5_000)
    ]
    answer = upload(clerk, csv_of(*rows))
    assert (answer.status_code, answer.get_json()["state"]) == (201, "reading")
    assert world.staff_lists.reading.read_waiting() == 1
    path = answer.headers["Location"].removeprefix("/enrollment/v1")
    assert clerk.get(path).get_json()["counts"]["new"] == 5_000


def test_fifty_megabytes_are_refused_or_read_and_more_is_refused_unread(clerk: Caller) -> None:
    row = b",".join(b"x" * 100 for _ in HEADER) + b"\n"
    fifty = csv_of() + b"\n" + row * (50 * 1024 * 1024 // len(row) - 1)
    answer = upload(clerk, fifty)
    assert answer.status_code == 201
    assert answer.get_json()["state"] == "reading"
    assert slug(upload(clerk, fifty + row * 2_000)) == "content-too-large"
    assert slug(
        clerk.post("/staff-lists/" + "0" * 32 + "/approval", json={"a": "b" * 300_000})
    ) == ("content-too-large")


def test_the_same_request_again_is_the_same_list(clerk: Caller) -> None:
    key = {"Idempotency-Key": "a-list"}
    first = upload(clerk, csv_of(DARA), headers=key)
    again = upload(clerk, csv_of(DARA), headers=key)
    assert again.get_json() == first.get_json()
    assert again.headers["Idempotency-Replayed"] == "true"
    other = upload(clerk, csv_of(person(1)), headers=key)
    assert slug(other) == "idempotency-key-reused"
    assert len(clerk.get("/staff-lists").get_json()["staff_lists"]) == 1


def test_a_list_that_drops_many_needs_another_officer(
    world: World, clerk: Caller, second: Caller
) -> None:
    brought(world, Principal("clerk", Role.RA_OFFICER, MOI), *crowd(10))
    path = upload(clerk, csv_of(*crowd(8))).headers["Location"].removeprefix("/enrollment/v1")
    leavers = clerk.get(f"{path}/leavers").get_json()
    assert (leavers["gone"], [one["staff_number"] for one in leavers["leavers"]]) == (
        2,
        ["0008", "0009"],
    )
    refused = clerk.post(f"{path}/approval", json={})
    assert (refused.status_code, slug(refused)) == (403, "second-list-officer-needed")
    assert second.post(f"{path}/approval", json={}).get_json()["approved_by"] == "second"


def test_what_is_anothers_looks_as_if_it_did_not_exist(clerk: Caller, stranger: Caller) -> None:
    path = upload(clerk, csv_of(DARA)).headers["Location"].removeprefix("/enrollment/v1")
    for below in ("", "/rows", "/leavers", "/rejects"):
        assert slug(stranger.get(f"{path}{below}")) == "list-unknown"
    for act in ("acceptance", "approval", "withdrawal"):
        assert slug(stranger.post(f"{path}/{act}", json={})) == "list-unknown"
    assert stranger.get("/staff-lists").get_json()["staff_lists"] == []
    taken = upload(stranger, csv_of(DARA), query_string={"institution": MOI})
    assert slug(taken) == "institution-unknown"
    assert slug(stranger.get(f"/institutions/{MOI}")) == "institution-unknown"
    seen = stranger.get("/institutions").get_json()["institutions"]
    assert [one["id"] for one in seen] == ["moh"]


def test_lists_come_in_pages(clerk: Caller) -> None:
    for number in range(3):
        upload(clerk, csv_of(person(number)))
    first = clerk.get("/staff-lists?limit=2").get_json()
    rest = clerk.get(f"/staff-lists?limit=2&cursor={first['next_cursor']}").get_json()
    found = [one["id"] for one in (*first["staff_lists"], *rest["staff_lists"])]
    assert len(found) == 3 and found == sorted(found, reverse=True)
    assert rest["next_cursor"] is None
    path = f"/staff-lists/{found[0]}/rows"
    assert clerk.get(f"{path}?after=2000000").get_json() == {"rows": [], "next_after": None}
    assert slug(clerk.get(f"{path}?after=-1")) == "invalid-fields"


def test_an_administrator_registers_suspends_and_closes(administrator: Caller) -> None:
    body = {
        "id": "moeys",
        "kind": "ministry",
        "name_km": "ក្រសួងអប់រំ",
        "name_latin": "Ministry of Education",
        "mail_domains": ["moeys.example"],
    }
    made = administrator.post("/institutions", json=body)
    assert made.status_code == 201
    path = made.headers["Location"].removeprefix("/enrollment/v1")
    assert administrator.get(path).get_json()["state"] == "active"
    assert slug(administrator.post("/institutions", json=body)) == "institution-exists"
    bad = body | {"id": "other", "mail_domains": ["a..b"]}
    assert slug(administrator.post("/institutions", json=bad)) == "institution-refused"
    for act, state in (
        ("suspension", "suspended"),
        ("reinstatement", "active"),
        ("closure", "closed"),
    ):
        assert administrator.post(f"{path}/{act}", json={}).get_json()["state"] == state
    assert slug(administrator.post(f"{path}/reinstatement", json={})) == "institution-not-active"
