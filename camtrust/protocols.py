"""Wires the protocols by which machines enrol: each is a blueprint that checks its callers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from flask import Blueprint

from enrollment.acme.routes import acme_blueprint
from enrollment.acme.server import AcmeServer
from enrollment.acme.validation import Validation
from enrollment.cmp.routes import cmp_blueprint
from enrollment.est.enrolling import EstEnrollment
from enrollment.est.routes import est_blueprint

if TYPE_CHECKING:
    from camtrust.wiring import Services


class ProtocolWiring:
    """The part of :class:`camtrust.wiring.Services` that the enrolment protocols need."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @cached_property
    def acme(self) -> AcmeServer:
        """The ACME server."""
        registration, settings = self._services.registration, self._services.settings
        return AcmeServer(
            database=self._services.database,
            grants=registration.grants,
            secrets=registration.grant_secrets,
            issuing=registration.granted_issuance,
            revocation=self._services.revocation,
            validator=Validation.build(settings.acme.validation),
            authorities=self._services.authorities,
            profiles=self._services.profiles,
            settings=settings.acme,
            public_url=settings.serve.public_url,
            clock=self._services.clock,
        )

    @cached_property
    def est(self) -> EstEnrollment:
        """The EST server."""
        registration = self._services.registration
        return EstEnrollment(
            grants=registration.grants,
            secrets=registration.grant_secrets,
            issuance=registration.granted_issuance,
            authorities=self._services.authorities,
            profiles=self._services.profiles,
        )

    @cached_property
    def blueprints(self) -> Sequence[Blueprint]:
        """The routes of every protocol."""
        registration = self._services.registration
        return (
            acme_blueprint(self.acme),
            est_blueprint(self.est, registration.sign_in),
            registration.sign_in_parts.blueprint,
            cmp_blueprint(registration.cmp.server),
        )
