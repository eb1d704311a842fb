from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from apiflask import APIFlask
from flask import jsonify, request
from flask.testing import FlaskClient

from core.access import AccessPolicy, Permission, Principal, Role
from core.database import Database
from core.errors import Conflict, Unavailable
from core.idempotency import IdempotentRequests
from core.web.access_control import control_access, public, requires
from core.web.addresses import guard_addresses
from core.web.bodies import guard_bodies, reads
from core.web.health import Probe, Readiness, serve_health
from core.web.idempotent import act_id, idempotent, remember_answers
from core.web.limits import limit_rates
from core.web.metrics import serve_metrics
from core.web.openapi import describe_api
from core.web.pages import pages
from core.web.problems import answer_with_problems
from core.web.requests import name_requests
from core.web.security_headers import send_security_headers

WRITE = Permission("note:write")
OFFICER = Principal("officer-1", Role.RA_OFFICER)
AUDITOR = Principal("auditor-1", Role.AUDITOR)


class SignedInAs:
    """Whoever a test says is asking."""

    def __init__(self) -> None:
        self.who: Principal | None = OFFICER

    def principal(self, environ: Mapping[str, Any]) -> Principal | None:
        return self.who


class Acts:
    """What the small app did, and how it should fail next."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.failure: Exception | None = None

    def do(self) -> None:
        if self.failure is not None:
            raise self.failure
        self.done.append(act_id())


@pytest.fixture
def signed_in() -> SignedInAs:
    return SignedInAs()


@pytest.fixture
def acts() -> Acts:
    return Acts()


@pytest.fixture
def probes() -> list[Probe]:
    return [Probe("database", lambda: None), Probe("token", lambda: None)]


@pytest.fixture
def keeper(sqlite: Database, clock: Any) -> IdempotentRequests:
    return IdempotentRequests(database=sqlite, clock=clock)


@pytest.fixture
def make_app(
    signed_in: SignedInAs, acts: Acts, probes: list[Probe], keeper: IdempotentRequests
) -> Callable[..., APIFlask]:
    """A small app with every part of core.web, and a few routes to try them on."""

    def make(limit: str = "1000 per minute", storage_url: str | None = None) -> APIFlask:
        app = APIFlask("small", docs_path=None, static_folder=None)  # type: ignore[arg-type]
        app.config["PUBLIC_URL"] = "https://pki.example"
        name_requests(app, listener="public")
        send_security_headers(app)
        answer_with_problems(app)
        guard_addresses(app)
        guard_bodies(app, max_octets=16_384)
        describe_api(app, description="Small.", public_url="https://pki.example")
        remember_answers(app, keeper)
        serve_health(app, readiness=Readiness(probes=probes, monotonic=lambda: 0.0))
        serve_metrics(app)
        app.register_blueprint(pages)
        _add_routes(app, acts)
        control_access(
            app,
            authenticator=signed_in,
            policy=AccessPolicy(grants={Role.RA_OFFICER: [WRITE]}),
            public_blueprints={"openapi", "pages"},
        )
        limit_rates(app, limit=limit, storage_url=storage_url)
        return app

    return make


def _add_routes(app: APIFlask, acts: Acts) -> None:
    @app.post("/notes")
    @requires(WRITE)
    @reads("application/json")
    @idempotent
    def write_note() -> Any:
        request.get_json()
        acts.do()
        return jsonify(act=acts.done[-1]), 201, {"Location": "/notes/1"}

    @app.get("/conflict")
    @public
    def conflict() -> Any:
        raise Conflict(
            "Not now.", kept="Everything.", title="overridden?", colour="red", raw=b"\x01"
        )

    @app.get("/away")
    @public
    def away() -> Any:
        raise Unavailable("The token is away.")

    @app.get("/fault/<name>")
    @public
    def fault(name: str) -> Any:
        raise KeyError(f"secret of {name}")


@pytest.fixture
def client(make_app: Callable[..., APIFlask]) -> FlaskClient:
    return make_app().test_client()
