"""Time-stamps over HTTP, at the public listener."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.web_parts import app_parts
from camtrust.wiring import Services
from signing.timestamps.definitions import BY_NAME
from tests.signing.timestamps.conftest import certificate_of
from tests.signing.timestamps.queries import query, read

QUERY = "application/timestamp-query"


@pytest.fixture(scope="module")
def app(stamping: Services) -> APIFlask:
    return create_app(app_parts(stamping), Listener.PUBLIC)


@pytest.fixture
def client(app: APIFlask) -> FlaskClient:
    return app.test_client()


def test_each_unit_answers_at_its_path(client: FlaskClient, stamping: Services, unit: str) -> None:
    response = client.post(BY_NAME[unit].path, data=query(cert_req=True), content_type=QUERY)

    assert response.status_code == 200
    assert response.content_type == "application/timestamp-reply"
    assert response.headers["Cache-Control"] == "no-store"
    reply = read(response.data)
    assert reply.status == "granted"
    [signer] = reply.signed_data["signer_infos"]
    serial_number = signer["sid"].chosen["serial_number"].native
    assert serial_number == certificate_of(stamping, unit).serial_number


def test_a_refusal_is_a_reply_too(client: FlaskClient) -> None:
    response = client.post("/tsa", data=query("sha1"), content_type=QUERY)

    assert response.status_code == 200
    assert response.content_type == "application/timestamp-reply"
    assert read(response.data).failures == {"bad_alg"}


def test_while_the_token_is_away_the_reply_comes_with_a_503(
    client: FlaskClient, stamping: Services
) -> None:
    tokens = stamping.home / "tokens"
    tokens.rename(stamping.home / "away")
    try:
        response = client.post("/tsa", data=query(), content_type=QUERY)
    finally:
        (stamping.home / "away").rename(tokens)

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert read(response.data).failures == {"system_failure"}
    again = client.post("/tsa", data=query(), content_type=QUERY)
    assert read(again.data).status == "granted"


def test_get_is_refused_in_words(client: FlaskClient, unit: str) -> None:
    response = client.get(BY_NAME[unit].path)

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    assert "RFC 3161" in response.json["detail"]  # type: ignore[index]
    assert QUERY in response.json["detail"]  # type: ignore[index]


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", None])
def test_another_content_type_is_refused(client: FlaskClient, content_type: str | None) -> None:
    response = client.post("/tsa", data=query(), content_type=content_type)

    assert response.status_code == 415


def test_a_request_is_bounded_in_size(client: FlaskClient) -> None:
    largest = client.post("/tsa", data=b"\x30" * 4096, content_type=QUERY)
    larger = client.post("/tsa", data=b"\x30" * 4097, content_type=QUERY)

    assert largest.status_code == 200
    assert read(largest.data).failures == {"bad_request", "bad_data_format"}
    assert larger.status_code == 413


def test_strangers_are_held_to_the_limit(client: FlaskClient) -> None:
    response = client.post("/tsa", data=query(), content_type=QUERY)

    assert response.headers["RateLimit-Policy"] == '"requests";q=600;w=60'


def test_the_officers_listener_stamps_nothing(stamping: Services) -> None:
    officers = create_app(app_parts(stamping), Listener.OFFICERS).test_client()

    assert officers.post("/tsa", data=query(), content_type=QUERY).status_code == 404
