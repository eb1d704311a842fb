"""Builds what issues CRLs and looks after them, from the services of one home."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ca.crl.crls import Crls
from ca.crl.redating import Redating
from ca.crl.watch import CrlWatch
from camtrust.serving.places import run_folder

if TYPE_CHECKING:
    from camtrust.wiring import Services


class CrlWiring:
    """Everything about CRLs, built once when it is first wanted."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @cached_property
    def crls(self) -> Crls:
        """Issues CRLs."""
        services = self._services
        home, settings = services.settings.home, services.settings.crl
        return Crls(
            database=services.database,
            log=services.log,
            keys=services.keys,
            authorities=services.authorities,
            retention=services.retention,
            urls=services.settings.ca.publication,
            settings=settings,
            folder=home / settings.folder,
            clock=services.clock,
            work_folder=run_folder(home),
        )

    @cached_property
    def watch(self) -> CrlWatch:
        """Looks which CRLs are overdue."""
        services = self._services
        return CrlWatch(
            database=services.database,
            authorities=services.authorities,
            keys=services.keys,
            settings=services.settings.crl,
            clock=services.clock,
        )

    @cached_property
    def redating(self) -> Redating:
        """Brings shards back that a clock put ahead."""
        services = self._services
        return Redating(database=services.database, log=services.log, clock=services.clock)
