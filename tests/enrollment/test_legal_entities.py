"""An institution applies for its own seal, programs and devices, and for nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.access import Role
from tests.ca.software_hierarchy import private_key
from tests.enrollment.world import Caller, World, facts_of, officers_client

OWN = "NTRKH-00012345"
SEAL = "organization-seal"


@pytest.fixture
def ministry(world: World) -> Callable[..., Any]:
    """Apply as a program of a ministry with a registration number."""
    world.found(registration_identifier=OWN)
    world.enroll("gateway", Role.SERVICE, institution="moh")
    caller = Caller(officers_client(world), world.held["gateway"])

    def apply(profile: str, holder: str, **changes: Any) -> Any:
        facts = facts_of(profile)
        # X-Road takes RSA keys alone.
        key = private_key("rsa") if profile.startswith("xroad") else None
        if "organization_identifier" in facts:
            facts |= {"organization_identifier": OWN}
        return caller.submit(profile, key=key, holder=holder, facts=facts | changes)

    return apply


@pytest.mark.parametrize(
    ("profile", "holder"),
    [
        (SEAL, f"organization:{OWN}"),
        ("service-client", "program:gateway"),
        ("device", "device:gate-7"),
    ],
)
def test_an_institution_applies_for_its_own(
    ministry: Callable[..., Any], profile: str, holder: str
) -> None:
    answer = ministry(profile, holder)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("profile", "holder", "changes"),
    [
        (SEAL, f"organization:{OWN}", {"organization_identifier": "NTRKH-999"}),
        (SEAL, "organization:NTRKH-999", {}),
        ("service-client", "program:gateway", {"organization_identifier": "NTRKH-999"}),
        (
            "xroad-signing",
            "organization:CAMDX-1",
            {"member_class": "GOV", "member_code": "CAMDX-1"},
        ),
    ],
)
def test_anothers_entity_is_refused(
    ministry: Callable[..., Any], profile: str, holder: str, changes: dict[str, str]
) -> None:
    answer = ministry(profile, holder, **changes)
    assert answer.status_code == 422
    assert answer.get_json()["type"].endswith("entity-not-yours")
