"""A name for every request, and one log line for it."""

from __future__ import annotations

import time
import uuid

import structlog
from flask import Flask, Response, g, request

from core.access import Principal
from core.web import metrics

HEADER = "X-Request-Id"


def name_requests(app: Flask, *, listener: str) -> None:
    """Give each request an id, send it back, and log and count the request at its end.

    The id is always our own: one that a client sends could name another's request in the log.
    """

    @app.before_request
    def begin() -> None:
        g.request_id = str(uuid.uuid4())
        g.started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id, listener=listener)

    @app.after_request
    def end(response: Response) -> Response:
        seconds = time.perf_counter() - g.started
        response.headers[HEADER] = g.request_id
        metrics.count_request(listener, request.method, route(), response.status_code, seconds)
        _log(response, seconds)
        return response


def route() -> str:
    """Return the matched rule: the path itself may carry what belongs in no log."""
    return request.url_rule.rule if request.url_rule is not None else "(none)"


def _log(response: Response, seconds: float) -> None:
    principal: Principal | None = g.get("principal")
    structlog.get_logger().info(
        "request",
        method=_method(),
        route=route(),
        status=response.status_code,
        duration_ms=round(seconds * 1000, 1),
        principal=principal.id if principal else None,
        role=str(principal.role) if principal else None,
        problem=g.get("problem"),
    )


def _method() -> str:
    # A stranger may send any token as a method.
    return request.method if request.method in metrics.METHODS else "OTHER"
