"""Rate limits: by address for strangers, by principal for those who signed in.

Counts live in each process's memory by default; with a Redis URL all processes of all machines
share them. When Redis is away, memory counts again until it is back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from flask import Flask, Response, g, request
from flask_limiter import Limiter, RequestLimit
from flask_limiter.errors import RateLimitExceeded
from limits.errors import ConfigurationError

from core.access import Principal
from core.settings import SettingsRefused
from core.web.problems import RateLimited, problem_response

MEMORY = "memory://"

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


def limited(limit: str) -> Callable[[ViewT], ViewT]:
    """Declare that each caller has ``limit`` (``20 per hour``) of this one route."""

    def declare(view: ViewT) -> ViewT:
        vars(view)["limit"] = limit
        return view

    return declare


def limit_rates(
    app: Flask, *, limit: str, storage_url: str | None, exempt_blueprints: Collection[str] = ()
) -> Limiter:
    """Allow each caller ``limit`` requests (``300 per minute``), all routes counted together.

    Call it after access control is in place: a principal's limit goes with its id. Probes and
    ``exempt_blueprints`` are not counted. Raises SettingsRefused for a storage that cannot be
    used here; one that is only away is waited for.
    """
    limiter = Limiter(
        key_func=caller,
        application_limits=[limit],
        storage_uri=storage_url or MEMORY,
        in_memory_fallback_enabled=storage_url is not None,
        strategy="fixed-window",
        headers_enabled=False,
    )
    try:
        limiter.init_app(app)
    except ConfigurationError as error:
        raise SettingsRefused(f"serve.rate_limit_storage: {error}") from error

    @limiter.request_filter
    def is_exempt() -> bool:
        return request.endpoint in {"healthz", "readyz", "metrics"} or bool(
            set(request.blueprints) & set(exempt_blueprints)
        )

    for endpoint, view in app.view_functions.items():
        if "limit" in vars(view):
            limit_route: Callable[[Any], Any] = limiter.limit(vars(view)["limit"])
            app.view_functions[endpoint] = limit_route(view)
    app.register_error_handler(RateLimitExceeded, lambda _error: _too_many(limiter))
    return limiter


def caller() -> str:
    """Return whose count a request goes to. The address comes from the connection's peer."""
    principal: Principal | None = g.get("principal")
    if principal is not None:
        return f"principal:{principal.id}"
    return f"address:{request.environ.get('REMOTE_ADDR') or 'local'}"


def _too_many(limiter: Limiter) -> Response:
    limit: RequestLimit | None = limiter.current_limit
    seconds = max(1, int(limit.reset_at - time.time())) if limit else 1
    return problem_response(
        RateLimited(
            "Too many requests came from you in a short time.",
            kept="This request changed nothing.",
            retry_after_seconds=seconds,
        )
    )
