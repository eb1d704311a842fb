"""What an app is made of, taken from the services of one home."""

from __future__ import annotations

from flask import Blueprint

from ca.crl.metrics import CrlCollector
from ca.revocation.routes import compromise_blueprint
from ca.routes import publication_blueprint
from camtrust.app import AppParts
from camtrust.wiring import Services
from core.database import DatabaseUnavailable
from core.mail.report import MailCollector
from core.web.health import Probe
from ocsp.ahead.metrics import AheadCollector
from ocsp.restoration import RestorationCheck


def app_parts(services: Services) -> AppParts:
    """Return the parts of the web app."""
    registration, programs = services.registration, services.registration.programs
    return AppParts(
        settings=services.settings.serve,
        policy=registration.policy,
        registration=registration.authority,
        programs=programs.parts,
        sign_in=programs.sign_in(registration.sign_in),
        session_sign_in=programs.sign_in(registration.subscribers.session_sign_in),
        personal=registration.personal.pages,
        sign_in_parts=registration.sign_in_parts,
        idempotent_requests=registration.idempotent_requests,
        log_folder=services.settings.log.within(services.home.absolute()).folder,
        probes=probes(services),
        status_blueprints=(publication(services), services.passes.list_blueprint),
        report_blueprints=(compromise_blueprint(services.compromised_keys),),
        door_blueprints=(registration.inviting.door,),
        signing_blueprints=(
            services.timestamp_wiring.blueprint,
            services.csc.page_blueprint,
            services.csc.key_page_blueprint,
            services.approval.page_blueprint,
            *services.verification.blueprints,
            *services.validation.blueprints,
            *services.passes.blueprints,
        ),
        signing_mounts=(
            *services.csc.mounts,
            *services.verification.mounts,
            *services.approval.mounts,
            *services.passes.mounts,
        ),
        protocol_blueprints=(
            *registration.protocols.blueprints,
            programs.oauth,
            services.csc.blueprint,
        ),
        documents=lambda: services.documents.desk,
        collectors=(
            CrlCollector(services.crl_wiring.watch),
            AheadCollector(lambda: services.ahead.reports, services.clock),
            MailCollector(registration.mailing.reports, services.clock),
            services.timestamp_wiring.collector,
        ),
    )


def publication(services: Services) -> Blueprint:
    """Return the routes that serve certificates and CRLs."""
    return publication_blueprint(
        authorities=services.authorities, crls=services.crls, clock=services.clock
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
