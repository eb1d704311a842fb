"""Rate limits: by address for strangers, by principal for those who signed in.

Counts live in each process's memory by default; with a Redis URL all processes of all machines
share them. When Redis is away, memory counts again until it is back. Each answer says how much is
left.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from flask import Flask, Response, g, request
from limits import parse_many
from limits.errors import ConfigurationError

from core.access import Principal
from core.settings import SettingsRefused
from core.web.limit_counts import LimitCounts, Standing
from core.web.problems import RateLimited, problem_response

UNCOUNTED = frozenset({"healthz", "readyz", "metrics"})
POLICY = "requests"

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


def limited(limit: str) -> Callable[[ViewT], ViewT]:
    """Declare that each caller has ``limit`` (``20 per hour``) of this one route."""

    def declare(view: ViewT) -> ViewT:
        vars(view)["limit"] = limit
        return view

    return declare


def limit_rates(
    app: Flask, *, limit: str, storage_url: str | None, exempt_blueprints: Collection[str] = ()
) -> None:
    """Allow each caller ``limit`` requests (``300 per minute``), all routes counted together.

    Call it after access control is in place: a principal's limit goes with its id. Probes and
    ``exempt_blueprints`` are not counted. Raises SettingsRefused for a storage that cannot be
    used here; one that is only away is waited for.
    """
    try:
        counts = LimitCounts(storage_url)
    except ConfigurationError as error:
        raise SettingsRefused(f"serve.rate_limit_storage: {error}") from error
    of_all = parse_many(limit)
    of_routes = {
        endpoint: parse_many(vars(view)["limit"])
        for endpoint, view in app.view_functions.items()
        if "limit" in vars(view)
    }
    exempt = frozenset(exempt_blueprints)

    @app.before_request
    def count() -> Response | None:
        endpoint = request.endpoint
        if endpoint is None or endpoint in UNCOUNTED or endpoint.endswith(".static"):
            return None
        if exempt.intersection(request.blueprints):
            return None
        who = caller()
        counted = [counts.count(one, who) for one in of_all]
        counted += [counts.count(one, who, endpoint) for one in of_routes.get(endpoint, ())]
        g.limit = min(counted, key=lambda one: (not one.is_over, one.remaining))
        return _too_many(g.limit) if g.limit.is_over else None

    @app.after_request
    def tell_limit(response: Response) -> Response:
        # draft-ietf-httpapi-ratelimit-headers-10, Sections 3 and 4: quota and window; what remains
        # of it, and for how many seconds.
        standing: Standing | None = g.get("limit")
        if standing is not None:
            quota, window = standing.limit.amount, standing.limit.get_expiry()
            left, seconds = standing.remaining, _seconds_until(standing)
            response.headers["RateLimit-Policy"] = f'"{POLICY}";q={quota};w={window}'
            response.headers["RateLimit"] = f'"{POLICY}";r={left};t={seconds}'
        return response


def caller() -> str:
    """Return whose count a request goes to. The address comes from the connection's peer."""
    principal: Principal | None = g.get("principal")
    if principal is not None:
        return f"principal:{principal.id}"
    return f"address:{request.environ.get('REMOTE_ADDR') or 'local'}"


def _too_many(standing: Standing) -> Response:
    return problem_response(
        RateLimited(
            "Too many requests came from you in a short time.",
            kept="This request changed nothing.",
            retry_after_seconds=_seconds_until(standing),
        )
    )


def _seconds_until(standing: Standing) -> int:
    return max(1, int(standing.reset_at - time.time()))
