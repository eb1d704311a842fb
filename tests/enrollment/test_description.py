"""schemathesis sends what the OpenAPI description allows, and what it does not."""

from __future__ import annotations

from collections.abc import Callable
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
from tests.enrollment.world import World, front_header

CHECKS: list[Callable[..., Any]] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
]


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("described")
    database = Database(f"sqlite:///{folder / 'camtrust.db'}")
    metadata.create_all(database.engine)
    world = World(database, folder, SettableClock())
    world.enroll("somebody", Role.RA_OFFICER)
    app = create_app(world.parts(), Listener.OFFICERS)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    schema.config.update(headers={"X-SSL-Client-Cert": front_header(world.held["somebody"])})
    return schema


OPERATIONS = {
    (method, path): operation
    for path, operations in description()["paths"].items()
    for method, operation in operations.items()
    if method in {"get", "post"} and path != "/metrics"
}
# What takes nothing but an id in its path cannot be asked against its description.
TAKING = [
    key
    for key, operation in OPERATIONS.items()
    if "requestBody" in operation
    or any(one["in"] == "query" for one in operation.get("parameters", []))
]


def check(operation: Any, mode: GenerationMode) -> None:
    @settings(
        max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers_as_described(case: Any) -> None:
        case.call_and_validate(checks=CHECKS)

    answers_as_described()


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_what_the_description_allows_is_answered_as_it_says(
    described: Any, method: str, path: str
) -> None:
    check(described[path][method], GenerationMode.POSITIVE)


@pytest.mark.parametrize(("method", "path"), TAKING)
def test_what_the_description_does_not_allow_is_refused_as_it_says(
    described: Any, method: str, path: str
) -> None:
    check(described[path][method], GenerationMode.NEGATIVE)
