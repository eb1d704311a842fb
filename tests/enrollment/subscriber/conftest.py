from __future__ import annotations

import pytest

from tests.enrollment.subscriber.person import Person, sit_down
from tests.enrollment.world import World


@pytest.fixture
def person(world: World) -> Person:
    """Somebody of the ministry of health, signed in."""
    world.found()
    # A domain that exists: the lints refuse others.
    return sit_down(world, world.employ(official_mail="dara.sok@moh.gov.kh"))
