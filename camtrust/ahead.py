"""Builds what signs answers ahead, for one home. Part of :mod:`camtrust.wiring`."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ocsp.ahead.following import Follower
from ocsp.ahead.metrics import count_page
from ocsp.ahead.position import store_id
from ocsp.ahead.ranges import SigningRanges
from ocsp.ahead.report import AheadReports
from ocsp.ahead.running import FollowerLease
from ocsp.ahead.signing import SigningAhead
from ocsp.ahead.walking import Stepped, Walker
from ocsp.restoration import RestorationCheck

if TYPE_CHECKING:
    from camtrust.wiring import Services


class AheadWiring:
    """The follower, the walkers and the reports of one process."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @cached_property
    def _restoration(self) -> RestorationCheck:
        return RestorationCheck(database=self._services.database, log=self._services.log)

    @cached_property
    def unasked(self) -> frozenset[str]:
        """The profiles about whose certificates nobody asks (RFC 9608)."""
        profiles = self._services.profiles
        return frozenset(name for name, one in profiles.items() if one.no_rev_avail)

    @cached_property
    def ranges(self) -> SigningRanges:
        """Who signs what again, and when."""
        return SigningRanges(database=self._services.database)

    @cached_property
    def signing(self) -> SigningAhead:
        """Signs stored answers."""
        services = self._services
        return SigningAhead(
            authorities=services.authorities,
            statuses=services.statuses,
            identities=services.ocsp_identities,
            retention=services.retention,
            store=services.answer_store,
            settings=services.settings.ocsp,
        )

    @cached_property
    def follower(self) -> Follower:
        """Signs at once what the log changed."""
        services = self._services
        return Follower(
            database=services.database,
            store=services.answer_store,
            signing=self.signing,
            ranges=self.ranges,
            authorities=services.authorities,
            statuses=services.statuses,
            restoration=self._restoration,
            settings=services.settings.ocsp,
            clock=services.clock,
            unasked=self.unasked,
        )

    def walker(self, stepped: Stepped = count_page) -> Walker:
        """Return a walker for the calling thread."""
        services = self._services
        return Walker(
            ranges=self.ranges,
            signing=self.signing,
            store=services.answer_store,
            authorities=services.authorities,
            statuses=services.statuses,
            retention=services.retention,
            restoration=self._restoration,
            settings=services.settings.ocsp,
            clock=services.clock,
            holder=holder(),
            unasked=self.unasked,
            stepped=stepped,
        )

    @property
    def lease(self) -> FollowerLease:
        """The right to follow for this home's store."""
        name = store_id(self._services.answer_store) or "new"
        return FollowerLease(
            leases=self._services.leases, name=f"status-follower:{name}", holder=holder()
        )

    @cached_property
    def reports(self) -> AheadReports:
        """How signing ahead stands."""
        services = self._services
        return AheadReports(
            database=services.database,
            store=services.answer_store,
            ranges=self.ranges,
            authorities=services.authorities,
            settings=services.settings.ocsp,
            clock=services.clock,
        )

    def worker_command(self, *arguments: str) -> Sequence[str]:
        """Return the command line of one more process that walks, for the same home."""
        program = "from camtrust.cli import main; main()"
        home = str(self._services.home.absolute())
        return [sys.executable, "-c", program, "ocsp", "sign-ahead", *arguments, "--home", home]


def holder() -> str:
    """Return a name that no other walker on any machine has at this moment."""
    return f"{socket.gethostname()[:64]}:{os.getpid()}:{threading.get_ident()}"
