"""Wires invitations, and the pages at which invited people arrive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from flask import Blueprint

from core.scheduler import Job
from enrollment.invitations.door.routes import door_blueprint
from enrollment.invitations.office import InvitationOffice
from enrollment.invitations.secrets import MAC_KEY

if TYPE_CHECKING:
    from camtrust.wiring import Services

OFTEN = timedelta(seconds=10)
HOURLY = timedelta(hours=1)


class InvitingWiring:
    """The part of :class:`camtrust.wiring.Services` that invitations need."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @cached_property
    def office(self) -> InvitationOffice:
        """Makes, shows and opens invitations."""
        services, registration = self._services, self._services.registration
        return InvitationOffice.build(
            database=services.database,
            log=services.log,
            outbox=registration.mailing.outbox,
            subscribers=registration.subscribers.subscribers,
            mac_key=lambda: services.keys.mac_key(MAC_KEY),
            settings=services.settings.invitations,
            public_url=services.settings.serve.public_url,
            clock=services.clock,
        )

    @cached_property
    def door(self) -> Blueprint:
        """The pages at which invited people arrive."""
        return door_blueprint(lambda: self.office.opening)

    @property
    def jobs(self) -> Sequence[Job]:
        """What happens by itself."""
        return (
            Job("inviting-runs", OFTEN, self.office.runs.work),
            Job("old-invitations", HOURLY, self.office.inviting.end_expired),
        )
