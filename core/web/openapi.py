"""The OpenAPI 3.1 description: what APIFlask derives from the routes, and what we add.

APIFlask knows bodies and queries. Which problems a route answers with, who may call it, and
whether it honours Idempotency-Key stand on the routes themselves (``@may_refuse``,
``@requires``, ``@idempotent``) and are read from there, so that the description stays true.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

from apiflask import APIFlask

from core.access import PermissionLacking, SignInRequired
from core.errors import CamtrustError, Unavailable
from core.web import idempotent
from core.web.access_control import SAFE_METHODS, CrossSiteRequest
from core.web.addresses import AddressMalformed
from core.web.bodies import JSON, JsonMalformed
from core.web.problems import (
    MEDIA_TYPE,
    ContentTooLarge,
    InternalError,
    InvalidFields,
    RateLimited,
    UnsupportedMediaType,
    status_of,
)
from core.web.step_up import STEP_UP_PARAMETER, step_up_refusals

ViewT = TypeVar("ViewT", bound=Callable[..., Any])
Spec = dict[str, Any]

SECURITY_SCHEME = "officer-certificate"
TOKEN_SCHEME = "access-token"  # noqa: S105 - the name of a scheme
PROBLEM_SCHEMA: Spec = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457 problem details. Further members depend on the type.",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "Stable; see /problems/."},
        "title": {"type": "string", "description": "The kind of problem, for people."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What was wrong this time."},
        "kept": {"type": "string", "description": "What was not lost by the refusal."},
        "request_id": {"type": ["string", "null"], "description": "Give it when asking for help."},
    },
}
_CONVERTER = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


def may_refuse(*kinds: type[CamtrustError]) -> Callable[[ViewT], ViewT]:
    """Declare the problems that a route's own act answers with."""

    def declare(view: ViewT) -> ViewT:
        vars(view)["refusals"] = kinds
        return view

    return declare


def describe_api(
    app: APIFlask,
    *,
    description: str,
    public_url: str,
    token_path: str | None = None,
    scopes: Mapping[str, str] | None = None,
    examples: Mapping[str, Any] | None = None,
) -> None:
    """Set what the OpenAPI document says of the whole API.

    ``scopes``: what programs may be granted, with its meaning; they get tokens at ``token_path``.
    ``examples``: of messages, by their names.
    """
    app.config["OPENAPI_VERSION"] = "3.1.0"
    app.config["INFO"] = {"description": description}
    app.config["SERVERS"] = [{"url": public_url}]
    app.config["AUTO_VALIDATION_ERROR_RESPONSE"] = False
    app.config["AUTO_AUTH_ERROR_RESPONSE"] = False
    app.config["AUTO_404_RESPONSE"] = False
    app.config["AUTO_OPERATION_ID"] = True
    app.config["SECURITY_SCHEMES"] = {
        SECURITY_SCHEME: {
            "type": "mutualTLS",
            "description": "A client certificate of ours, enrolled for an officer or a service.",
        }
    }
    if token_path is not None:
        app.config["SECURITY_SCHEMES"][TOKEN_SCHEME] = {
            "type": "oauth2",
            "description": "RFC 6749, Section 4.4, with private_key_jwt or mutual TLS.",
            "flows": {"clientCredentials": {"tokenUrl": token_path, "scopes": dict(scopes or {})}},
        }

    @app.spec_processor
    def complete(spec: Any) -> Any:
        spec.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
        for operation, view, method in _operations(app, spec):
            steps_up = getattr(view, "steps_up", False)
            confirming = step_up_refusals(app) if steps_up else []
            _complete(operation, view, method, frozenset(scopes or ()), confirming)
            _show_examples(operation, spec["components"]["schemas"], examples or {})
        return spec


def _operations(app: APIFlask, spec: Spec) -> Iterator[tuple[Spec, Callable[..., Any], str]]:
    for rule in app.url_map.iter_rules():
        path = _CONVERTER.sub(r"{\1}", rule.rule)
        for method in (rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}:
            operation = spec["paths"].get(path, {}).get(method.lower())
            if operation is not None:
                yield operation, app.view_functions[rule.endpoint], method


def _complete(
    operation: Spec,
    view: Callable[..., Any],
    method: str,
    scopes: frozenset[str],
    confirming: list[type[CamtrustError]],
) -> None:
    refusals = list(_common_refusals(view, method)) + list(getattr(view, "refusals", ()))
    permissions: frozenset[str] = getattr(view, "access", frozenset())
    if permissions:
        operation["security"] = [
            {SECURITY_SCHEME: []},
            *({TOKEN_SCHEME: [scope]} for scope in sorted(permissions & scopes)),
        ]
        operation["x-permissions"] = sorted(permissions)
    if getattr(view, "idempotent", False):
        given = list(operation.get("parameters", []))
        operation["parameters"] = [*given, _idempotency_parameter()]
        refusals += idempotent.REFUSALS
    if confirming:
        operation["parameters"] = [*operation.get("parameters", []), STEP_UP_PARAMETER]
        refusals += confirming
    _add_refusals(operation["responses"], refusals)


def _show_examples(operation: Spec, schemas: Spec, examples: Mapping[str, Any]) -> None:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        name = str(content.get("schema", {}).get("$ref", "")).rpartition("/")[2]
        if name in examples:
            content["example"] = examples[name]
        elif name and not schemas.get(name, {}).get("properties"):
            content["example"] = {}


def _common_refusals(view: Callable[..., Any], method: str) -> Iterator[type[CamtrustError]]:
    yield from (RateLimited, InternalError, Unavailable, AddressMalformed)
    if getattr(view, "access", None):
        yield from (SignInRequired, PermissionLacking)
        if method not in SAFE_METHODS:
            yield CrossSiteRequest
    media_types = getattr(view, "media_types", ())
    if media_types:
        yield from (ContentTooLarge, UnsupportedMediaType, InvalidFields)
    if JSON in media_types:
        yield JsonMalformed


def _add_refusals(responses: Spec, refusals: list[type[CamtrustError]]) -> None:
    by_status: dict[int, list[type[CamtrustError]]] = {}
    for kind in refusals:
        by_status.setdefault(status_of(kind), []).append(kind)
    for status, kinds in sorted(by_status.items()):
        slugs = ", ".join(sorted({f"`{kind.problem}`" for kind in kinds}))
        # A route may have refusals of its own protocol's form beside ours.
        own = responses.get(str(status), {})
        said = f"{own['description']} " if own else ""
        responses[str(status)] = {
            "description": f"{said}{HTTPStatus(status).phrase}: {slugs}",
            "content": {
                **own.get("content", {}),
                MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}},
            },
        }


def _idempotency_parameter() -> Spec:
    return {
        "name": idempotent.HEADER,
        "in": "header",
        "required": False,
        "schema": {"type": "string", "pattern": "^[!#-~]{1,255}$"},
        "description": (
            "A new UUID for each act. The same request sent again with the same key is answered "
            "as before and does nothing twice."
        ),
    }
