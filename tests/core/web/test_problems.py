from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from core.errors import CamtrustError, Conflict, Unavailable
from core.event_log import set_up_event_log
from core.web.problem_catalog import error_classes, problem_kinds
from core.web.problems import status_of


def test_a_refusal_is_a_problem_document_with_a_stable_type(client: FlaskClient) -> None:
    answer = client.get("/conflict")
    assert answer.status_code == 409
    assert answer.content_type == "application/problem+json"
    problem = answer.get_json()
    assert problem["type"] == "https://pki.example/problems/conflict"
    assert problem["detail"] == "Not now."
    assert problem["kept"] == "Everything."
    assert problem["request_id"] == answer.headers["X-Request-Id"]


def test_data_of_a_refusal_stands_beside_its_members_and_never_over_them(
    client: FlaskClient,
) -> None:
    problem = client.get("/conflict").get_json()
    assert (problem["colour"], problem["raw"]) == ("red", "01")
    assert problem["title"] == Conflict.title


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "slug"),
    [
        ("GET", "/nowhere", {}, 404, "no-such-path"),
        ("GET", "/notes", {}, 405, "method-not-allowed"),
        ("POST", "/notes", {"data": b"x" * 20_000}, 413, "content-too-large"),
        (
            "POST",
            "/notes",
            {"data": b"x", "content_type": "text/plain"},
            415,
            "unsupported-media-type",
        ),
        ("POST", "/notes", {"data": b"x"}, 415, "unsupported-media-type"),
        (
            "POST",
            "/notes",
            {"data": b"{", "content_type": "application/json"},
            400,
            "json-malformed",
        ),
        ("GET", "/fault/%00", {}, 400, "address-malformed"),
        ("GET", "/away?x=%0a", {}, 400, "address-malformed"),
        ("GET", "/away", {}, 503, "unavailable"),
        ("GET", "/fault/sok", {}, 500, "internal-error"),
    ],
)
def test_every_error_of_http_is_a_problem_too(
    client: FlaskClient, method: str, path: str, sent: dict[str, Any], status: int, slug: str
) -> None:
    answer = client.open(path, method=method, **sent)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["type"] == f"https://pki.example/problems/{slug}"
    assert client.get(f"/problems/{slug}").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[" * 16_000,
        b'{"a":' * 3_000,
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b"1" * 5_000,
        b'"\\ud8',
    ],
    ids=["empty", "not-utf8", "deep-list", "deep-object", "nan", "twice", "huge-int", "cut"],
)
def test_json_with_tricks_is_refused_as_malformed(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/notes", data=body, content_type="application/json")
    assert (answer.status_code, answer.get_json()["type"].rpartition("/")[2]) == (
        400,
        "json-malformed",
    )


def test_a_method_that_is_not_offered_is_answered_with_those_that_are(client: FlaskClient) -> None:
    assert client.get("/notes").headers["Allow"] == "OPTIONS, POST"


def test_a_part_that_is_away_says_when_to_ask_again(client: FlaskClient) -> None:
    assert int(client.get("/away").headers["Retry-After"]) > 0


def test_a_fault_tells_the_client_nothing_and_is_logged_once_without_its_message(
    client: FlaskClient,
) -> None:
    lines = io.StringIO()
    set_up_event_log(stream=lines)
    answer = client.get("/fault/sok")
    assert b"secret" not in answer.data and b"KeyError" not in answer.data
    faults = [
        one for one in map(json.loads, lines.getvalue().splitlines()) if one["level"] == "error"
    ]
    assert [one["raised"] for one in faults] == ["builtins.KeyError"]
    assert faults[0]["request_id"] == answer.get_json()["request_id"]
    assert "secret" not in lines.getvalue() and "sok" not in lines.getvalue()


def test_slugs_are_kebab_case_and_each_belongs_to_one_class() -> None:
    slugs = [kind.problem for kind in error_classes()]
    assert len(slugs) == len(set(slugs)), sorted({one for one in slugs if slugs.count(one) > 1})
    assert all(slug.replace("-", "").isalnum() and slug == slug.lower() for slug in slugs)


def test_every_kind_of_problem_has_a_title_a_meaning_and_a_status() -> None:
    for kind in problem_kinds():
        assert kind.title and kind.meaning
        assert 400 <= kind.status < 600


def test_only_what_is_away_and_our_own_faults_are_server_errors() -> None:
    assert status_of(Unavailable) == 503
    assert status_of(CamtrustError) == 500
