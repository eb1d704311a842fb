from __future__ import annotations

import importlib.util
import io
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from core.access import Principal, Role
from core.errors import Unavailable
from core.event_log import set_up_event_log
from core.settings import SettingsRefused
from core.web.health import Probe

JSON = {"content_type": "application/json", "data": b"{}"}


class TokenAway(Unavailable):
    """Only here."""


def test_a_request_id_is_always_ours(client: FlaskClient) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": "forged"})
    assert answer.headers["X-Request-Id"] != "forged"


def test_a_request_is_logged_by_its_rule_and_never_by_its_path(client: FlaskClient) -> None:
    lines = io.StringIO()
    set_up_event_log(stream=lines)
    client.get("/problems/sok-personal?name=sok-query", headers={"User-Agent": "sok-agent"})
    [event] = map(json.loads, lines.getvalue().splitlines())
    assert event["route"] == "/problems/<slug>"
    assert (event["status"], event["problem"], event["principal"]) == (
        404,
        "no-such-path",
        "officer-1",
    )
    assert "sok" not in lines.getvalue()


def test_a_strange_method_is_logged_as_other(client: FlaskClient) -> None:
    lines = io.StringIO()
    set_up_event_log(stream=lines)
    client.open("/notes", method="SOK")
    [event] = map(json.loads, lines.getvalue().splitlines())
    assert (event["method"], event["status"]) == ("OTHER", 405)


def test_every_answer_carries_the_security_headers_and_no_unsafe_source(
    client: FlaskClient,
) -> None:
    for path in ("/docs", "/problems/", "/nowhere", "/fault/x"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_reference_page_needs_nothing_from_elsewhere_and_no_script(client: FlaskClient) -> None:
    page = client.get("/docs").get_data(as_text=True)
    assert "POST /notes" in page
    assert "<script" not in page and "<style" not in page and "style=" not in page
    assert "//" not in page.replace("https://pki.example", "")
    assert client.get("/assets/plain.css").status_code == 200


def test_the_description_is_openapi_3_1_with_problems_and_permissions(client: FlaskClient) -> None:
    spec = client.get("/openapi.json").get_json()
    assert spec["openapi"] == "3.1.0"
    operation = spec["paths"]["/notes"]["post"]
    assert operation["security"] == [{"officer-certificate": []}]
    assert operation["x-permissions"] == ["note:write"]
    assert {"400", "401", "403", "409", "413", "415", "422", "429", "500", "503"} <= set(
        operation["responses"]
    )
    assert "Idempotency-Key" in {one["name"] for one in operation["parameters"]}
    assert spec["components"]["securitySchemes"]["officer-certificate"]["type"] == "mutualTLS"


def test_a_caller_over_the_limit_is_told_when_to_come_back(
    make_app: Callable[..., APIFlask], signed_in: Any
) -> None:
    client = make_app("2 per minute").test_client()
    statuses = [client.post("/notes", **JSON).status_code for _ in range(3)]
    assert statuses == [201, 201, 429]
    answer = client.post("/notes", **JSON)
    assert answer.get_json()["type"].endswith("/rate-limited")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_each_answer_says_how_much_of_the_limit_is_left(
    make_app: Callable[..., APIFlask], signed_in: Any
) -> None:
    client = make_app("2 per minute").test_client()
    told = [client.post("/notes", **JSON).headers for _ in range(3)]
    assert [one["RateLimit-Policy"] for one in told] == ['"requests";q=2;w=60'] * 3
    assert [one["RateLimit"].split(";")[1] for one in told] == ["r=1", "r=0", "r=0"]
    assert "RateLimit" not in client.get("/healthz").headers


def test_one_callers_limit_is_not_anothers_and_probes_are_not_counted(
    make_app: Callable[..., APIFlask], signed_in: Any
) -> None:
    client = make_app("1 per minute").test_client()
    assert client.post("/notes", **JSON).status_code == 201
    assert client.post("/notes", **JSON).status_code == 429
    signed_in.who = Principal("officer-2", Role.RA_OFFICER)
    assert client.post("/notes", **JSON).status_code == 201
    assert [client.get("/healthz").status_code for _ in range(3)] == [200] * 3


def test_a_storage_that_is_unknown_keeps_the_service_from_starting(
    make_app: Callable[..., APIFlask],
) -> None:
    with pytest.raises(SettingsRefused, match=r"serve\.rate_limit_storage"):
        make_app(storage_url="cupboard://here")


def test_processes_share_one_count_in_redis_where_its_client_is_installed(
    make_app: Callable[..., APIFlask],
) -> None:
    # A fresh database number for each run would need a flush; a fresh limit is as good.
    limit = f"{secrets.randbelow(1000) + 2} per hour"
    if importlib.util.find_spec("redis") is None:
        with pytest.raises(SettingsRefused, match="redis"):
            make_app(limit, "redis://127.0.0.1:6379")
        return
    apps = [make_app(limit, "redis://127.0.0.1:6379").test_client() for _ in range(2)]
    allowed = int(limit.partition(" ")[0])
    statuses = [apps[n % 2].post("/notes", **JSON).status_code for n in range(allowed + 1)]
    assert statuses == [201] * allowed + [429]


def test_ready_names_each_part(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.get_json() == {"ready": True, "parts": {"database": "ok", "token": "ok"}}


@pytest.mark.parametrize(
    ("failure", "state"), [(TokenAway("x"), "unavailable"), (OSError("x"), "internal-error")]
)
def test_a_part_that_is_away_makes_the_service_unready_and_is_named(
    make_app: Callable[..., APIFlask], probes: list[Probe], failure: Exception, state: str
) -> None:
    def fail() -> None:
        raise failure

    probes[1] = Probe("token", fail)
    answer = make_app().test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["parts"] == {"database": "ok", "token": state}
    assert make_app().test_client().get("/healthz").status_code == 200


def test_strangers_cannot_make_the_token_sign_at_will(
    make_app: Callable[..., APIFlask], probes: list[Probe]
) -> None:
    tried: list[int] = []
    probes[1] = Probe("token", lambda: tried.append(1))
    client = make_app().test_client()
    for _ in range(20):
        client.get("/readyz")
    assert len(tried) == 1


def test_metrics_count_requests_by_rule(client: FlaskClient) -> None:
    client.get("/problems/conflict")
    text = client.get("/metrics", environ_base={"REMOTE_ADDR": "127.0.0.1"}).get_data(as_text=True)
    assert 'route="/problems/<slug>"' in text


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("203.0.113.9", {}),
        ("", {}),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}),
    ],
)
def test_metrics_do_not_exist_for_strangers(
    client: FlaskClient, address: str, headers: dict[str, str]
) -> None:
    answer = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == 404


def test_many_processes_count_as_one(tmp_path: Path) -> None:
    count = (
        "from core.web import metrics\nmetrics.count_request('public', 'GET', '/x', 200, 0.01)\n"
    )
    show = "from core.web.metrics import *\nprint(generate_latest(metrics_registry()).decode())\n"
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    def run(code: str) -> str:
        root = Path(__file__).parents[3]
        return subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            cwd=root,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    run(count), run(count)
    line = 'camtrust_requests_total{listener="public",method="GET",route="/x",status="200"} 2.0'
    assert line in run(show)
