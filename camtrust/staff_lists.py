"""Wires human-resources lists and what becomes of those who leave them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from enrollment.lists.applying import ListApplying
from enrollment.lists.columns import load_definition
from enrollment.lists.departures import Departures
from enrollment.lists.list_office import ListOffice
from enrollment.lists.reader import ListLimits, ListReader
from enrollment.lists.reading import ListReading
from enrollment.lists.staff_lists import StaffLists

if TYPE_CHECKING:
    from camtrust.wiring import Services


class StaffListWiring:
    """The part of :class:`camtrust.wiring.Services` that human-resources lists need."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @cached_property
    def reader(self) -> ListReader:
        """Reads files."""
        settings = self._services.settings.lists
        limits = ListLimits(octets=settings.max_octets, rows=settings.max_rows)
        return ListReader(definition=load_definition(), limits=limits)

    @cached_property
    def office(self) -> ListOffice:
        """Takes lists, reads and applies them."""
        services = self._services
        database, log, clock = services.database, services.log, services.clock
        settings = services.settings.lists
        return ListOffice(
            institutions=services.registration.subscribers.institutions,
            lists=StaffLists(
                database=database, log=log, reader=self.reader, settings=settings, clock=clock
            ),
            reading=ListReading(database=database, log=log, reader=self.reader, clock=clock),
            applying=ListApplying(database=database, log=log, settings=settings, clock=clock),
            settings=settings,
        )

    @cached_property
    def departures(self) -> Departures:
        """Suspends what those hold who left."""
        services = self._services
        return Departures(
            database=services.database,
            log=services.log,
            revocation=services.revocation,
            clock=services.clock,
        )
