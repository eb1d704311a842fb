"""Numbers of time-stamps for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter

from signing.timestamps.failures import Failure

TOKENS = Counter("camtrust_tsa_tokens", "Time-stamp tokens given out over HTTP.", ["unit"])
REFUSALS = Counter(
    "camtrust_tsa_refusals", "Time-stamp requests refused over HTTP.", ["unit", "failure"]
)


def count_answer(unit: str, failures: tuple[Failure, ...]) -> None:
    """Count an answer; a refusal under the last bit that it sets."""
    if failures:
        REFUSALS.labels(unit, failures[-1].name.lower().replace("_", "-")).inc()
    else:
        TOKENS.labels(unit).inc()
