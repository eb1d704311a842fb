"""Wires institutions, people and those of them who sign in."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from enrollment.institutions.institutions import Institutions
from enrollment.people.people import People
from enrollment.sessions.sessions import Sessions, SessionSignIn
from enrollment.subscribers import Subscribers

if TYPE_CHECKING:
    from camtrust.wiring import Services


class SubscriberWiring:
    """The part of :class:`camtrust.wiring.Services` that people and their sessions need."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @cached_property
    def institutions(self) -> Institutions:
        """The institutions."""
        services = self._services
        return Institutions(database=services.database, log=services.log, clock=services.clock)

    @cached_property
    def people(self) -> People:
        """Natural persons, and where they serve."""
        services = self._services
        return People(database=services.database, log=services.log, clock=services.clock)

    @cached_property
    def subscribers(self) -> Subscribers:
        """Those of them who may sign in."""
        services = self._services
        return Subscribers(database=services.database, log=services.log, clock=services.clock)

    @cached_property
    def sessions(self) -> Sessions:
        """Their sessions."""
        return Sessions(database=self._services.database, clock=self._services.clock)

    @cached_property
    def session_sign_in(self) -> SessionSignIn:
        """How the public listener knows them."""
        return SessionSignIn(sessions=self.sessions)
