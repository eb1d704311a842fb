"""Batches from the upload to the certificates: whole, each, killed, repeated, cancelled."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.web.cursors import cursor_after
from enrollment.application import ApplicationState
from enrollment.batches import checking, issuing
from enrollment.batches.batch import BatchState, RowState
from enrollment.batches.models import batch_decisions, batch_rows, batches
from enrollment.batches.upload import MOST_ROWS
from enrollment.models import applications, decisions
from tests.enrollment.program_world import Program, line, officer, program
from tests.enrollment.world import Caller, World, slug


@pytest.fixture
def ours(world: World) -> Program:
    return program(world, institution=world.found("moh"))


@pytest.fixture
def either(either_world: World) -> Program:
    """As ``ours``, on SQLite and on PostgreSQL."""
    return program(either_world, institution=either_world.found("moh"))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that take two rows each, as a large batch takes many."""
    monkeypatch.setattr(checking, "AT_ONCE", 2)
    monkeypatch.setattr(issuing, "AT_ONCE", 2)


def office(world: World, officer_id: str, institution: str | None = "moh") -> Caller:
    if officer_id not in world.held:
        world.enroll(officer_id, institution=institution)
    client = create_app(world.parts(), Listener.OFFICERS).test_client()
    return Caller(client, world.held[officer_id])


def go_on(world: World, times: int = 20) -> None:
    for _ in range(times):
        world.programs.batch_work.go_on()


def shown(ours: Program, batch: str) -> dict[str, Any]:
    found: dict[str, Any] = ours.get(f"/batches/{batch}").get_json()
    return found


def rows(ours: Program, batch: str, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ours.get(f"/batches/{batch}/rows{query}").get_json()["rows"]
    return found


def uploaded(ours: Program, lines: list[str | bytes], **options: Any) -> str:
    answer = ours.upload(lines, **options)
    assert answer.status_code == 201, answer.get_json()
    assert answer.headers["Location"].endswith(answer.get_json()["id"])
    batch: str = answer.get_json()["id"]
    return batch


def devices(count: int) -> list[str | bytes]:
    return [line("device", holder=f"device:meter-{number}") for number in range(count)]


def test_a_batch_is_checked_decided_by_two_and_issued(either: Program, few: None) -> None:
    world = either.world
    batch = uploaded(either, [line(holder=f"person:IDCKH-{number:09}") for number in range(5)])
    assert shown(either, batch)["counts"] == {"waiting": 5}
    go_on(world, 3)
    told = shown(either, batch)
    assert (told["state"], told["approvals_needed"]) == ("waiting", 2)
    first, second = office(world, "first"), office(world, "second")
    assert first.post(f"/batches/{batch}/approval", json={}).get_json()["state"] == "waiting"
    assert slug(first.post(f"/batches/{batch}/approval", json={})) == "batch-decided-before"
    go_on(world)
    assert shown(either, batch)["counts"] == {"passed": 5}
    assert second.post(f"/batches/{batch}/approval", json={}).get_json()["state"] == "working"
    go_on(world)
    told = shown(either, batch)
    assert (told["state"], told["counts"]) == ("done", {"issued": 5})
    for row in rows(either, batch):
        got = either.get(f"/applications/{row['application']}/certificate")
        assert got.status_code == 200
    with world.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(decisions)) == 10
        # What was sent is personal data, and nobody needs it any more.
        assert set(connection.scalars(select(batch_rows.c.line))) == {None}


def test_rows_that_do_not_pass_are_rejected_with_their_reason(ours: Program) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    batch = uploaded(
        ours,
        [
            line(key=key),
            "{",
            b"\xff\xfe",
            "[]",
            json.dumps({"profile": "person-signing"}),
            line(csr="-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END"),
            line("root-ca", facts={}),
            line(facts={"nonsense": "x"}),
            line(key=key, holder="person:IDCKH-999999999"),
            line(more="x"),
        ],
    )
    go_on(ours.world)
    told = {row["number"]: row["problem"] for row in rows(ours, batch, "?state=rejected")}
    assert told == {
        2: "json-malformed",
        3: "malformed",
        4: "invalid-fields",
        5: "invalid-fields",
        6: "csr-pem-malformed",
        7: "profile-not-open",
        8: "fact-unknown",
        9: "row-repeated",
        10: "invalid-fields",
    }
    assert shown(ours, batch)["counts"] == {"passed": 1, "rejected": 9}
    [row] = [row for row in rows(ours, batch) if row["number"] == 5]
    assert "csr: Field required" in row["detail"]


def test_a_batch_of_rejects_alone_is_done_and_nobody_is_bothered(ours: Program) -> None:
    batch = uploaded(ours, ["{", "{"])
    go_on(ours.world)
    assert shown(ours, batch)["state"] == "done"
    answer = office(ours.world, "first").post(f"/batches/{batch}/approval", json={})
    assert slug(answer) == "batch-closed"


def test_rows_decided_one_by_one_wait_as_applications(ours: Program) -> None:
    batch = uploaded(ours, devices(2), query="?decided=each")
    go_on(ours.world)
    told = shown(ours, batch)
    assert (told["state"], told["counts"]) == ("done", {"submitted": 2})
    waiting = ours.world.registration.applications.page(
        limit=9, states=[ApplicationState.SUBMITTED]
    )
    assert {one.id for one in waiting} == {row["application"] for row in rows(ours, batch)}
    assert {one.institution for one in waiting} == {"moh"}
    assert {one.applicant for one in waiting} == {ours.id}


def approved(ours: Program, lines: list[str | bytes]) -> str:
    batch = uploaded(ours, lines)
    go_on(ours.world)
    for number in range(shown(ours, batch)["approvals_needed"]):
        answer = office(ours.world, f"officer-{number}").post(f"/batches/{batch}/approval", json={})
        assert answer.status_code == 200
    return batch


KILLED = {
    "before the application is stored": ("_applications", "submit", False),
    "after the application is stored": ("_applications", "submit", True),
    "before the decision": ("_decisions", "decide", False),
    "after the decision": ("_decisions", "decide", True),
    "before the certificate": ("_delivery", "issue_if_approved", False),
    "after the certificate": ("_delivery", "issue_if_approved", True),
}


class Killed(BaseException):
    """As the process is killed: nothing catches it."""


@pytest.mark.parametrize(("part", "method", "after"), KILLED.values(), ids=KILLED)
def test_a_run_that_is_killed_anywhere_goes_on_and_does_nothing_twice(
    either: Program, part: str, method: str, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = approved(either, devices(2))
    work = either.world.programs.batch_work
    owner = getattr(work._issuing, part)
    real: Callable[..., Any] = getattr(owner, method)

    def dies(*args: Any, **options: Any) -> Any:
        if after:
            real(*args, **options)
        raise Killed

    with monkeypatch.context() as once:
        once.setattr(owner, method, dies)
        with pytest.raises(Killed):
            work.go_on()
    go_on(either.world)
    assert shown(either, batch)["counts"] == {"issued": 2}
    with either.world.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(applications)) == 2
    issued = [one for one in either.world.register.page(limit=50) if one.profile == "device"]
    assert len(issued) == 2


def test_two_processes_at_once_issue_each_row_once(either: Program) -> None:
    batch = approved(either, devices(6))
    work, failures = either.world.programs.batch_work, []

    def run() -> None:
        try:
            for _ in range(3):
                work.go_on()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failures == []
    go_on(either.world, 2)
    assert shown(either, batch)["counts"] == {"issued": 6}
    issued = [one for one in either.world.register.page(limit=50) if one.profile == "device"]
    assert len(issued) == 6


def test_a_token_that_is_away_only_holds_a_batch_up(ours: Program) -> None:
    batch = approved(ours, devices(2))
    ours.world.keys.away = True
    go_on(ours.world, 2)
    assert shown(ours, batch)["state"] == "working"
    ours.world.keys.away = False
    go_on(ours.world, 3)
    assert shown(ours, batch)["counts"] == {"issued": 2}


def test_an_upload_sent_again_with_its_key_is_one_batch(ours: Program) -> None:
    lines, headers = devices(2), {"Idempotency-Key": "one"}
    batch = uploaded(ours, lines, headers=headers)
    assert uploaded(ours, lines, headers=headers) == batch
    assert slug(ours.upload(devices(1), headers=headers)) == "idempotency-key-reused"
    assert len(ours.get("/batches").get_json()["batches"]) == 1


def test_pages_of_rows_follow_each_other(ours: Program) -> None:
    batch = uploaded(ours, ["{"] * 5)
    seen: list[int] = []
    path: str | None = f"/batches/{batch}/rows?limit=2"
    while path:
        page = ours.get(path).get_json()
        seen += [row["number"] for row in page["rows"]]
        following = page["next_cursor"]
        path = following and f"/batches/{batch}/rows?limit=2&cursor={following}"
    assert seen == [1, 2, 3, 4, 5]
    far = cursor_after("f" * 32)  # of a row that no batch has
    assert rows(ours, batch, f"?cursor={far}") == []


def test_a_refused_or_cancelled_batch_issues_nothing(ours: Program) -> None:
    refused, cancelled = uploaded(ours, devices(2)), uploaded(ours, devices(2))
    go_on(ours.world)
    first = office(ours.world, "first")
    body = {"reason": "These meters are not ours."}
    told = first.post(f"/batches/{refused}/refusal", json=body).get_json()
    assert (told["state"], told["counts"]) == ("refused", {"dropped": 2})
    assert told["decisions"][0]["reason"] == body["reason"]
    assert ours.post(f"/batches/{cancelled}/cancellation", json={}).status_code == 200
    again = ours.post(f"/batches/{cancelled}/cancellation", json={}).get_json()
    assert again["state"] == "cancelled"
    assert slug(ours.post(f"/batches/{refused}/cancellation", json={})) == "batch-closed"
    go_on(ours.world)
    assert shown(ours, cancelled)["counts"] == {"dropped": 2}
    with ours.world.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(applications)) == 0


def test_a_batch_cancelled_while_it_is_checked_stays_cancelled(ours: Program, few: None) -> None:
    batch = uploaded(ours, devices(3))
    go_on(ours.world, 1)
    ours.post(f"/batches/{batch}/cancellation", json={})
    go_on(ours.world)
    told = shown(ours, batch)
    assert (told["state"], told["counts"]) == ("cancelled", {"dropped": 3})


def test_another_institution_and_another_program_see_nothing(ours: Program) -> None:
    batch = uploaded(ours, devices(1))
    go_on(ours.world)
    theirs = program(ours.world, institution=ours.world.found("moi"), http=ours.http)
    sibling = program(ours.world, institution="moh", http=ours.http)
    foreign = office(ours.world, "foreign", institution="moi")
    for who in (theirs, sibling, foreign):
        for path in (f"/batches/{batch}", f"/batches/{batch}/rows"):
            assert slug(who.get(path)) == "batch-unknown"
        assert slug(who.post(f"/batches/{batch}/cancellation", json={})) == "batch-unknown"
    assert slug(foreign.post(f"/batches/{batch}/approval", json={})) == "batch-unknown"
    refusal = foreign.post(f"/batches/{batch}/refusal", json={"reason": "no"})
    assert slug(refusal) == "batch-unknown"
    assert theirs.get("/batches").get_json()["batches"] == []
    assert foreign.get("/batches").get_json()["batches"] == []
    assert len(office(ours.world, "first").get("/batches").get_json()["batches"]) == 1


def test_the_tables_refuse_what_the_code_would(either: Program) -> None:
    world = either.world
    batch = uploaded(either, devices(1))
    go_on(world)
    officer(world, "first")
    now = world.clock.now()
    own = {
        "id": "d" * 32,
        "batch": batch,
        "submitter_person": either.id,
        "decided_by": either.id,
        "decided_by_person": either.id,
        "verdict": "approved",
        "decided_at": now,
        "salt": b"s",
        "log_index": 1,
    }
    with pytest.raises(IntegrityError), world.database.begin() as connection:
        connection.execute(batch_decisions.insert().values(**own))
    with pytest.raises(IntegrityError), world.database.begin() as connection:
        connection.execute(
            update(batches).where(batches.c.id == batch).values(state=BatchState.WORKING)
        )
    with pytest.raises(IntegrityError), world.database.begin() as connection:
        connection.execute(batch_rows.update().values(state=RowState.REJECTED))


BAD_UPLOADS: dict[str, Callable[[], Iterator[bytes]]] = {
    "nothing": lambda: iter([b""]),
    "empty lines": lambda: iter([b"\n\n  \n"]),
    "a line too many": lambda: iter([b"{}\n" * (MOST_ROWS + 1)]),
    "a line that is too long": lambda: iter([b'{"a": "' + b"x" * 20_000 + b'"}']),
}


@pytest.mark.parametrize("make", BAD_UPLOADS.values(), ids=BAD_UPLOADS)
def test_an_upload_that_is_none_is_refused_whole(
    world: World, make: Callable[[], Iterator[bytes]]
) -> None:
    ours = program(world)
    answer = ours.upload([b"".join(make())])
    assert slug(answer) == "batch-malformed"
    assert ours.get("/batches").get_json()["batches"] == []


def test_an_upload_may_be_larger_than_other_bodies_and_not_endless(world: World) -> None:
    ours = program(world)
    long = ["{" + " " * 10_000 + "}"] * 100
    assert ours.upload(long).status_code == 201
    assert slug(ours.upload([b"x" * 40_000_000])) == "content-too-large"
    other = ours.post("/batches", data=b"{}", content_type="application/json")
    assert slug(other) == "unsupported-media-type"
    body = b'{"a": "' + b"x" * 300_000 + b'"}'
    assert slug(ours.post("/applications", data=body, content_type="application/json")) == (
        "content-too-large"
    )


def test_ten_thousand_rows_are_taken_in_one_upload(world: World) -> None:
    ours = program(world)
    batch = uploaded(ours, ["{"] * MOST_ROWS)
    assert shown(ours, batch)["counts"] == {"waiting": MOST_ROWS}
    world.clock.advance(timedelta(seconds=1))
    go_on(world, 1)
    assert shown(ours, batch)["counts"]["rejected"] == checking.AT_ONCE


def test_the_log_tells_of_a_batch_without_personal_data(ours: Program) -> None:
    batch = approved(ours, devices(1))
    go_on(ours.world)
    ours.world.log.publish()
    found = [
        (entry.kind, json.dumps(entry.facts))
        for _, entry in ours.world.log.published_entries()
        if "batch" in entry.facts
    ]
    kinds = [kind for kind, _ in found]
    assert kinds[0] == "batch-submitted"
    assert set(kinds) == {"batch-submitted", "batch-decided"}
    assert all("meter" not in facts and ours.id not in facts for _, facts in found)
    assert shown(ours, batch)["state"] == "done"
