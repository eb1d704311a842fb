from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from core.access import Principal, Role
from core.errors import Conflict, Unavailable
from core.idempotency import LEASE, ActDone, IdempotentRequests


def post(client: FlaskClient, key: str | None = "k1", body: bytes = b"{}") -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/notes", data=body, content_type="application/json", headers=headers)


def slug(answer: Any) -> str:
    return str(answer.get_json()["type"].rpartition("/")[2])


def test_the_same_request_again_is_answered_as_before_and_done_once(
    client: FlaskClient, acts: Any
) -> None:
    first, second = post(client), post(client)
    assert len(acts.done) == 1
    assert (second.status_code, second.data, second.headers["Location"]) == (
        201,
        first.data,
        "/notes/1",
    )
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers


def test_without_a_key_each_request_is_an_act(client: FlaskClient, acts: Any) -> None:
    post(client, None), post(client, None)
    assert len(set(acts.done)) == 2


def test_a_quoted_key_is_the_same_key(client: FlaskClient, acts: Any) -> None:
    post(client, '"k1"'), post(client, "k1")
    assert len(acts.done) == 1


def test_the_same_key_with_another_body_is_refused(client: FlaskClient, acts: Any) -> None:
    post(client)
    answer = post(client, body=b'{"other": 1}')
    assert (answer.status_code, slug(answer)) == (422, "idempotency-key-reused")
    assert len(acts.done) == 1


def test_keys_of_two_principals_do_not_meet(client: FlaskClient, acts: Any, signed_in: Any) -> None:
    post(client)
    signed_in.who = Principal("officer-2", Role.RA_OFFICER)
    assert post(client).status_code == 201
    assert len(acts.done) == 2


@pytest.mark.parametrize("key", ["", '"', 'a"b', "x" * 256, "ព", "a b"])
def test_a_key_that_cannot_be_read_is_refused(client: FlaskClient, acts: Any, key: str) -> None:
    answer = post(client, key)
    assert (answer.status_code, slug(answer)) == (400, "idempotency-key-malformed")
    assert acts.done == []


def test_a_refused_request_frees_its_key(client: FlaskClient, acts: Any) -> None:
    acts.failure = Conflict("Not yet.")
    assert post(client).status_code == 409
    acts.failure = None
    assert post(client, body=b'{"better": 1}').status_code == 201


@pytest.mark.parametrize("failure", [Unavailable("away"), RuntimeError("fault")])
def test_a_request_that_failed_midway_runs_again_under_the_same_act(
    client: FlaskClient, acts: Any, keeper: IdempotentRequests, failure: Exception
) -> None:
    seen: list[str] = []

    def fail_late() -> None:
        from core.web.idempotent import act_id

        seen.append(act_id())
        raise failure

    succeed, acts.do = acts.do, fail_late
    assert post(client).status_code >= 500
    acts.do = succeed
    assert post(client).status_code == 201
    assert acts.done == seen


@pytest.mark.parametrize(
    "failures",
    [
        [RuntimeError("Perhaps it was done."), Conflict("Not any more.")],
        [ActDone("It was done.")],
    ],
)
def test_a_refusal_of_what_may_be_done_already_keeps_the_key_for_that_act(
    client: FlaskClient, acts: Any, failures: list[Exception]
) -> None:
    seen: list[str] = []

    def fail() -> None:
        from core.web.idempotent import act_id

        seen.append(act_id())
        raise failures[len(seen) - 1]

    do, acts.do = acts.do, fail
    assert [post(client).status_code for _ in failures][-1] == 409
    acts.do = do
    assert slug(post(client, body=b'{"other": 1}')) == "idempotency-key-reused"
    assert post(client).status_code == 201
    assert {*acts.done} == {*seen}


def test_a_second_request_while_the_first_runs_is_told_to_wait(
    client: FlaskClient, acts: Any
) -> None:
    inner: list[Any] = []
    do = acts.do

    def ask_again() -> None:
        inner.append(post(client))
        do()

    acts.do = ask_again
    assert post(client).status_code == 201
    assert (inner[0].status_code, slug(inner[0])) == (409, "request-in-progress")
    assert inner[0].headers["Retry-After"] == "1"
    assert len(acts.done) == 1


def test_a_request_whose_process_died_runs_again_when_its_lease_is_over(
    client: FlaskClient, acts: Any, keeper: IdempotentRequests, clock: Any
) -> None:
    class Died(BaseException):
        pass

    do, acts.do = acts.do, lambda: (_ for _ in ()).throw(Died())
    with pytest.raises(Died):
        post(client)
    acts.do = do
    assert slug(post(client)) == "request-in-progress"
    clock.advance(LEASE + timedelta(seconds=1))
    assert post(client).status_code == 201
