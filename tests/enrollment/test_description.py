"""schemathesis sends what the OpenAPI description allows, and what it does not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.reference import description
from core.access import Role
from core.database import Database, metadata
from tests.conftest import SettableClock
from tests.enrollment.test_authorization_table import TABLE
from tests.enrollment.world import World, front_header

CHECKS: list[Callable[..., Any]] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
]


@schemathesis.serializer("application/jsonl", "application/x-ndjson")
def json_lines(_context: Any, value: Any) -> bytes:
    """Lines as they come: a string of whatever characters."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class Described:
    """The description as each listener gives it, and the certificates of those who ask."""

    schemas: dict[Listener, Any]
    callers: dict[Role, str]

    def operation(self, method: str, path: str) -> Any:
        listener = Listener.PUBLIC if path in PUBLIC_ALONE else Listener.OFFICERS
        return self.schemas[listener][path][method]


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Described:
    folder: Path = tmp_path_factory.mktemp("described")
    database = Database(f"sqlite:///{folder / 'camtrust.db'}")
    with database.begin() as connection:
        metadata.create_all(connection)
    world = World(database, folder, SettableClock())
    world.found("moh")
    world.employ("moh")
    for role in CALLERS:
        world.enroll(role, role, institution="moh" if role is Role.SERVICE else None)
    return Described(
        schemas={
            listener: schemathesis.openapi.from_wsgi(
                "/openapi.json", create_app(world.parts(), listener)
            )
            for listener in Listener
        },
        callers={role: front_header(world.held[role]) for role in CALLERS},
    )


# Who asks: the first of these who may. Asked by anybody else, an operation only says no.
CALLERS = (Role.RA_OFFICER, Role.SERVICE, Role.CA_ADMINISTRATOR, Role.AUDITOR)
# What is open to everybody is served at the public listener alone.
PUBLIC_ALONE = {"/signing/v1/validate"}


def is_asked_here(method: str, path: str) -> bool:
    """Whether this world serves an operation; the rooms of signing ask for their own."""
    elsewhere = path == "/metrics" or (path.startswith("/signing/") and path not in PUBLIC_ALONE)
    return method in {"get", "post", "put", "patch", "delete"} and not elsewhere


OPERATIONS = {
    (method, path): operation
    for path, operations in description()["paths"].items()
    for method, operation in operations.items()
    if is_asked_here(method, path)
}
# What takes nothing but an id in its path cannot be asked against its description.
TAKING = [
    key
    for key, operation in OPERATIONS.items()
    if "requestBody" in operation
    or any(one["in"] == "query" for one in operation.get("parameters", []))
]


def caller_of(method: str, path: str) -> Role | None:
    """Who may ask for an operation; None where everybody may."""
    rule = re.sub(r"\{(\w+)\}", r"<\1>", path)
    found = [
        allowed
        for (asked, known), allowed in TABLE.items()
        if asked == method.upper() and re.sub(r"<\w+:(\w+)>", r"<\1>", known) == rule
    ]
    if not found or "nobody" in found[0]:
        return None
    return next(role for role in CALLERS if role in found[0])


def check(described: Described, method: str, path: str, mode: GenerationMode) -> None:
    role = caller_of(method, path)
    headers = {} if role is None else {"X-SSL-Client-Cert": described.callers[role]}
    operation = described.operation(method, path)

    @settings(
        max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers_as_described(case: Any) -> None:
        case.call_and_validate(checks=CHECKS, headers=headers)

    answers_as_described()


def test_every_kind_of_caller_is_asked_for_its_own(described: Described) -> None:
    kinds = {caller_of(method, path) for method, path in OPERATIONS}
    assert kinds >= {None, Role.RA_OFFICER, Role.SERVICE, Role.CA_ADMINISTRATOR}
    served = {
        (method, path)
        for schema in described.schemas.values()
        for path, operations in schema.raw_schema["paths"].items()
        for method in operations
        if is_asked_here(method, path)
    }
    assert served <= set(OPERATIONS)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_what_the_description_allows_is_answered_as_it_says(
    described: Described, method: str, path: str
) -> None:
    check(described, method, path, GenerationMode.POSITIVE)


@pytest.mark.parametrize(("method", "path"), TAKING)
def test_what_the_description_does_not_allow_is_refused_as_it_says(
    described: Described, method: str, path: str
) -> None:
    check(described, method, path, GenerationMode.NEGATIVE)
