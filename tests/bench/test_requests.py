"""The requests that are measured are such as the profile issues."""

from __future__ import annotations

from bench.issuance.requests import PROFILE, decided_requests
from ca.profiles import load_profiles


def test_every_request_is_for_another_person_with_another_key() -> None:
    requests = decided_requests(5, authority="people-1")
    for value in ("holder", "reference"):
        assert len({getattr(request, value) for request in requests}) == 5
    assert len({request.csr.public_key_sha256 for request in requests}) == 5


def test_the_requests_bring_every_fact_that_the_profile_needs() -> None:
    [request] = decided_requests(1, authority=None)
    needed = {fact for fact, required in load_profiles()[PROFILE].facts.items() if required}
    assert needed <= set(request.facts)
