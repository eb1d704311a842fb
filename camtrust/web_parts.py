"""What an app is made of, taken from the services of one home."""

from __future__ import annotations

from ca.crl.metrics import CrlCollector
from camtrust.app import AppParts
from camtrust.wiring import Services
from core.database import DatabaseUnavailable
from core.web.health import Probe
from ocsp.ahead.metrics import AheadCollector
from ocsp.restoration import RestorationCheck


def app_parts(services: Services) -> AppParts:
    """Return the parts of the web app."""
    registration = services.registration
    return AppParts(
        settings=services.settings.serve,
        policy=registration.policy,
        registration=registration.authority,
        sign_in=registration.sign_in,
        idempotent_requests=registration.idempotent_requests,
        log_folder=services.settings.log.within(services.home.absolute()).folder,
        probes=probes(services),
        status_blueprints=services.status_blueprints,
        report_blueprints=services.report_blueprints,
        protocol_blueprints=services.registration.protocols.blueprints,
        collectors=(
            CrlCollector(services.crl_wiring.watch),
            AheadCollector(lambda: services.ahead.reports, services.clock),
        ),
    )


def probes(services: Services) -> list[Probe]:
    """Return what ``/readyz`` tries: each part that nothing is issued without."""
    return [
        Probe("database", lambda: _reach_database(services)),
        Probe("token", lambda: services.keys.check_canary()),
        Probe("log", lambda: services.log.published.check_writable()),
        # A database that was restored from an old backup answers for nothing.
        Probe("restoration", RestorationCheck(database=services.database, log=services.log).check),
    ]


def _reach_database(services: Services) -> None:
    if not services.database.is_reachable():
        raise DatabaseUnavailable("The database cannot be reached.")
