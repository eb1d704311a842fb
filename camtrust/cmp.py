"""Wires the CMP server."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from enrollment.cmp.certifying import PROFILE, ServerCertificates
from enrollment.cmp.server import CmpServer

if TYPE_CHECKING:
    from camtrust.wiring import Services


class CmpWiring:
    """The part of :class:`camtrust.wiring.Services` that CMP needs."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @cached_property
    def server_certificates(self) -> ServerCertificates:
        """The certificates with which answers are signed."""
        return ServerCertificates(
            issuance=self._services.issuance,
            keys=self._services.keys,
            authorities=self._services.authorities,
            statuses=self._services.statuses,
            profile=self._services.profiles[PROFILE],
            leases=self._services.leases,
            settings=self._services.settings.cmp,
            clock=self._services.clock,
        )

    @cached_property
    def server(self) -> CmpServer:
        """The CMP server."""
        registration = self._services.registration
        return CmpServer(
            database=self._services.database,
            grants=registration.grants,
            secrets=registration.grant_secrets,
            issuance=registration.granted_issuance,
            revocation=self._services.revocation,
            certificates=registration.sign_in,
            server_certificates=self.server_certificates,
            register=registration.register,
            authorities=self._services.authorities,
            profiles=self._services.profiles,
            settings=self._services.settings.cmp,
            clock=self._services.clock,
        )
