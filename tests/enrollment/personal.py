"""What people's own pages need in the tests' world, wired as camtrust does it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from camtrust.app import ROLES
from camtrust.personal import PersonalWiring
from core.access import AccessPolicy
from enrollment.settings import EnrollmentSettings
from enrollment.subscriber.identity_check import ClaimedIdentity, IdentityFinding
from enrollment.subscriber.policy import SubscriberPolicy

if TYPE_CHECKING:
    from tests.enrollment.world import World


class Register:
    """An identity register that says what a test wants; somebody else's system."""

    def __init__(self) -> None:
        self.finding: IdentityFinding | Exception | None = None
        self.asked: list[ClaimedIdentity] = []

    def check(self, claimed: ClaimedIdentity) -> IdentityFinding:
        self.asked.append(claimed)
        assert self.finding is not None
        if isinstance(self.finding, Exception):
            raise self.finding
        return self.finding


class PersonalWorld(PersonalWiring):
    """The wiring upon a world; ``policy`` and ``identity_check`` may be replaced beforehand."""

    def __init__(self, world: World) -> None:
        services: Any = SimpleNamespace(
            database=world.database,
            log=world.log,
            clock=world.clock,
            revocation=world.revocation,
            settings=SimpleNamespace(enrollment=EnrollmentSettings()),
            registration=SimpleNamespace(
                applications=world.applications,
                office=SimpleNamespace(answers=world.answers),
                delivery=world.delivery,
                open_profiles=world.open_profiles,
                policy=AccessPolicy.load(ROLES),
                register=world.register,
                subscriber_keys=SimpleNamespace(
                    offers=world.key_offers,
                    revocation_codes=world.revocation_codes,
                    escrow=world.escrow_office.escrow,
                ),
                subscribers=world,
            ),
        )
        super().__init__(services)

    def use_policy(self, **renewal: Any) -> None:
        """Change rules of renewal; before anything else is asked for."""
        stated = SubscriberPolicy.load().model_dump()
        stated["renewal"] |= renewal
        self.policy = SubscriberPolicy.model_validate(stated)

    def use_register(self) -> Register:
        """Put a register into its place; before anything else is asked for."""
        register = Register()
        self.identity_check = register
        return register
