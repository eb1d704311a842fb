"""Counters for Prometheus, right with one process and with many.

With many processes each writes its numbers to a file in ``PROMETHEUS_MULTIPROC_DIR`` (set by
``camtrust serve`` before any of them starts), and whoever is asked adds the files up.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from ipaddress import ip_address

from flask import Flask, Response, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from core.web.access_control import public
from core.web.metrics_files import MULTI_PROCESS_VARIABLE
from core.web.problems import NoSuchPath

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# What a proxy adds: such a request comes from beyond the machine, whatever the peer's address.
PROXY_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")

REQUESTS = Counter(
    "camtrust_requests", "Requests answered.", ["listener", "method", "route", "status"]
)
REQUEST_SECONDS = Histogram(
    "camtrust_request_seconds", "Time to answer a request.", ["listener", "route"]
)
JOB_RUNS = Counter("camtrust_job_runs", "Runs of scheduled jobs.", ["job", "outcome"])
JOB_LAST_SUCCESS = Gauge(
    "camtrust_job_last_success_timestamp_seconds",
    "When a scheduled job last succeeded.",
    ["job"],
    multiprocess_mode="mostrecent",
)


def count_request(listener: str, method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request. ``route`` is a rule, so the number of series is bounded."""
    known = method if method in METHODS else "OTHER"
    REQUESTS.labels(listener, known, route, str(status)).inc()
    REQUEST_SECONDS.labels(listener, route).observe(seconds)


def count_job(job: str, succeeded: bool) -> None:
    """Count one run of a scheduled job."""
    JOB_RUNS.labels(job, "success" if succeeded else "failure").inc()
    if succeeded:
        JOB_LAST_SUCCESS.labels(job).set_to_current_time()


def serve_metrics(app: Flask, collectors: Sequence[Collector] = ()) -> None:
    """Offer ``/metrics`` to this machine alone; for everybody else it does not exist.

    ``collectors`` are asked each time: for what no process can count.
    """
    asked = CollectorRegistry()
    for collector in collectors:
        asked.register(collector)

    @app.get("/metrics")
    @public
    def metrics() -> Response:
        if not is_from_this_machine():
            raise NoSuchPath("There is nothing under this path.")
        counted, found = generate_latest(metrics_registry()), generate_latest(asked)
        return Response(counted + found, content_type=CONTENT_TYPE_LATEST)


def is_from_this_machine() -> bool:
    """Tell whether the request came straight from a loopback address, through no proxy."""
    if any(name in request.headers for name in PROXY_HEADERS):
        return False
    try:
        return ip_address(request.environ.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def metrics_registry() -> CollectorRegistry:
    """Return what the numbers are read from: this process, or the files of all."""
    if MULTI_PROCESS_VARIABLE not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
