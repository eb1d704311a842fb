"""Camtrust as a subject: issues through :class:`ca.issuance.Issuance` in one home directory.

Questions are ``{"prepare": n, "authority": name}``, which makes requests and costs nothing that
counts, then ``{"issue": "many" | "one-by-one"}``. CPU time is this process's alone; it has no
children.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.issuance.requests import decided_requests
from bench.subject import Answer, answer_questions
from ca.issuance import IssuedCertificate
from ca.plan import CertificateRequest
from camtrust.wiring import Services
from core.collector import settle


class Issuing:
    """Answers questions upon the services of one home."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._requests: list[CertificateRequest] = []

    def answer(self, question: Answer) -> Answer:
        """Prepare or issue."""
        if "prepare" in question:
            self._requests = decided_requests(
                question["prepare"], authority=question.get("authority")
            )
            return {"prepared": len(self._requests)}
        requests, self._requests = self._requests, []
        issue = {"many": self._issue_many, "one-by-one": self._issue_one_by_one}
        return self._measured(issue[question["issue"]], requests)

    def _measured(
        self,
        issue: Callable[[list[CertificateRequest]], list[float]],
        requests: list[CertificateRequest],
    ) -> Answer:
        before = self._services.linter.counts
        wall, cpu = time.perf_counter(), time.process_time()
        each = issue(requests)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        after = self._services.linter.counts
        return {
            "count": len(requests),
            "cpu_seconds": cpu,
            "wall_seconds": wall,
            "median_seconds": median(each),
            "linted": after.linted - before.linted,
            "linted_in_full": after.in_full - before.in_full,
        }

    def _issue_many(self, requests: list[CertificateRequest]) -> list[float]:
        begin = time.perf_counter()
        for outcome in self._services.issuance.issue_many(requests):
            if not isinstance(outcome, IssuedCertificate):
                raise outcome  # A benchmark of refusals would measure nothing.
        return [time.perf_counter() - begin]

    def _issue_one_by_one(self, requests: list[CertificateRequest]) -> list[float]:
        took = []
        for request in requests:
            begin = time.perf_counter()
            self._services.issuance.issue(request)
            took.append(time.perf_counter() - begin)
        return took


def _prepare(configuration: Answer) -> Callable[[Answer], Answer]:
    services = Services(home=Path(configuration["home"]))
    issuing = Issuing(services)
    _ = services.issuance
    settle()  # As the service does when it is built.
    return issuing.answer


if __name__ == "__main__":
    answer_questions(_prepare)
