"""Is the process alive, and can it do its work? The second names each part."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from flask import Flask, Response, jsonify

from core.errors import CamtrustError, Unavailable
from core.web.access_control import public

# /readyz is open to strangers and signs with the token's canary: this bounds what they can cause.
REMEMBERED_SECONDS = 2.0
READY = "ok"


class NotReady(Unavailable):
    """A part that the service cannot work without is away; ``parts`` says which.

    The service works again by itself once the part is back.
    """

    problem = "not-ready"
    title = "A part of the service is away"


@dataclass(frozen=True)
class Probe:
    """A part of the service and how to try it. ``check`` raises when the part is away."""

    part: str
    check: Callable[[], object]


class Readiness:
    """Tries every part, and remembers the result for :data:`REMEMBERED_SECONDS`."""

    def __init__(
        self, *, probes: Sequence[Probe], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._probes = probes
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._parts: dict[str, str] = {}
        self._good_until = float("-inf")

    def parts(self) -> dict[str, str]:
        """Return ``ok`` or the slug of a problem for each part."""
        with self._lock:
            if self._monotonic() >= self._good_until:
                self._parts = {probe.part: _try(probe) for probe in self._probes}
                self._good_until = self._monotonic() + REMEMBERED_SECONDS
            return dict(self._parts)


def serve_health(app: Flask, *, readiness: Readiness) -> None:
    """Offer ``/healthz`` and ``/readyz``."""

    @app.get("/healthz")
    @public
    def healthz() -> Response:
        return jsonify(alive=True)

    @app.get("/readyz")
    @public
    def readyz() -> Response:
        parts = readiness.parts()
        away = sorted(part for part, state in parts.items() if state != READY)
        if away:
            raise NotReady(f"Away: {', '.join(away)}.", parts=parts)
        return jsonify(ready=True, parts=parts)


def _try(probe: Probe) -> str:
    try:
        probe.check()
    except CamtrustError as error:
        structlog.get_logger().warning("part-away", part=probe.part, problem=error.problem)
        return error.problem
    except Exception:
        structlog.get_logger().exception("part-away", part=probe.part)
        return "internal-error"
    return READY
